"""Checks and compares plans of the store, for the routes and the commands alike."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import shapely
from sqlalchemy.orm import Session

from api.drafting import DraftDesk, plan_state
from boundaries.blocks import PlanState
from boundaries.checks import CheckSettings, Problem, StreetAddress, check_plan
from boundaries.diffs import PlanDiff, diff_plans
from data.directory import DataDirectory
from data.household_counts import read_basis
from data.plans.published import find_plan, sector_shapes
from data.plans.street_addresses import street_addresses
from data.store.models import Release
from data.tables import country_of
from households.member_rates import MemberRates


def check_stored_plan(
    session: Session,
    desk: DraftDesk,
    plan_id: str,
    settings: CheckSettings,
    *,
    barriers: Sequence[shapely.Geometry] = (),
    streets_in: DataDirectory | None = None,
) -> tuple[PlanState, list[Problem]]:
    """Check a plan or a draft, and return it with what was found.

    Parameters
    ----------
    session
        A session on the store.
    desk
        The drafts that are open.
    plan_id
        Number of a plan, or identifier of a draft.
    settings
        What a good buurt is.
    barriers
        Lines that a buurt should not lie across, in the CRS of the plan.
    streets_in
        Where the register lies, to look for split streets too: that reads every address of the municipality.

    Raises
    ------
    UnknownDraftError, NoPlanError
        There is none of that identifier.
    """
    state, base = plan_state(session, desk, plan_id)
    release = session.get_one(Release, find_plan(session, base).release_id)
    sectors = sector_shapes(session, release, {block.sector_code for block in state.blocks.values()})
    addresses: Iterable[StreetAddress] = ()
    if streets_in is not None:
        dwellings = read_basis(session, streets_in, country_of(state.municipality_code), release).dwellings
        addresses = () if dwellings is None else street_addresses(state, dwellings)
    return state, check_plan(state, settings, sectors=sectors, barriers=barriers, addresses=addresses)


def compare_stored_plans(session: Session, desk: DraftDesk, before_id: str, after_id: str) -> PlanDiff:
    """Say what moves from one plan or draft to another.

    Raises
    ------
    UnknownDraftError, NoPlanError
        There is none of one of the identifiers.
    PlansDifferError
        They cannot be compared.
    """
    before, _ = plan_state(session, desk, before_id)
    after, base = plan_state(session, desk, after_id)
    return diff_plans(before, after, desk.counter(after.municipality_code, base))


MOVE_COLUMNS: Final = (
    "from",
    "to",
    "pieces",
    "households",
    "households_unknown",
    "dwellings",
    "members",
    "letters",
    "area_m2",
)


def write_moves(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows of `told_moves` as CSV (RFC 4180); what is withheld, and a buurt that there is not, is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, MOVE_COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def told_moves(diff: PlanDiff, rates: MemberRates) -> list[dict[str, Any]]:
    """Return the rows of a diff with what is told of the members that move, and of the letters.

    Parameters
    ----------
    diff
        What moves.
    rates
        Members per dwelling of the municipality's sectors.
    """
    told = (rates.told((piece.sector_code, piece.counts.dwellings) for piece in move.pieces) for move in diff.moves)
    return [row | asdict(of_move) for row, of_move in zip(diff.rows(), told, strict=True)]
