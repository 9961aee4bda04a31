"""What a quote freezes of its counts: how they were found, and how much of them is an estimate."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from api.cli.importing import demo_requests
from data.demo import DemoFiles
from data.directory import DataDirectory
from data.household_counts import read_basis
from data.importing import import_file
from data.municipalities import find_municipality
from data.quotes.scopes import read_scope
from data.releases import active_releases
from data.store import open_store
from data.store.models import Block, Buurt, Plan, Sector
from data.tables import Kind
from licensing.quote_request import MunicipalityScope

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DEMODORP = "99001"
"""Its counts lack sectors, whose households are estimated."""


def scopes_of(folder: Path, demo: DemoFiles, *, municipality_counts: bool) -> tuple[MunicipalityScope, ...]:
    """Return the whole of Demodorp as a plan of two buurten, and each of the two as a pilot."""
    store, directory = open_store(f"sqlite:///{folder / 'store.sqlite'}"), DataDirectory(folder)
    for request in demo_requests(demo):
        if municipality_counts or request.name != "demo-municipality-households":
            import_file(store, directory, request, clock=lambda: NOW, progress=lambda _stage, _done, _total: None)
    with store.writing() as session:
        sectors = next(release for release in active_releases(session) if release.kind == Kind.SECTORS)
        codes = session.scalars(
            select(Sector.code)
            .where(Sector.release_id == sectors.id, Sector.municipality_code == DEMODORP)
            .order_by(Sector.code)
        ).all()
        day = date(2026, 11, 24)
        plan = Plan(release_id=sectors.id, municipality_code=DEMODORP, version=2, published_at=NOW, valid_from=day)
        session.add(plan)
        session.flush()
        session.add_all(Buurt(plan_id=plan.id, code=f"{DEMODORP}-0{at}", name_nl=f"Buurt {at}") for at in (2, 3))
        session.flush()
        session.add_all(
            Block(plan_id=plan.id, code=code, sector_code=code, buurt_code=f"{DEMODORP}-0{2 + at % 2}")
            for at, code in enumerate(codes)
        )
    with store.reading() as session:
        basis, place = read_basis(session, directory, "BE"), find_municipality(session, DEMODORP)
        wanted = (None, [f"{DEMODORP}-02"], [f"{DEMODORP}-03"])
        scopes = tuple(
            read_scope(session, basis, place, NOW, language="nl", buurt_codes=codes, keys=None, smallest_shown=10)
            for codes in wanted
        )
    store.close()
    return scopes


@pytest.mark.parametrize("municipality_counts", [True, False])
def test_estimates_are_frozen_with_method_and_margin(
    demo: DemoFiles, tmp_path: Path, municipality_counts: bool
) -> None:
    whole, *pilots = scopes_of(tmp_path, demo, municipality_counts=municipality_counts)
    assert sum(pilot.households for pilot in pilots) == whole.households
    assert [pilot.buurten[0] for pilot in pilots] == list(whole.buurten)
    assert [pilot.estimate for pilot in pilots] == [buurt.estimate for buurt in whole.buurten]
    estimated = [buurt for buurt in whole.buurten if buurt.estimate is not None]
    assert estimated
    for buurt in whole.buurten:
        methods = set(buurt.method.split("+"))
        assert (buurt.estimate is not None) == (methods != {"official"})
        if buurt.estimate is not None:
            assert buurt.estimate.low <= buurt.households <= buurt.estimate.high
            assert methods & {"residual-by-dwellings"} if municipality_counts else methods & {"occupancy"}
    # Of a municipality whose sum is published, only the shares of its buurten are estimates.
    if municipality_counts:
        assert whole.estimate is None
    else:
        assert whole.estimate is not None
        assert whole.estimate.households == sum(buurt.estimate.households for buurt in estimated if buurt.estimate)
