"""The published table of adoption: computed from given counts, and what of it no data at hand can confirm."""

import csv
from datetime import date
from pathlib import Path

import pytest

from api.adoption_reports import chart_adoption, report_adoption, tabulate_adoption
from api.household_models import AreaHouseholds, MunicipalityHouseholds
from api.models import Names
from households.adoption import households_behind
from households.counts import official_count
from households.totals import total_households

PUBLISHED = [
    ("25110", "Waterloo", 2_875, 26),
    ("51004", "Ath", 1_452, 12),
    ("56049", "Merbes-le-Château", 308, 19),
    ("55022", "La Louvière", 2_352, 7),
    ("21004", "Bruxelles", 33_000, 8),
]
"""Code, name, member households, percent. Brussels is published as "almost 33,000"; 21004 stands for the region."""


def counted(code: str, households: int, members: int) -> MunicipalityHouseholds:
    total = AreaHouseholds.of(total_households([official_count(households)]), None, members)
    return MunicipalityHouseholds(
        code=code,
        as_of=date(2024, 12, 31),
        releases=["given"],
        counts_of=date(2024, 1, 1),
        plan_version=1,
        valid_from=date(2024, 1, 1),
        official=households,
        difference=0,
        total=total,
        buurten=[],
    )


@pytest.mark.parametrize(("code", "name", "members", "percent"), PUBLISHED)
def test_the_report_has_the_published_percentage_for_every_count_behind_it(
    code: str, name: str, members: int, percent: int
) -> None:
    """The counts are no official ones: they are the fewest, the most and a middle number that it allows."""
    fewest, most = households_behind(members, percent)
    for households in (fewest, (fewest + most) // 2, most):
        report = report_adoption(counted(code, households, members), Names(fr=name), "fr", {})
        [row] = tabulate_adoption(report)
        assert (row.name, row.members, row.households, row.percent) == (name, members, households, percent)
        assert f"{percent} %" in chart_adoption(report, "fr", 10)
    for households in (fewest - 1, most + 1):
        report = report_adoption(counted(code, households, members), Names(fr=name), "fr", {})
        assert report.total.percent != percent


def test_participation_is_that_of_waterloo() -> None:
    """588 participants of 2,875 member households are the published 20 %."""
    report = report_adoption(counted("25110", 11_000, 2_875), Names(fr="Waterloo"), "fr", {"25110": 588})
    assert report.total.participants_of_members is not None
    assert round(report.total.participants_of_members * 100) == 20


@pytest.mark.realdata
def test_no_official_count_at_hand_is_of_a_published_municipality(real_data: Path) -> None:
    """So that no row of the table is claimed: the Belgian counts at hand are Flemish ones of 2021."""
    with (real_data / "belgium" / "flanders-areas" / "households-2021.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 300
    assert {row["year"] for row in rows} == {"2021"}
    assert not {row["municipality"] for row in rows} & {code for code, *_ in PUBLISHED}
