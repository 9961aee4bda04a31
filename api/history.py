"""In which buurt a point was, is or will be on a day: history, and plans that do not hold yet."""

from datetime import date

import numpy as np
import shapely
from sqlalchemy.orm import Session

from data.directory import DataDirectory
from data.importing.sectors import INDEX_FILE
from data.plans.published import PublishedPlan, plan_on
from geo.crs import LONLAT, transform_point
from geo.sector_index import SectorIndex


class NotThereThenError(LookupError):
    """The point lies in no sector of the plan of that day: its municipality had other borders."""


def buurt_on(
    session: Session, directory: DataDirectory, municipality_code: str, lon: float, lat: float, day: date
) -> tuple[PublishedPlan, str, str]:
    """Return the plan that holds on a day, and the sector and the buurt of a point in EPSG:4326 in it.

    Raises
    ------
    NoPlanError
        No plan of the municipality holds on that day.
    NotThereThenError
        The point lies outside that plan's sectors.
    """
    plan = plan_on(session, municipality_code, day)
    sectors = SectorIndex.open(directory.release_folder(plan.release.name) / INDEX_FILE)
    x, y = transform_point(lon, lat, LONLAT, sectors.crs)
    sector_code = sectors.locate(x, y)
    blocks = plan.by_sector().get(sector_code or "", [])
    if not blocks or sector_code is None:
        raise NotThereThenError(f"longitude {lon}, latitude {lat} lies in no sector of {municipality_code} on {day}")
    if len(blocks) == 1:
        return plan, sector_code, blocks[0].buurt_code
    shapes = np.array([block.shape for block in blocks], dtype=object)
    return plan, sector_code, blocks[int(np.argmin(shapely.distance(shapes, shapely.Point(x, y))))].buurt_code
