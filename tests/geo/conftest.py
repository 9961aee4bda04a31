"""The invented register of tests/geo/address_cases/register.yaml, as a table and as indexes."""

import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import yaml

from data.tables import ADDRESS_SCHEMA
from geo.addresses import AddressIndex

CASES = Path(__file__).parent / "address_cases"
_NUMBER = re.compile(r"^(?P<number>[^:!]+?)(?:: (?P<boxes>[^!]+?))?(?: !(?P<status>\w+))?$")


def read_register(country: str) -> pa.Table:
    """Read the addresses of a country; an identifier says what it identifies (`brusselsesteenweg/12/3`)."""
    whole = yaml.safe_load((CASES / "register.yaml").read_text(encoding="utf-8"))
    rows: list[dict[str, Any]] = []
    for street_number, street in enumerate(whole[country]):
        town = whole["towns"][street["town"]]
        for entry in street["numbers"]:
            found = _NUMBER.match(entry)
            assert found, entry
            for box in (found["boxes"] or "").split() or [None]:
                name = street.get("nl") or street.get("fr") or street["de"]
                rows.append(
                    {
                        "address_id": "/".join(filter(None, (street["postcode"], name, found["number"], box))),
                        "street_id": f"s{street_number}",
                        **{f"street_{lang}": street.get(lang) for lang in ("nl", "fr", "de")},
                        "house_number": found["number"],
                        "box": box,
                        "postcode": street["postcode"],
                        "locality_nl": street.get("locality"),
                        "municipality_code": town["code"],
                        **{f"municipality_{lang}": town.get(lang) for lang in ("nl", "fr", "de")},
                        "status": found["status"] or "current",
                        "x": 150_000.0 + 100 * street_number + 0.125 * len(rows),
                        "y": 170_000.0 + 10 * len(rows),
                        "lon": 4.0 + len(rows) / 1000,
                        "lat": 50.0 + len(rows) / 1000,
                    }
                )
    return pa.Table.from_pylist(rows, schema=ADDRESS_SCHEMA)


@pytest.fixture(scope="session")
def address_indexes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, AddressIndex]:
    """The indexes of the invented registers, by country."""
    folder = tmp_path_factory.mktemp("address-indexes")
    return {
        name: AddressIndex.build(read_register(name), folder / name, country=code, crs=crs)
        for name, code, crs in (("belgium", "BE", "EPSG:31370"), ("netherlands", "NL", "EPSG:28992"))
    }


@pytest.fixture(scope="session")
def belgium(address_indexes: dict[str, AddressIndex]) -> AddressIndex:
    """The index of the invented Belgian register."""
    return address_indexes["belgium"]


@pytest.fixture
def belgian_register() -> pa.Table:
    """The invented Belgian register."""
    return read_register("belgium")


@pytest.fixture(scope="session")
def register_points() -> pa.Table:
    """The positions of the current addresses of the invented Belgian register."""
    table = read_register("belgium")
    return table.filter(pc.equal(table["status"], "current")).select(["x", "y"])
