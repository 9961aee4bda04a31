"""Any table of addresses is read by a column mapping; real files of municipalities are among them."""

import gzip
import random
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.readers.generic_addresses import read_addresses
from data.readers.mapping import ColumnMapping, MappingError
from data.tables import ADDRESS_SCHEMA, SourceError, SourceFacts

MAPPING = ("street_fr=rue", "house_number=numero", "box=boite", "postcode=cp", "municipality_code:=21015")
DEGREES = ("lon=x", "lat=y")
ROWS = ["rue,numero,boite,cp,x,y", "Rue de l'Église,12,,1030,4.38,50.86", "Rue Haute,5A,b2,1030,4.39,50.87"]


def table_file(path: Path, rows: list[str] = ROWS) -> Path:
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def read(path: Path, *pairs: str, country: str = "BE", crs: str | None = None) -> tuple[pa.Table, SourceFacts]:
    register = read_addresses(path, ColumnMapping.read(pairs), country=country, crs=crs)  # type: ignore[arg-type]
    table = pa.Table.from_batches(register.batches(), ADDRESS_SCHEMA)
    table.validate(full=True)
    return table, register.facts()


def fault(path: Path, *pairs: str) -> SourceError:
    with pytest.raises(SourceError) as raised:
        read(path, *pairs)
    assert raised.value.remedy
    return raised.value


def test_mapped_columns_and_constants_are_read(tmp_path: Path) -> None:
    table, facts = read(table_file(tmp_path / "adresses-2026.csv"), *MAPPING, *DEGREES, "municipality_fr:=Schaerbeek")
    assert table["street_fr"].to_pylist() == ["Rue de l'Église", "Rue Haute"]
    assert table["box"].to_pylist() == [None, "b2"]
    assert table["municipality_code"].to_pylist() == ["21015", "21015"]
    assert table["municipality_fr"].to_pylist() == ["Schaerbeek"] * 2
    assert table["status"].to_pylist() == ["current", "current"]
    assert table["lon"].to_pylist() == [4.38, 4.39]
    assert table["x"][0].as_py() == pytest.approx(151_000, abs=1_000)
    assert (facts.country, facts.crs) == ("BE", "EPSG:31370")
    assert facts.findings == ()
    assert facts.reference_date is not None


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_told_from_the_heading(tmp_path: Path, delimiter: str) -> None:
    file = table_file(tmp_path / "a.txt", [row.replace(",", delimiter) for row in ROWS])
    assert read(file, *MAPPING)[0].num_rows == 2


@pytest.mark.parametrize("packing", ["gz", "zip", "parquet", "parquet.zip"])
def test_packings_and_parquet_give_what_the_text_gives(tmp_path: Path, packing: str) -> None:
    plain = table_file(tmp_path / "a.csv")
    file = tmp_path / f"b.{packing}"
    if packing == "gz":
        file.write_bytes(gzip.compress(plain.read_bytes()))
    elif packing == "zip":
        with zipfile.ZipFile(file, "w") as archive:
            archive.write(plain, "a.csv")
    else:
        parquet = tmp_path / "b.parquet"
        pd.read_csv(plain).to_parquet(parquet)  # postcodes and coordinates become numbers
        if packing == "parquet.zip":
            with zipfile.ZipFile(file, "w") as archive:
                archive.write(parquet, "b.parquet")
    assert read(file, *MAPPING, *DEGREES)[0].equals(read(plain, *MAPPING, *DEGREES)[0])


def test_numbers_of_a_table_become_text_and_nan_becomes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    frame = {"rue": ["Rue Haute"] * 3, "numero": [5.0, 6.0, 7.0], "boite": [1.0, None, 2.5], "cp": [1030] * 3}
    pd.DataFrame(frame | {"x": [4.38, None, 4.38], "y": [50.86, None, 50.86]}).to_parquet(file)
    table, _facts = read(file, *MAPPING, *DEGREES)
    assert table["house_number"].to_pylist() == ["5", "6", "7"]
    assert table["box"].to_pylist() == ["1", None, "2.5"]
    assert table["postcode"].to_pylist() == ["1030"] * 3
    assert table["lon"].to_pylist() == [4.38, None, 4.38]


@pytest.mark.parametrize(
    ("crs", "x", "y", "kept"),
    [
        (None, 150_000.5, 171_000.25, "EPSG:31370"),
        ("EPSG:31370", 150_000.5, 171_000.25, "EPSG:31370"),
        ("EPSG:3812", 650_000.5, 671_000.25, "EPSG:3812"),
    ],
)
def test_metres_are_kept_in_their_crs(tmp_path: Path, crs: str | None, x: float, y: float, kept: str) -> None:
    file = table_file(tmp_path / "a.csv", [ROWS[0], f"Rue Haute,5,,1030,{x},{y}"])
    table, facts = read(file, *MAPPING, "x=x", "y=y", crs=crs)
    assert facts.crs == kept
    assert (table["x"][0].as_py(), table["y"][0].as_py()) == (x, y)
    assert table["lat"][0].as_py() == pytest.approx(50.85, abs=0.01)


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:4258"])
def test_x_and_y_may_be_degrees(tmp_path: Path, crs: str) -> None:
    file = table_file(tmp_path / "a.csv")
    in_xy, facts = read(file, *MAPPING, "x=x", "y=y", crs=crs)
    assert in_xy.equals(read(file, *MAPPING, *DEGREES)[0])
    assert facts.crs == "EPSG:31370"


def test_addresses_without_coordinates_are_told(tmp_path: Path) -> None:
    table, facts = read(table_file(tmp_path / "a.csv"), *MAPPING)
    assert table["x"].null_count == 2
    assert ("no-position", 2) in [(found.code, found.count) for found in facts.findings]


def test_made_identifier_stays_with_the_address(tmp_path: Path) -> None:
    before, _facts = read(table_file(tmp_path / "a.csv"), *MAPPING, *DEGREES)
    later = ["y,cp,boite,numero,rue,x", "50.8699,1030, b2 ,5A,RUE HAUTE,4.39", "50.86,1030,,14,Rue Neuve,4.38"]
    after, _facts = read(table_file(tmp_path / "b.csv", later), *MAPPING, *DEGREES)
    assert after["address_id"][0] == before["address_id"][1]
    assert len(set(before["address_id"].to_pylist()) | set(after["address_id"].to_pylist())) == 3


texts = st.text("ab \x1e,", max_size=3)


@given(st.lists(st.tuples(texts, texts, texts), min_size=2, max_size=2, unique=True))
def test_made_identifiers_of_different_addresses_differ(parts: list[tuple[str, str, str]]) -> None:
    from data.readers.generic_addresses import _made_identifiers

    columns = zip(*parts, strict=True)
    names = ("street_fr", "house_number", "box")
    ids = _made_identifiers({name: pa.array(values) for name, values in zip(names, columns, strict=True)})
    assert ids[0] != ids[1]


def test_repeated_address_is_dropped_where_the_identifier_is_made(tmp_path: Path) -> None:
    table, facts = read(table_file(tmp_path / "a.csv", [*ROWS, ROWS[1]]), *MAPPING, *DEGREES)
    assert table.num_rows == 2
    assert ("repeated-address", 1, 3) in [(found.code, found.count, found.row) for found in facts.findings]


def test_repeated_identifier_of_the_file_is_an_error(tmp_path: Path) -> None:
    error = fault(table_file(tmp_path / "a.csv", [*ROWS, ROWS[1]]), *MAPPING, "address_id=numero")
    assert (error.code, error.row) == ("duplicate-code", 3)


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (("house_number=numero", "municipality_code:=21015"), "no street"),
        (("street_fr=rue", "municipality_code:=21015"), "house_number is not mapped"),
        (("street_fr=rue", "house_number=numero", "postcode=cp"), "municipality_code is not mapped"),
        ((*MAPPING, "lon=x"), "lon and lat make a position together"),
        ((*MAPPING, "lon:=4.38", "lat=y"), "lon differs from row to row"),
        ((*MAPPING, "address_id:=1"), "address_id differs from row to row"),
        ((*MAPPING, "street=rue"), "'street' is no target"),
    ],
)
def test_mapping_that_makes_no_address_is_refused(tmp_path: Path, pairs: tuple[str, ...], message: str) -> None:
    with pytest.raises(MappingError, match=message):
        read(table_file(tmp_path / "a.csv"), *pairs)


def test_crs_of_another_country_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="EPSG:28992"):
        read(table_file(tmp_path / "a.csv"), *MAPPING, crs="EPSG:28992")
    with pytest.raises(MappingError, match="given twice"):
        read(table_file(tmp_path / "a.csv"), *MAPPING, *DEGREES, "x=x", "y=y", crs="EPSG:4326")


def test_column_that_the_file_does_not_have_is_named(tmp_path: Path) -> None:
    error = fault(table_file(tmp_path / "a.csv"), *MAPPING, "street_nl=straat")
    assert error.code == "missing-column"
    assert "street_nl (straat)" in error.message
    assert "numero" in error.message


@pytest.mark.parametrize("column", ["municipality_code=boite", "house_number=boite"])
def test_empty_needed_field_is_an_error_of_its_row(tmp_path: Path, column: str) -> None:
    error = fault(table_file(tmp_path / "a.csv"), *MAPPING, column)
    assert (error.code, error.row) == ("missing-value", 1)


def test_status_must_be_one_of_ours(tmp_path: Path) -> None:
    rows = [f"{ROWS[0]},statut", f"{ROWS[1]},retired", f"{ROWS[2]},en cours"]
    error = fault(table_file(tmp_path / "a.csv", rows), *MAPPING, "status=statut")
    assert (error.code, error.row) == ("unknown-status", 2)
    table, _facts = read(table_file(tmp_path / "a.csv", rows[:2]), *MAPPING, "status=statut")
    assert table["status"].to_pylist() == ["retired"]


@pytest.mark.parametrize("ending", ["parquet", "csv.zip", "csv.gz"])
def test_file_that_is_not_what_its_ending_says_is_told(tmp_path: Path, ending: str) -> None:
    code = "unreadable-table" if ending == "parquet" else "truncated-archive"
    assert fault(table_file(tmp_path / f"a.{ending}"), *MAPPING).code == code


@pytest.mark.parametrize("values", [[b"\xff"], [["a", "b"]], [{"a": 1}]])
def test_column_that_is_no_text_is_named(tmp_path: Path, values: list[object]) -> None:
    file = tmp_path / "a.parquet"
    pq.write_table(pa.table({"rue": values} | {name: ["1"] for name in ("numero", "boite", "cp")}), file)
    error = fault(file, *MAPPING)
    assert error.code == "unreadable-table"
    assert "'rue'" in error.message


def test_archive_with_two_tables_is_not_chosen_from(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.csv", "\n".join(ROWS))
        archive.writestr("b.csv", "\n".join(ROWS))
    assert fault(tmp_path / "a.zip", *MAPPING).code == "ambiguous-table"


@pytest.mark.parametrize("name", ["whole.csv", "whole.csv.gz", "whole.zip", "whole.parquet"])
def test_a_damaged_file_is_read_or_refused(tmp_path: Path, name: str) -> None:
    plain = table_file(tmp_path / "whole.csv", [ROWS[0], *(f"Rue Haute,{n},,1030,4.38,50.86" for n in range(300))])
    with zipfile.ZipFile(tmp_path / "whole.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(plain, plain.name)
    (tmp_path / "whole.csv.gz").write_bytes(gzip.compress(plain.read_bytes()))
    pd.read_csv(plain).to_parquet(tmp_path / "whole.parquet")
    content = (tmp_path / name).read_bytes()
    rng = random.Random(name)
    refused = 0
    for trial in range(60):
        place, damaged = rng.randrange(len(content)), bytearray(content)
        if trial % 3 == 0:
            del damaged[place:]
        elif trial % 3 == 1:
            damaged[place] ^= rng.randrange(1, 256)
        else:
            del damaged[place : place + rng.randrange(1, 40)]
        file = tmp_path / f"damaged-{name}"
        file.write_bytes(damaged)
        try:
            read(file, *MAPPING, *DEGREES)
        except SourceError:
            refused += 1
    assert refused > 0


@pytest.mark.realdata
def test_addresses_of_schaerbeek_go_in(real_data: Path) -> None:
    file = real_data / "belgium" / "schaerbeek" / "addresses.csv"
    columns = ("street_fr", "street_nl", "house_number", "box", "lon", "lat", "postcode")
    pairs = [f"{name}={name}" for name in columns]
    table, facts = read(file, *pairs, "municipality_code=municipality")
    given = pd.read_csv(file, dtype=str, keep_default_na=False)
    # 856 rows, of which 10 name an address that another row names.
    assert table.num_rows == len(given.drop_duplicates(["street_fr", "street_nl", "house_number", "box"])) == 846
    assert {found.code: found.count for found in facts.findings} == {"repeated-address": 10}
    assert set(table["municipality_code"].to_pylist()) == {"21015"}
    assert table["x"].null_count == 0
    assert pc.min(table["y"]).as_py() > 168_000


@pytest.mark.realdata
def test_addresses_of_utrecht_go_in(real_data: Path) -> None:
    file = real_data / "netherlands" / "utrecht-osm-addresses" / "addresses.csv"
    pairs = ("address_id=id", "street_nl=street", "house_number=housenumber", "postcode=postcode", "locality_nl=city")
    table, facts = read(file, *pairs, "lon=lon", "lat=lat", "municipality_code:=GM0344", country="NL")
    assert (table.num_rows, table["postcode"].null_count, table["x"].null_count) == (676, 1, 0)
    assert set(table["municipality_code"].to_pylist()) == {"GM0344"}
    assert (facts.crs, facts.findings) == ("EPSG:28992", ())
