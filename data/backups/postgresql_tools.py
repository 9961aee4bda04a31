"""PostgreSQL's own programs: where they are, and how they connect without a word of it on their command line."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from psycopg import pq
from sqlalchemy import Engine

from data.backups.manifest import BackupError

DEBIAN_PROGRAMS = Path("/usr/lib/postgresql")
"""Where Debian and Ubuntu keep the programs of every version."""


def find_program(name: str, at_least: int) -> Path:
    """Return the program of the lowest version that will do: an older one does not understand a newer server.

    Parameters
    ----------
    name
        `pg_dump` or `pg_restore`.
    at_least
        Major version of the server.

    Raises
    ------
    BackupError
        There is none.
    """
    on_path = shutil.which(name)
    candidates = [*DEBIAN_PROGRAMS.glob(f"*/bin/{name}"), *([Path(on_path)] if on_path else [])]
    found = [(_version(candidate), str(candidate)) for candidate in candidates]
    fitting = sorted(each for each in found if each[0] >= at_least)
    if not fitting:
        there = ", ".join(f"{path} is of version {version}" for version, path in found) or "there is none"
        raise BackupError(
            f"this needs {name} of PostgreSQL {at_least} or later, and {there}: install postgresql-client-{at_least}, "
            "or put its programs on PATH"
        )
    return Path(fitting[0][1])


def _version(program: Path) -> int:
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout  # nosec B603  # noqa: S603 -- found above
    version = re.search(r"(\d+)\.?\d*", told.partition("PostgreSQL)")[2])
    return int(version[1]) if version else 0


def connection_environment(engine: Engine) -> dict[str, str]:
    """Return the environment that lets a program of PostgreSQL connect as an engine does, password included.

    Every user of a machine can read command lines; the environment is the process owner's alone. A password file
    (`.pgpass`) serves as it does everywhere.
    """
    _, asked = engine.dialect.create_connect_args(engine.url)
    variables = {option.keyword.decode(): option.envvar for option in pq.Conninfo.get_defaults()}
    given = {variable.decode(): str(asked[name]) for name, variable in variables.items() if variable and name in asked}
    # Messages are read by people and looked for in tests.
    return os.environ | {"LC_MESSAGES": "C"} | given


@contextmanager
def output_of(command: list[str | Path], environment: dict[str, str] | None = None) -> Iterator[IO[bytes]]:
    """Run a program and give what it writes; if this process ends, the pipe does too, and so does the program.

    Raises
    ------
    BackupError
        It fails; the message is its own.
    """
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=said)  # nosec B603  # noqa: S603
        assert process.stdout is not None  # noqa: S101 -- it is a pipe
        with process:
            try:
                yield process.stdout
            except BaseException:
                process.kill()
                raise
            # What is left unread would keep it waiting.
            process.stdout.close()
        if process.returncode:
            said.seek(0)
            lines = said.read().decode(errors="replace").strip().splitlines()
            raise BackupError(f"{Path(command[0]).name} failed: {lines[0] if lines else process.returncode}")
