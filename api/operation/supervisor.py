"""Several worker processes behind one socket: forked, replaced when they die or hang, and stopped together."""

import logging
import multiprocessing
import os
import signal
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.context import ForkProcess
from typing import Any, Final

LONGEST_START_S: Final = 120.0
HUNG_AFTER_S: Final = 60.0
"""A worker whose event loop has not turned for so long is replaced."""
FIRST_WAIT_S: Final = 0.1
LONGEST_WAIT_S: Final = 3.0
"""Between a death and the next start; each wait is twice the one before, until a worker serves again."""
LOOK_S: Final = 0.1
STOPPING: Final = (signal.SIGTERM, signal.SIGINT)
STOP_MARGIN_S: Final = 5.0
"""What a worker may need to stop besides the time that its running requests have."""

logger = logging.getLogger(__name__)


class Heartbeat:
    """When a worker's event loop last turned, in memory that it shares with its supervisor.

    Attributes
    ----------
    supervisor
        Process id of the supervisor.
    """

    def __init__(self, supervisor: int) -> None:
        self.supervisor = supervisor
        self._at: Any = multiprocessing.get_context("fork").Value("d", 0.0, lock=False)

    def beat(self) -> bool:
        """Say that the worker serves; return whether there still is somebody to say it to."""
        self._at.value = time.monotonic()
        return os.getppid() == self.supervisor

    @property
    def at(self) -> float:
        """The last beat in seconds of the monotonic clock, which all processes share; 0 before the first."""
        return float(self._at.value)


@dataclass(eq=False, slots=True)
class _Worker:
    process: ForkProcess
    heartbeat: Heartbeat
    started: float

    def hangs(self, now: float, patience_s: float) -> bool:
        """Whether it has not been heard of for too long."""
        return now - (self.heartbeat.at or self.started) > (patience_s if self.heartbeat.at else LONGEST_START_S)


class Supervisor:
    """Keeps a number of workers serving the same bound sockets.

    All share them: what a dead worker has not accepted yet is accepted by another. A worker that dies is replaced
    at once; one that cannot even start, after growing waits, since the others go on answering. Where none has ever
    served, the first that cannot start ends the server.

    Workers are forked, so that they start at once and share the memory of what is imported. The process may have no
    threads of its own, no open store and no event loop.

    Parameters
    ----------
    listening
        Bound sockets. They start to listen with the first worker.
    count
        How many workers.
    work
        What each of them does with the sockets until it is told to stop.
    stop_seconds
        How long a worker may take to stop.
    gone
        Called with the process id of every worker that has ended.
    """

    def __init__(
        self,
        listening: Sequence[socket.socket],
        count: int,
        work: Callable[[Sequence[socket.socket], Heartbeat], None],
        stop_seconds: float,
        gone: Callable[[int], None] = lambda _pid: None,
    ) -> None:
        self._listening = listening
        self._count = count
        self._work = work
        self._stop_seconds = stop_seconds + STOP_MARGIN_S
        self._gone = gone
        self._workers: list[_Worker] = []
        self._signals = 0
        self._ever_served = False
        self._wait_s = FIRST_WAIT_S
        self._next_start = 0.0

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT; return the exit status."""
        for number in STOPPING:
            signal.signal(number, self._told_to_stop)
        failed = False
        while not self._signals and not failed:
            while len(self._workers) < self._count and time.monotonic() >= self._next_start and not self._signals:
                self._start_one()
            self._look()
            failed = self._bury_dead() and not self._ever_served
        self._end_all()
        return int(failed)

    def _told_to_stop(self, _number: int, _frame: object) -> None:
        self._signals += 1

    def _start_one(self) -> None:
        heartbeat = Heartbeat(os.getpid())
        process = multiprocessing.get_context("fork").Process(target=self._run_worker, args=(heartbeat,))
        # A signal that comes before the worker has its own handlers waits for them: it would be lost in those of here.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
        process.start()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
        self._workers.append(_Worker(process, heartbeat, time.monotonic()))

    def _run_worker(self, heartbeat: Heartbeat) -> None:
        for number in STOPPING:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
        self._work(self._listening, heartbeat)

    def _look(self) -> None:
        """Wait until a worker ends or it is time to look after them, and end those that hang."""
        connection.wait([worker.process.sentinel for worker in self._workers], LOOK_S)
        if not self._ever_served:
            self._ever_served = any(worker.heartbeat.at for worker in self._workers)
        # A worker that was told to stop has no heartbeat any more.
        patience_s = max(HUNG_AFTER_S, self._stop_seconds)
        for worker in self._workers:
            if worker.hangs(time.monotonic(), patience_s):
                logger.error("worker %s hangs and is killed", worker.process.pid)
                worker.process.kill()

    def _bury_dead(self) -> bool:
        """Take the workers that have ended off the list; return whether there was any."""
        dead = [worker for worker in self._workers if not worker.process.is_alive()]
        for worker in dead:
            self._workers.remove(worker)
            self._gone(worker.process.pid or 0)
            self._wait_s = FIRST_WAIT_S if worker.heartbeat.at else min(2 * self._wait_s, LONGEST_WAIT_S)
            self._next_start = time.monotonic() + self._wait_s
            if not self._signals:
                logger.warning("worker %s has ended with status %s", worker.process.pid, worker.process.exitcode)
        return bool(dead)

    def _end_all(self) -> None:
        """Tell the workers to stop, and end those that do not; a second signal ends all at once."""
        # Connections are refused as soon as the last worker has stopped to accept, and go elsewhere.
        for bound in self._listening:
            bound.close()
        for worker in self._workers:
            worker.process.terminate()
        ends, signals = time.monotonic() + self._stop_seconds, self._signals
        while self._workers:
            self._look()
            self._bury_dead()
            if self._workers and (time.monotonic() > ends or self._signals > signals):
                logger.error("%s workers are killed, with what they were answering", len(self._workers))
                for worker in self._workers:
                    worker.process.kill()
                ends = float("inf")
