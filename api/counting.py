"""Counts households for an answer: of a municipality, of a buurt and in a drawn area, on a day."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import shapely

from api.geojson_input import DrawnArea
from api.household_models import MunicipalityHouseholds, OneBuurtHouseholds, WithinHouseholds
from data.buurt_counts import count_plan
from data.directory import DataDirectory
from data.household_counts import read_basis
from data.plans.buurt_history import buurt_in_force
from data.plans.published import PublishedPlan, sector_shapes
from data.reach_counts import count_reach
from data.releases import active_releases
from data.selection import select_dwellings
from data.store import Store
from data.tables import Kind, country_of
from geo.crs import LONLAT, transform_shapes
from households.dwelling_keys import HouseholdKeys
from households.reach import BuurtInReach, reach
from households.selections import InArea

BuurtShapes = Callable[[], Mapping[str, shapely.Geometry]]
"""Gives the shapes of the buurten of an answer by code, in EPSG:4326: most answers need none."""


@dataclass(frozen=True, slots=True)
class HouseholdCounts:
    """Counts households from the active releases and the members of a store."""

    store: Store
    directory: DataDirectory
    keys: HouseholdKeys | None = field(repr=False)
    """Without them nobody can be told to live in one part of a sector rather than another."""
    smallest_shown: int
    """The smallest number of members that is told, zero apart."""
    clock: Callable[[], datetime]

    def municipality(self, code: str, on: date | None) -> tuple[MunicipalityHouseholds, BuurtShapes]:
        """Count a municipality of the active sectors by the plan of a day, and the members at its end.

        Raises
        ------
        UnknownMunicipalityError
            No sectors of its country are active.
        NoPlanError
            The active sectors have no such municipality.
        """
        day, at = self._when(on)
        with self.store.reading_lately() as session:
            basis = read_basis(session, self.directory, country_of(code))
            counted = count_plan(session, basis, code, day, at, self.keys)
        answer = MunicipalityHouseholds.of(counted, basis.releases, day, self.smallest_shown)
        return answer, lambda: self._shapes([counted.plan])

    def buurt(self, code: str, on: date | None) -> tuple[OneBuurtHouseholds, BuurtShapes]:
        """Count a buurt of the plan of a day.

        Raises
        ------
        UnknownBuurtError, NotYetBuurtError, FormerBuurtError
            The plan of that day has no such buurt.
        """
        day, _ = self._when(on)
        with self.store.reading_lately() as session:
            sectors = {release.id for release in active_releases(session) if release.kind == Kind.SECTORS}
            found = buurt_in_force(session, code, day, frozenset(sectors))
        municipality, shapes = self.municipality(found.municipality_code, day)
        return OneBuurtHouseholds.from_municipality(municipality, code), lambda: {code: shapes()[code]}

    def within(self, area: DrawnArea, on: date | None) -> tuple[WithinHouseholds, BuurtShapes]:
        """Count what lies in a drawn area, by the plans of a day.

        Raises
        ------
        NothingThereError
            No active sector lies there.
        """
        day, at = self._when(on)
        reached: list[BuurtInReach] = []
        plans: dict[str, PublishedPlan] = {}
        releases = {}
        with self.store.reading_lately() as session:
            for selected in select_dwellings(session, self.directory, InArea(area), day).municipalities:
                found = count_reach(session, selected, day, at, self.keys)
                table = found.counted.member_table(self.smallest_shown)
                reached += reach(found.parts, table, whole_buurten=False)
                plans |= dict.fromkeys(selected.buurt_codes, selected.plan)
                releases[selected.basis.releases.sectors.id] = selected.basis.releases
        answer = WithinHouseholds.of(
            reached,
            plans,
            list(releases.values()),
            day,
            area_km2=area.area_m2 / 1e6,
            smallest_shown=self.smallest_shown,
        )

        def pieces() -> Mapping[str, shapely.Geometry]:
            whole = self._shapes({plan.row.id: plan for plan in plans.values()}.values())
            return {code: _ground(shapely.intersection(whole[code], area.shape)) for code in plans}

        return answer, pieces

    def _when(self, on: date | None) -> tuple[date, datetime]:
        """Return a day, and the instant whose members count: its end, or the present if it is not over."""
        now = self.clock()
        day = on or now.date()
        return day, now if day >= now.date() else datetime.combine(day + timedelta(days=1), time(), UTC)

    def _shapes(self, plans: Iterable[PublishedPlan]) -> dict[str, shapely.Geometry]:
        shapes: dict[str, shapely.Geometry] = {}
        for plan in plans:
            with self.store.reading_lately() as session:
                official = sector_shapes(session, plan.release, {block.sector_code for block in plan.blocks})
            blocks: dict[str, list[shapely.Geometry]] = {}
            for block in plan.blocks:
                blocks.setdefault(block.buurt_code, []).append(block.shape or official[block.sector_code])
            for code, own in blocks.items():
                whole = shapely.union_all(np.array(own, dtype=object))
                shapes[code] = _ground(transform_shapes(whole, plan.release.crs or LONLAT, LONLAT))
        return shapes


def _ground(shape: shapely.Geometry) -> shapely.Geometry:
    """Return the polygons of a shape as one valid area, its rings oriented as RFC 7946 has them."""
    # Where borders all but touch in the sectors' CRS, they may cross in degrees.
    valid = shape if shapely.is_valid(shape) else shapely.make_valid(shape)
    polygons = [
        part for one in shapely.get_parts(valid) for part in shapely.get_parts(one) if part.geom_type == "Polygon"
    ]
    return shapely.orient_polygons(polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons))
