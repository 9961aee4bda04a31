"""Random sequences of edits, undo, redo and publishes on the store, and drafts of two editors put one on the other.

Whatever happens, the blocks tile the municipality, counts add up to the official ones, undo of everything gives the
start byte for byte, and a rebase loses nothing of the published plan that it does not list.
"""

import math
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from api.settings import StoreSettings
from boundaries.blocks import Buurt, PlanState
from boundaries.changes import Change
from boundaries.checks import CheckSettings
from boundaries.draft import Draft
from boundaries.edit_errors import EditError
from boundaries.operations import (
    AssignBlocks,
    CreateBuurt,
    CutBlocks,
    DissolveBuurt,
    JoinBlocks,
    LockBuurt,
    MergeBuurten,
    Operation,
    RenameBuurt,
    ReshapeBorder,
    SetColour,
    SplitBuurt,
)
from data.block_counts import StoredCounter
from data.directory import DataDirectory
from data.household_counts import read_basis
from data.importing import ImportRequest, import_file
from data.plans.drafts import NothingToUndoError, begin_draft, edit, entries_of, open_draft, step
from data.plans.published import find_plan, read_plan, read_state
from data.plans.publishing import NotPublishableError, publish
from data.plans.rebasing import newest_plan, rebase
from data.readers.mapping import ColumnMapping
from data.store import Store, open_store
from data.store.models import DraftRow, Plan
from data.tables import country_of
from geo.crs import LONLAT, transform_point

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
STEPS = 200
_names = iter(range(10**9))


def any_edit(draft: Draft, random: Random) -> Operation:
    """Draw an operation as an editor might ask for it; many are refused."""
    blocks, buurten = sorted(draft.blocks), sorted(draft.buurten)
    if not buurten:
        return CreateBuurt(names={"nl": f"Buurt {next(_names)}"})
    block, one, other = random.choice(blocks), random.choice(buurten), random.choice(buurten)
    shape = draft.blocks[block].shape
    middle, size = shape.representative_point(), math.sqrt(shape.area)
    line = tuple(
        transform_point(
            middle.x + random.gauss(0, 1.5) * size, middle.y + random.gauss(0, 1.5) * size, draft.crs, LONLAT
        )
        for _ in range(3)
    )
    some = tuple(sorted({block, *list(draft.neighbours_of(block))[: random.randint(0, 2)]}))
    name = {random.choice(("nl", "fr")): f"Buurt {next(_names)}"}
    match random.randrange(16):
        case 0 | 1:
            return CreateBuurt(blocks=some, names=name, allow_parts=True)
        case 2:
            return RenameBuurt(buurt=one, names=name)
        case 3:
            return MergeBuurten(into=one, others=(other,), allow_parts=True)
        case 4:
            return DissolveBuurt(buurt=one) if random.random() < 0.2 else SetColour(buurt=one, colour="#aa0000")
        case 5 | 6:
            return SplitBuurt(buurt=str(draft.buurt_of[block] or one), line=line, names=name, allow_parts=True)
        case 7 | 8:
            beside = {draft.buurt_of[near] for near in draft.neighbours_of(block)} - {None}
            right = str(random.choice(sorted(map(str, beside)))) if beside else other
            return ReshapeBorder(left=str(draft.buurt_of[block] or one), right=right, line=line, allow_parts=True)
        case 9 | 10:
            return CutBlocks(line=line, blocks=(block,) if random.random() < 0.5 else None)
        case 11:
            return JoinBlocks(sector=draft.blocks[block].sector_code)
        case 12:
            return LockBuurt(buurt=one, locked=random.random() < 0.3)
        case _:
            return AssignBlocks(blocks=some, buurt=one, allow_parts=True)


@dataclass
class Office:
    """What ops staff do in one transaction, which is taken back at the end."""

    session: Session
    directory: DataDirectory
    code: str
    now: datetime = NOW

    def __post_init__(self) -> None:
        basis = read_basis(self.session, self.directory, country_of(self.code))
        self.counter = StoredCounter.read(self.session, basis, self.code, self.now)

    def begin(self) -> tuple[DraftRow, Draft]:
        self.now += timedelta(minutes=1)
        row = begin_draft(
            self.session,
            self.code,
            self.counter,
            title="At random",
            by="t",
            now=self.now,
            make_token=lambda: f"d-{secrets.token_urlsafe(12)}",
        )
        self.session.flush()
        return row, open_draft(self.session, row, self.counter)

    def edit(self, row: DraftRow, draft: Draft, operation: Operation) -> None:
        edit(self.session, row, draft, operation, known_revision=row.revision, by="t", now=self.now)

    def step(self, row: DraftRow, draft: Draft, *, back: bool) -> None:
        step(self.session, row, draft, back=back, known_revision=row.revision, by="test", now=self.now)

    def publish(self, row: DraftRow, draft: Draft) -> Plan:
        self.now += timedelta(minutes=1)
        return publish(
            self.session,
            row,
            draft,
            valid_from=self.now.date(),
            reason="At random",
            known_revision=row.revision,
            by="t",
            now=self.now,
            settings=CheckSettings(),
        )

    def draw(self, row: DraftRow, draft: Draft, random: Random, times: int) -> list[PlanState]:
        """Edit a draft at random, and return all that the editor has seen."""
        seen = [draft.state]
        for _ in range(times):
            with suppress(EditError):
                self.edit(row, draft, any_edit(draft, random))
                seen.append(draft.state)
        return seen

    def assign_the_rest(self, row: DraftRow, draft: Draft, random: Random) -> None:
        """Leave no block without a buurt, so that the draft can be published."""
        if waiting := draft.blocks_of(None):
            into = random.choice(sorted(draft.buurten))
            self.edit(row, draft, AssignBlocks(blocks=tuple(sorted(waiting)), buurt=into, allow_parts=True))

    def reopened(self, row: DraftRow) -> Draft:
        """Read a draft from the store again, nothing of it from memory."""
        self.session.flush()
        self.session.expire_all()
        return open_draft(self.session, row, self.counter)


class _TakenBackError(Exception):
    pass


@contextmanager
def an_office(store: Store, directory: DataDirectory, code: str) -> Iterator[Office]:
    with suppress(_TakenBackError), store.writing() as session:
        yield Office(session, directory, code)
        raise _TakenBackError


def as_bytes(state: PlanState) -> dict[str, tuple[bytes, Any, str | None]]:
    """Return what a plan is made of: of every block the shape bit for bit, the counts and the buurt."""
    return {
        code: (shapely.to_wkb(block.shape), block.counts, state.buurt_of[code]) for code, block in state.blocks.items()
    }


@dataclass(frozen=True)
class Official:
    """What the sectors are, whatever is drawn on them."""

    valid: bool
    area_m2: float
    households: Mapping[str, int | None]

    @classmethod
    def of(cls, state: PlanState) -> "Official":
        shapes = shapes_of(state)
        households = {code: block.counts.households for code, block in state.blocks.items()}
        return cls(bool(shapely.coverage_is_valid(shapes)), float(shapely.area(shapes).sum()), households)

    def holds(self, state: PlanState) -> None:
        """Assert that blocks tile the ground within a square millimetre a square kilometre, and that counts add up."""
        shapes = shapes_of(state)
        assert shapely.is_valid(shapes).all()
        assert bool(shapely.coverage_is_valid(shapes)) == self.valid
        assert abs(shapely.area(shapes).sum() - self.area_m2) <= 1e-12 * self.area_m2
        sums: dict[str, int | None] = {}
        for block in state.blocks.values():
            known, more = sums.get(block.sector_code, 0), block.counts.households
            sums[block.sector_code] = None if known is None or more is None else known + more
        assert sums == self.households


def shapes_of(state: PlanState) -> Any:
    return np.array([block.shape for block in state.blocks.values()], dtype=object)


def work_at_random(office: Office, seed: int) -> int:
    """Edit, undo, redo and publish, and look at everything on the way; return how many plans were published."""
    random = Random(seed)
    row, draft = office.begin()
    official, published = Official.of(draft.state), 0
    start = as_bytes(draft.state)
    for number in range(STEPS):
        chance = random.random()
        try:
            if chance < 0.1:
                office.step(row, draft, back=True)
            elif chance < 0.15:
                office.step(row, draft, back=False)
            elif chance < 0.19 and draft.buurten:
                office.assign_the_rest(row, draft, random)
                plan = office.publish(row, draft)
                office.session.flush()
                office.session.expire_all()
                counts = {code: block.counts for code, block in draft.blocks.items()}
                read = read_state(office.session, read_plan(office.session, find_plan(office.session, plan.id)), counts)
                assert as_bytes(read) == as_bytes(draft.state)
                assert read.buurten == draft.state.buurten
                undo_all(office.reopened(row), office, row, start)
                row, draft = office.begin()
                start, published = as_bytes(draft.state), published + 1
                official.holds(draft.state)
            else:
                office.edit(row, draft, any_edit(draft, random))
        except (EditError, NothingToUndoError, NotPublishableError):
            continue
        if number % 20 == 0:
            official.holds(draft.state)
    official.holds(draft.state)
    end = draft.state
    again = office.reopened(row)
    assert as_bytes(again.state) == as_bytes(end)
    assert again.buurten == end.buurten
    undo_all(again, office, row, start)
    while row.played:
        office.step(row, draft, back=True)
    assert as_bytes(draft.state) == start
    return published


def undo_all(draft: Draft, office: Office, row: DraftRow, start: Mapping[str, Any]) -> None:
    """Play the stored log backward to where the draft began."""
    for entry in reversed(entries_of(office.session, row)):
        draft.play(Change.from_json(entry.change).inverse())
    assert as_bytes(draft.state) == start


@pytest.fixture
def store(store_settings: StoreSettings) -> Iterator[Store]:
    store = open_store(store_settings.store_url)
    yield store
    store.close()


at_random = given(seed=st.integers(0, 2**32 - 1))
few = settings(
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # a seed has no simpler form
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def test_two_hundred_edits_and_publishes_keep_the_tiling_and_undo_byte_for_byte(
    store: Store, store_settings: StoreSettings
) -> None:
    published = []

    @settings(few, max_examples=2)
    @at_random
    def any_sequence(seed: int) -> None:
        with an_office(store, DataDirectory(store_settings.data_dir), "99001") as office:
            published.append(work_at_random(office, seed))

    any_sequence()
    assert sum(published) > 0


@pytest.mark.realdata
def test_two_hundred_edits_and_publishes_of_ermelos_real_sectors(tmp_path: Path, real_data: Path) -> None:
    file = real_data / "netherlands/ermelo/buurten.gpkg"
    pairs = ["sector_code=buurtcode", "municipality_code=gemeentecode", "municipality_nl=gemeentecode"]
    request = ImportRequest("areas", file, date(2021, 1, 1), "e", country="NL", mapping=ColumnMapping.read(pairs))
    store, directory = open_store(f"sqlite:///{tmp_path / 'store.sqlite'}"), DataDirectory(tmp_path / "var")
    import_file(store, directory, request, clock=lambda: NOW, progress=lambda *_: None)

    @settings(few, max_examples=1)
    @at_random
    def any_sequence(seed: int) -> None:
        with an_office(store, directory, "GM0233") as office:
            work_at_random(office, seed)

    any_sequence()
    store.close()


def test_a_rebase_loses_nothing_of_the_published_plan_that_it_does_not_list(
    store: Store, store_settings: StoreSettings
) -> None:
    @settings(few, max_examples=8)
    @at_random
    def any_two_editors(seed: int) -> None:
        with an_office(store, DataDirectory(store_settings.data_dir), "99001") as office:
            rebase_at_random(office, Random(seed))

    any_two_editors()


def rebase_at_random(office: Office, random: Random) -> None:
    """Let one editor publish, put another's draft on that plan, and look for what is lost of it."""
    (row, draft), (other_row, other) = office.begin(), office.begin()
    office.draw(row, draft, random, 10)
    seen = office.draw(other_row, other, random, 10)
    if not draft.buurten:
        return
    try:
        office.assign_the_rest(row, draft, random)
        office.publish(row, draft)
    except (EditError, NotPublishableError):
        return
    published, drawn = draft.state, other_row.played
    done = rebase(
        office.session,
        other_row,
        office.counter,
        onto=newest_plan(office.session, other_row),
        known_revision=other_row.revision,
        by="t",
        now=office.now,
        skip_conflicts=True,
    )
    assert done.replayed + len(done.left_out) == drawn
    rebased = office.reopened(other_row)
    assert as_bytes(rebased.state) == as_bytes(done.draft.state)
    Official.of(seen[0]).holds(rebased.state)
    told_blocks = {code for each in done.overridden for code in each.blocks}
    for code, block in rebased.blocks.items():
        became = buurt_at(published, block.shape)
        if rebased.buurt_of[code] != became and all(buurt_at(state, block.shape) != became for state in seen):
            assert any(code.startswith(told) or told.startswith(code) for told in told_blocks), code
    told_buurten = {code for each in done.overridden for code in each.buurten}
    for code, buurt in published.buurten.items():
        known, is_now = [facts(state.buurten.get(code)) for state in seen], facts(rebased.buurten.get(code))
        for fact, value in facts(buurt).items():
            if is_now.get(fact) != value and all(each.get(fact) != value for each in known):
                assert code in told_buurten
    undo_all(rebased, office, other_row, as_bytes(published))


def buurt_at(state: PlanState, shape: shapely.Geometry) -> str | None:
    """Return the buurt of the ground in the middle of a block."""
    codes = list(state.blocks)
    inside = shapely.contains(shapes_of(state), shapely.point_on_surface(shape))
    return state.buurt_of[codes[int(np.argmax(inside))]]


def facts(buurt: Buurt | None) -> dict[str, Any]:
    if buurt is None:
        return {}
    return {**buurt.names, "live": buurt.live, "colour": buurt.colour, "locked": buurt.locked}
