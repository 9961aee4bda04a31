"""Drafts that a worker holds open, and rates of members, so that a paint does not read a municipality anew."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from threading import Lock

from sqlalchemy.orm import Session

from boundaries.blocks import Area, BlockCounter, BlockCounts, PlanState
from boundaries.draft import Draft
from data.block_counts import StoredCounter
from data.buurt_counts import count_plan
from data.directory import DataDirectory
from data.household_counts import read_basis
from data.municipalities import UnknownMunicipalityError
from data.plans.drafts import find_draft, open_draft
from data.plans.published import NoPlanError, find_plan, read_plan, read_state
from data.store import Store
from data.store.models import DraftRow, Release
from data.tables import country_of
from households.dwelling_keys import HouseholdKeys
from households.member_rates import MemberRates

OPEN_DRAFTS = 32
"""How many drafts a worker holds open: those edited last."""
RATES_HOLD = timedelta(minutes=1)
"""How old the members may be that an answer tells: an edit does not wait for those of a whole municipality."""


class CounterOnDemand:
    """Reads what blocks are counted from when a sector is cut for the first time; a paint needs none of it."""

    def __init__(self, read: Callable[[], BlockCounter]) -> None:
        self._read = read
        self._counter: BlockCounter | None = None

    def count(self, sector_code: str, parts: Sequence[Area]) -> Sequence[BlockCounts]:
        """Count the parts of a sector, as `boundaries.blocks.BlockCounter` says."""
        if self._counter is None:
            self._counter = self._read()
        return self._counter.count(sector_code, parts)


class DraftDesk:
    """The drafts that a worker holds open.

    A request takes a draft off the desk and puts it back when its transaction is committed; one that fails is
    dropped, and read anew by the next.

    Attributes
    ----------
    directory
        Where the releases lie that blocks are counted from.
    """

    def __init__(
        self,
        store: Store,
        directory: DataDirectory,
        keys: HouseholdKeys | None,
        smallest_shown: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self.directory = directory
        self._keys = keys
        self._smallest_shown = smallest_shown
        self._clock = clock
        self._open: OrderedDict[str, tuple[int, Draft]] = OrderedDict()
        self._rates: dict[str, tuple[datetime, MemberRates]] = {}
        self._lock = Lock()

    def counter(self, municipality_code: str, plan_id: int | None = None) -> CounterOnDemand:
        """Return what counts the blocks of a municipality: on the active sectors, or on those of a plan."""

        def read() -> BlockCounter:
            with self._store.reading() as session:
                release = None if plan_id is None else session.get_one(Release, find_plan(session, plan_id).release_id)
                basis = read_basis(session, self.directory, country_of(municipality_code), release)
                return StoredCounter.read(session, basis, municipality_code, self._clock(), self._keys)

        return CounterOnDemand(read)

    def member_rates(self, municipality_code: str) -> MemberRates:
        """Return the members per dwelling of a municipality's active sectors, by the plan that holds today.

        None are known of a municipality that the active sectors do not have.
        """
        now = self._clock()
        known = self._rates.get(municipality_code)
        if known is not None and known[0] <= now < known[0] + RATES_HOLD:
            return known[1]
        try:
            with self._store.reading() as session:
                basis = read_basis(session, self.directory, country_of(municipality_code))
                counted = count_plan(session, basis, municipality_code, now.date(), now, self._keys)
            rates = counted.member_rates(self._smallest_shown)
        except (UnknownMunicipalityError, NoPlanError):
            rates = MemberRates(self._smallest_shown, {})
        self._rates[municipality_code] = now, rates
        return rates

    def take(self, session: Session, row: DraftRow) -> Draft:
        """Return a draft at its present revision, from the desk where it is there."""
        with self._lock:
            revision, draft = self._open.pop(row.id, (0, None))
        if draft is None or revision != row.revision:
            draft = open_draft(session, row, self.counter(row.municipality_code, row.plan_id))
        return draft

    def put(self, draft_id: str, revision: int, draft: Draft) -> None:
        """Put a draft back, as it is at a committed revision."""
        with self._lock:
            self._open[draft_id] = (revision, draft)
            self._open.move_to_end(draft_id)
            while len(self._open) > OPEN_DRAFTS:
                self._open.popitem(last=False)


def plan_state(session: Session, desk: DraftDesk, plan_id: str) -> tuple[PlanState, int]:
    """Return a plan's or a draft's state, and the number of the published plan that it is or began from.

    Raises
    ------
    UnknownDraftError, NoPlanError
        There is none of that identifier.
    """
    if plan_id.isdecimal():
        plan = read_plan(session, find_plan(session, int(plan_id)))
        return read_state(session, plan, desk.counter(plan.row.municipality_code, plan.row.id)), plan.row.id
    row = find_draft(session, plan_id)
    draft = desk.take(session, row)
    desk.put(row.id, row.revision, draft)
    return draft.state, row.plan_id
