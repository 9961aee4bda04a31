"""Features with the numbers that are worked out for an answer: households, dwellings, members and adoption."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from threading import Lock
from typing import Any

from api.atlas import Atlas
from api.counting import HouseholdCounts
from api.household_models import AreaHouseholds, MunicipalityHouseholds
from data.features.collections import COLLECTIONS, Collection
from data.features.reading import FeatureQuery, FeatureReader, Features, Key, Page
from data.features.spans import Span
from data.municipalities import UnknownMunicipalityError
from data.plans.published import NoPlanError
from data.tables import Kind
from geo.crs import LONLAT, transform_bounds
from geo.crs_uris import Bounds, uri_of

COUNTS_HOLD = timedelta(minutes=1)
"""How old counts may be that an answer tells, so that the pages of a layer count a municipality once."""
COUNTS_KEPT = 2_000
"""Municipalities and days whose counts a worker keeps."""

Counted = MunicipalityHouseholds | None


class FeatureDesk:
    """Gives out features as a viewer may see them."""

    def __init__(
        self,
        reader: FeatureReader,
        counts: HouseholdCounts,
        atlas: Callable[[], Atlas],
        clock: Callable[[], datetime],
    ) -> None:
        self._reader = reader
        self._counts = counts
        self._atlas = atlas
        self.clock = clock
        self._kept: OrderedDict[tuple[int, str, date], tuple[datetime, Counted]] = OrderedDict()
        self._lock = Lock()

    def page(self, query: FeatureQuery, crs: str) -> Page:
        """Return a page of features, as `FeatureReader` does."""
        page = self._reader.page(query, crs)
        return replace(page, features=self._with_counts(page.features, query.span.day))

    def one(self, collection: Collection, key: Key, span: Span, crs: str) -> Features | None:
        """Return a feature by its key; None where there is none."""
        found = self._reader.one(collection, key, span, crs)
        return None if found is None else self._with_counts(found, span.day)

    def bounds(self) -> Bounds | None:
        """Return where everything lies in EPSG:4326, longitude first; None where nothing is active."""
        boxes = [
            transform_bounds(self._reader.bounds(release), release.crs or LONLAT, LONLAT)
            for facts in self._atlas().countries.values()
            if (release := facts.releases.get(Kind.SECTORS)) is not None
        ]
        if not boxes:
            return None
        west, south, east, north = zip(*boxes, strict=True)
        return min(west), min(south), max(east), max(north)

    def stored_crs(self) -> str | None:
        """Return the URI of the CRS that everything is stored in; None where that is not one of those offered."""
        stored = {
            release.crs or ""
            for facts in self._atlas().countries.values()
            if (release := facts.releases.get(Kind.SECTORS)) is not None
        }
        return uri_of(stored.pop()) if len(stored) == 1 else None

    def _with_counts(self, features: Features, day: date | None) -> Features:
        if not COLLECTIONS[features.collection].counted:
            return features
        return replace(features, rows=[row | self._counted(features.collection, row, day) for row in features.rows])

    def _counted(self, collection: Collection, row: Mapping[str, Any], day: date | None) -> dict[str, Any]:
        """Return the counts of a feature; unknown in a span of days, and of plans on sectors that are not active."""
        area: AreaHouseholds | None = None
        if day is not None:
            whole = self._municipality(
                row["code"] if collection == Collection.MUNICIPALITIES else row["municipality"], day
            )
            if whole is not None and collection == Collection.MUNICIPALITIES:
                area = whole.total
            elif whole is not None and whole.plan_version == row["plan_version"]:
                area = next((buurt for buurt in whole.buurten if buurt.code == row["code"]), None)
        if area is None:
            return dict.fromkeys(("households", "dwellings", "members", "adoption"))
        return {
            "households": area.households,
            "dwellings": area.dwellings,
            "members": area.members,
            "adoption": None if area.adoption is None else round(float(area.adoption), 6),
        }

    def _municipality(self, code: str, day: date) -> Counted:
        key, now = (self._atlas().version, code, day), self.clock()
        with self._lock:
            known = self._kept.get(key)
        if known is not None and known[0] <= now < known[0] + COUNTS_HOLD:
            return known[1]
        counted: Counted = None
        try:
            counted, _ = self._counts.municipality(code, day)
        except (UnknownMunicipalityError, NoPlanError):
            # The municipality is not among the active sectors: nothing is counted there.
            counted = None
        with self._lock:
            self._kept[key] = now, counted
            self._kept.move_to_end(key)
            while len(self._kept) > COUNTS_KEPT:
                self._kept.popitem(last=False)
        return counted
