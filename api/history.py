"""In which buurt a point was, is or will be on a day: history, and plans that do not hold yet."""

from datetime import date

from sqlalchemy.orm import Session

from api.atlas import CountryAtlas
from boundaries.blocks import part_at
from data.directory import DataDirectory
from data.importing.sectors import INDEX_FILE
from data.plans.published import PublishedPlan, last_drawn, plan_on, read_plan
from data.store.models import Plan, Release, Sector
from data.tables import Kind
from geo.crs import LONLAT, transform_point
from geo.sector_index import SectorIndex


class NotThereThenError(LookupError):
    """The point lies in no sector of the plan of that day: its municipality had other borders."""


def buurt_on(
    session: Session,
    directory: DataDirectory,
    atlas: CountryAtlas,
    municipality_code: str,
    lon: float,
    lat: float,
    day: date,
) -> tuple[PublishedPlan, str, str]:
    """Return the plan that holds on a day, and the sector and the buurt of a point in EPSG:4326 in it.

    That is the last drawn plan on whose sectors the point lies, whatever its municipality was called on that day; where
    none was drawn, the plan that the import of today's sectors made.

    Raises
    ------
    NoPlanError
        No plan of the municipality holds on that day.
    NotThereThenError
        The point lies outside that plan's sectors.
    """

    def locate(release: Release) -> tuple[str | None, float, float]:
        # The active index is open already; that of a former release is opened for the question.
        sectors = atlas.sector_index if release.id == atlas.releases[Kind.SECTORS].id else None
        if sectors is None:
            sectors = SectorIndex.open(directory.release_folder(release.name) / INDEX_FILE)
        x, y = transform_point(lon, lat, LONLAT, sectors.crs)
        return sectors.locate(x, y), x, y

    there: list[Plan] = []
    for release, drawn in last_drawn(session, atlas.country, day).items():
        code, _, _ = locate(session.get_one(Release, release))
        sector = None if code is None else session.get(Sector, (release, code))
        if sector is not None and sector.municipality_code in drawn:
            there.append(drawn[sector.municipality_code])
    if there:
        plan = read_plan(session, max(there, key=lambda each: (each.valid_from, each.published_at)))
    else:
        plan = plan_on(session, municipality_code, day, atlas.releases[Kind.SECTORS])
    sector_code, x, y = locate(plan.release)
    blocks = plan.by_sector().get(sector_code or "", [])
    if not blocks or sector_code is None:
        raise NotThereThenError(f"longitude {lon}, latitude {lat} lies in no sector of {municipality_code} on {day}")
    shapes = [block.shape for block in blocks if block.shape is not None]
    return plan, sector_code, blocks[part_at(shapes, x, y) if len(blocks) > 1 else 0].buurt_code
