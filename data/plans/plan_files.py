"""Plans as files in three formats that each make the round trip exactly: GeoJSON, GeoPackage and CSV."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from boundaries.blocks import Area, BlockCounter, PlanState
from boundaries.draft import Draft
from boundaries.edit_errors import NothingChangesError
from boundaries.operations import Operation
from data.plans.assignments import is_whole_plan, read_assignment, read_whole_plan, write_assignment
from data.plans.drafts import begin_draft, edit, open_draft
from data.plans.plan_file import PlanFile, PlanFileError
from data.plans.plan_geojson import read_geojson, write_geojson
from data.plans.plan_gpkg import read_gpkg, write_gpkg
from data.plans.published import find_plan, sector_shapes
from data.store.models import DraftRow, Release


class PlanFormat(StrEnum):
    """A format of files of plans, by the ending of their names."""

    GEOJSON = "geojson"
    GPKG = "gpkg"
    CSV = "csv"


MEDIA_TYPES = {
    PlanFormat.GEOJSON: "application/geo+json",
    PlanFormat.GPKG: "application/geopackage+sqlite3",
    PlanFormat.CSV: "text/csv",
}
ENDINGS = {f".{name}": name for name in PlanFormat} | {".json": PlanFormat.GEOJSON}


def write_plan_file(session: Session, state: PlanState, plan_id: int, form: PlanFormat) -> bytes:
    """Return a plan, or a draft, as a file.

    Parameters
    ----------
    state
        What is written.
    plan_id
        The published plan that it is, or that the draft began from: it says the release.
    form
        The format.
    """
    release, sectors = read_sectors(session, plan_id, state)
    file = PlanFile.of(state, sectors, release.name)
    write = {PlanFormat.GEOJSON: write_geojson, PlanFormat.GPKG: write_gpkg, PlanFormat.CSV: write_assignment}[form]
    return write(state, file)


def read_plan_file(
    content: bytes, form: PlanFormat, draft: Draft, sectors: Mapping[str, Area], release: str, *, source: str
) -> Operation:
    """Read a file as the operation by which a draft takes it.

    Parameters
    ----------
    content
        The file.
    form
        Its format.
    draft
        As it is now.
    sectors
        The draft's sectors as their release has them, by code.
    release
        Name of that release.
    source
        Name of the file, for the draft's log.

    Raises
    ------
    PlanFileError
        The file cannot be read, or is no plan of this municipality on these sectors.
    """
    if form == PlanFormat.CSV:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise PlanFileError(f"byte {error.start}: the file is not in UTF-8") from error
        if not is_whole_plan(text):
            return read_assignment(text, draft.state)
        file = read_whole_plan(text)
    else:
        file = read_geojson(content) if form == PlanFormat.GEOJSON else read_gpkg(content)
    return file.as_operation(draft, sectors, release, source=source)


def read_sectors(session: Session, plan_id: int, state: PlanState) -> tuple[Release, dict[str, Area]]:
    """Return the release that a plan is drawn on, and its sectors' shapes there."""
    release = session.get_one(Release, find_plan(session, plan_id).release_id)
    return release, sector_shapes(session, release, {block.sector_code for block in state.blocks.values()})


def begin_from_file(
    session: Session,
    municipality_code: str,
    content: bytes,
    form: PlanFormat,
    counter: BlockCounter,
    *,
    title: str,
    source: str,
    by: str,
    now: datetime,
    make_token: Callable[[], str],
) -> DraftRow:
    """Begin a draft from the plan that holds today, and give it what a file holds in one step that can be undone.

    Raises
    ------
    PlanFileError
        The file is none of the municipality's plans on these sectors.
    EditError
        Its blocks are not the municipality's ground, or do not tile it.
    NoPlanError
        The municipality has no plan to begin from.
    """
    row = begin_draft(session, municipality_code, counter, title=title, by=by, now=now, make_token=make_token)
    session.flush()
    draft = open_draft(session, row, counter)
    release, sectors = read_sectors(session, row.plan_id, draft.state)
    operation = read_plan_file(content, form, draft, sectors, release.name, source=source)
    with suppress(NothingChangesError):  # a draft that is the plan that holds
        edit(session, row, draft, operation, known_revision=row.revision, by=by, now=now)
    return row
