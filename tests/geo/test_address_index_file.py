"""Building, keeping and opening an address index: what goes in comes out, and damage is found."""

import json
import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from geo.addresses import AddressIndex, AddressIndexError, AddressQuery


def build(table: pa.Table, folder: Path) -> AddressIndex:
    return AddressIndex.build(table, folder, country="BE", crs="EPSG:31370")


def test_every_address_comes_back_as_it_went_in(belgian_register: pa.Table, tmp_path: Path) -> None:
    index = build(belgian_register, tmp_path / "index")
    assert len(index) == len(belgian_register)
    for row in belgian_register.to_pylist():
        near = index.nearest(row["x"], row["y"], max_distance_m=0.0)
        if row["status"] != "current":
            assert near is None
            continue
        assert near is not None
        address = near.address
        assert (address.address_id, address.house_number, address.box) == (
            row["address_id"], row["house_number"], row["box"],
        )  # fmt: skip
        assert (address.x, address.y, address.lon, address.lat) == (row["x"], row["y"], row["lon"], row["lat"])
        assert address.street == {lang: row[f"street_{lang}"] for lang in ("nl", "fr", "de") if row[f"street_{lang}"]}
        assert (address.postcode, address.municipality_code) == (row["postcode"], row["municipality_code"])
        assert address.purpose is None
        assert address.country == "BE"


def test_order_of_the_register_does_not_matter_to_answers(belgian_register: pa.Table, tmp_path: Path) -> None:
    shuffled = list(range(len(belgian_register)))
    random.Random(5).shuffle(shuffled)
    one, other = build(belgian_register, tmp_path / "a"), build(belgian_register.take(shuffled), tmp_path / "b")
    for line in ("Brusselsesteenweg 12 bus 3, 1410 Waterloo", "Kerkstraat 1, Gent", "rue de l'eglise 9 1410"):
        assert one.verify(AddressQuery(line=line)) == other.verify(AddressQuery(line=line))


def test_a_parquet_file_and_a_table_give_the_same_index(belgian_register: pa.Table, tmp_path: Path) -> None:
    pq.write_table(belgian_register, tmp_path / "register.parquet", row_group_size=7)
    seen: list[tuple[int, int]] = []
    AddressIndex.build(
        pq.ParquetFile(tmp_path / "register.parquet"),
        tmp_path / "file",
        country="BE",
        crs="EPSG:31370",
        progress=lambda done, total: seen.append((done, total)),
    )
    build(belgian_register, tmp_path / "table")
    assert seen[-1] == (len(belgian_register), len(belgian_register))
    for name in ("arrays.bin", "manifest.json"):
        assert (tmp_path / "file" / name).read_bytes() == (tmp_path / "table" / name).read_bytes()


@pytest.mark.parametrize(
    "identifiers",
    [
        ["0363200000006110", "0", "00", "7", "10"],
        ["a/001", "a/1", "a/01", "b", ""],
        ["99999999999999999999", "x9999999999999999999", "-5", "+5", "5 "],
        ["é1", "\u20ac", "1\u0661", "https://example.org/id/2041234/2021-05-01", "A-1"],
    ],
)
def test_identifiers_come_back_to_the_letter(
    identifiers: list[str], tmp_path: Path, belgian_register: pa.Table
) -> None:
    table = belgian_register.slice(0, len(identifiers)).set_column(0, "address_id", pa.array(identifiers, pa.string()))
    table = table.set_column(
        table.schema.names.index("status"), "status", pa.array(["current"] * len(identifiers), pa.string())
    )
    index = build(table, tmp_path / "index")
    for row in table.to_pylist():
        near = index.nearest(row["x"], row["y"])
        assert near is not None
        assert near.address.address_id == row["address_id"]


def test_an_address_without_position_has_none(belgian_register: pa.Table, tmp_path: Path) -> None:
    table = belgian_register
    for name in ("x", "y", "lon", "lat"):
        table = table.set_column(table.schema.names.index(name), name, pa.nulls(len(table), pa.float64()))
    index = build(table, tmp_path / "index")
    match = index.verify(AddressQuery(line="Brusselsesteenweg 10, 1410 Waterloo"))
    assert match.verdict == "accept"
    assert match.address is not None
    assert (match.address.x, match.address.y, match.address.lon, match.address.lat) == (None, None, None, None)
    assert index.nearest(0.0, 0.0, max_distance_m=1e9) is None


def test_a_register_that_cannot_be_indexed_is_refused(belgian_register: pa.Table, tmp_path: Path) -> None:
    with pytest.raises(AddressIndexError, match="lack the columns box"):
        build(belgian_register.drop_columns(["box"]), tmp_path / "index")
    with pytest.raises(AddressIndexError, match="no address"):
        build(belgian_register.slice(0, 0), tmp_path / "index")
    odd = belgian_register.set_column(
        belgian_register.schema.names.index("status"), "status", pa.array(["gone"] * len(belgian_register))
    )
    with pytest.raises(AddressIndexError, match="unknown status 'gone'"):
        build(odd, tmp_path / "index")
    with pytest.raises(AddressIndexError, match="unknown country"):
        AddressIndex.build(belgian_register, tmp_path / "index", country="FR", crs="EPSG:2154")
    assert list(tmp_path.iterdir()) == []  # nothing is left behind


def test_a_folder_with_other_files_is_not_overwritten(belgian_register: pa.Table, tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / "letter.txt").write_text("mine")
    with pytest.raises(AddressIndexError, match="something else"):
        build(belgian_register, tmp_path / "index")
    assert (tmp_path / "index" / "letter.txt").read_text() == "mine"


def test_a_new_index_takes_the_place_of_an_older_one(belgian_register: pa.Table, tmp_path: Path) -> None:
    build(belgian_register.slice(0, 3), tmp_path / "index")
    build(belgian_register, tmp_path / "index")
    assert len(AddressIndex.open(tmp_path / "index")) == len(belgian_register)
    assert [path.name for path in tmp_path.iterdir()] == ["index"]


def test_any_flipped_byte_is_found(belgian_register: pa.Table, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    build(belgian_register, folder)
    about = json.loads((folder / "manifest.json").read_text())
    whole = (folder / "arrays.bin").read_bytes()
    for name, place in about["arrays"].items():
        if not place["length"]:
            continue
        damaged = bytearray(whole)
        damaged[place["offset"] + place["length"] * np.dtype(place["type"]).itemsize - 1] ^= 1
        (folder / "arrays.bin").write_bytes(damaged)
        with pytest.raises(AddressIndexError, match=f"checksum of '{name}' does not hold"):
            AddressIndex.open(folder)


def test_foreign_old_and_cut_files_are_refused(belgian_register: pa.Table, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    build(belgian_register, folder)
    manifest, arrays = folder / "manifest.json", folder / "arrays.bin"
    good, whole = manifest.read_text(), arrays.read_bytes()
    with pytest.raises(AddressIndexError, match=r"no manifest\.json"):
        AddressIndex.open(tmp_path)
    for text, message in (
        ("{}", "does not describe an address index"),
        ("[1]", "does not describe an address index"),
        ("not JSON", "is damaged"),
        (good.replace('"version": 2', '"version": 1'), "of version 1, not of 2"),
        (good.replace("EPSG:31370", "EPSG:28992"), "digest does not hold"),
    ):
        manifest.write_text(text)
        with pytest.raises(AddressIndexError, match=message):
            AddressIndex.open(folder)
    manifest.write_text(good)
    arrays.write_bytes(whole[:-1])
    with pytest.raises(AddressIndexError, match="bytes where"):
        AddressIndex.open(folder)
    arrays.unlink()
    with pytest.raises(AddressIndexError, match="is missing"):
        AddressIndex.open(folder)


def test_what_is_open_stays_open_when_the_index_is_replaced(belgian_register: pa.Table, tmp_path: Path) -> None:
    old = build(belgian_register, tmp_path / "index")
    build(belgian_register.slice(0, 1), tmp_path / "index")
    assert old.verify(AddressQuery(line="Kerkstraat 50, 9000 Gent")).verdict == "accept"
