"""Real addresses: Schaerbeek's in both languages, and Utrecht's with their letters and additions."""

import csv
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from data.tables import ADDRESS_SCHEMA
from geo.addresses import AddressIndex, AddressQuery

pytestmark = pytest.mark.realdata


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def build(rows: list[dict[str, Any]], folder: Path, country: str, crs: str) -> AddressIndex:
    return AddressIndex.build(pa.Table.from_pylist(rows, schema=ADDRESS_SCHEMA), folder, country=country, crs=crs)


def test_schaerbeeks_addresses_are_found_in_both_languages(real_data: Path, tmp_path: Path) -> None:
    real = read(real_data / "belgium" / "schaerbeek" / "addresses.csv")
    towns = {"municipality_code": "21015", "municipality_nl": "Schaarbeek", "municipality_fr": "Schaerbeek"}
    rows = [
        {"address_id": f"a{i}", "street_nl": row["street_nl"], "street_fr": row["street_fr"],
         "house_number": row["house_number"], "box": row["box"] or None, "postcode": row["postcode"],
         "status": "current", **towns}
        for i, row in enumerate(real)
    ]  # fmt: skip
    index = build(rows, tmp_path / "index", "BE", "EPSG:31370")
    for lang, town in (("nl", "Schaarbeek"), ("fr", "Schaerbeek")):
        queries = [
            AddressQuery(street=row[f"street_{lang}"], house_number=row["house_number"], box=row["box"],
                         postcode="1030", municipality=town)
            for row in rows
        ]  # fmt: skip
        matches = index.verify_many(queries)
        assert matches == [index.verify(query) for query in queries]
        kinds = Counter((m.verdict.value, tuple(reason.code for reason in m.reasons)) for m in matches)
        # Twenty addresses stand in the file twice; seventeen house numbers stand beside boxes of their own.
        assert kinds == {
            ("accept", ()): 819,
            ("confirm", ("duplicate-in-register",)): 20,
            ("fix", ("box-missing",)): 17,
        }
        for row, match in zip(rows, matches, strict=True):
            if match.verdict == "accept":
                assert match.address is not None
                assert match.address.address_id == row["address_id"]
        lines = [f"{row[f'street_{lang}']} {row['house_number']}, 1030 {town}" for row in rows if not row["box"]]
        answers = Counter(index.verify(AddressQuery(line=line)).verdict.value for line in lines)
        assert answers["accept"] / len(lines) > 0.9


def test_utrechts_addresses_are_found_as_they_are_written(real_data: Path, tmp_path: Path) -> None:
    real = [
        row for row in read(real_data / "netherlands" / "utrecht-osm-addresses" / "addresses.csv") if row["postcode"]
    ]
    rows = []
    for row in real:
        cut = re.fullmatch(r"(\d+[A-Za-z]?)(?:-(.+))?", row["housenumber"])
        assert cut, row
        rows.append(
            {"address_id": row["id"], "street_nl": row["street"], "street_id": row["street"], "house_number": cut[1],
             "box": cut[2], "postcode": row["postcode"], "locality_nl": row["city"], "municipality_nl": row["city"],
             "municipality_code": "GM0344", "status": "current"}
        )  # fmt: skip
    index = build(rows, tmp_path / "index", "NL", "EPSG:28992")
    boxed = {(row["street_nl"], row["house_number"]) for row in rows if row["box"]}
    for row, source in zip(rows, real, strict=True):
        postcode = f"{source['postcode'][:4]} {source['postcode'][4:]}"
        line = f"{source['street']} {source['housenumber']}, {postcode} {source['city']}"
        match = index.verify(AddressQuery(line=line))
        if row["box"] is None and (row["street_nl"], row["house_number"]) in boxed:
            assert (match.verdict, match.components["box"]) == ("fix", "missing"), line
        else:
            assert match.verdict == "accept", line
            assert match.address is not None
            assert match.address.address_id == row["address_id"]
