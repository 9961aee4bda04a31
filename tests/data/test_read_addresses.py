"""Any table of addresses is read by its mapping; identifiers that are made are the same in the next file."""

import gzip
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.readers import text_streams
from data.readers.address_rows import AddressesRead
from data.readers.generic_addresses import read_addresses
from data.readers.mapping import ColumnMapping, MappingError
from data.tables import ADDRESS_SCHEMA, Country, SourceError, SourceFacts
from geo.crs import LONLAT, OFFICIAL_CRS, transform_point

PAIRS = ("street_fr=rue", "house_number=numero", "box=boite", "lon=lon", "lat=lat", "municipality_code:=21015")
LON, LAT = 4.3934, 50.8731
HEADING = "rue,numero,boite,lon,lat"
TEXT = f"{HEADING}\nRue du Corbeau,118,,{LON},{LAT}\nRue du Corbeau,118,2,{LON},{LAT}\nAvenue Louise,5,,,\n"


def reading(
    path: Path, *pairs: str, country: Country = "BE", crs: str | None = None, without: str = "\0"
) -> AddressesRead:
    kept = [pair for pair in PAIRS if not pair.startswith(without)]
    return read_addresses(path, ColumnMapping.read([*kept, *pairs]), country=country, crs=crs)


def taken(
    path: Path, *pairs: str, country: Country = "BE", crs: str | None = None, without: str = "\0"
) -> tuple[pa.Table, SourceFacts]:
    read = reading(path, *pairs, country=country, crs=crs, without=without)
    table = pa.Table.from_batches(read.batches(), ADDRESS_SCHEMA)
    assert read.bytes_read == read.bytes_total
    return table, read.facts()


def written(file: Path, text: str = TEXT, encoding: str = "utf-8") -> Path:
    file.write_bytes(text.encode(encoding))
    return file


def fault(path: Path, *pairs: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        taken(path, *pairs)
    assert caught.value.remedy
    return caught.value


def test_columns_and_constants_are_mapped(tmp_path: Path) -> None:
    table, facts = taken(written(tmp_path / "a.csv"), "municipality_fr:=Schaerbeek", "postcode:=1030")
    assert table["street_fr"].to_pylist() == ["Rue du Corbeau", "Rue du Corbeau", "Avenue Louise"]
    assert table["box"].to_pylist() == [None, "2", None]
    assert set(table["municipality_code"].to_pylist()) == {"21015"}
    assert set(table["municipality_fr"].to_pylist()) == {"Schaerbeek"}
    assert set(table["postcode"].to_pylist()) == {"1030"}
    assert set(table["status"].to_pylist()) == {"current"}
    assert table["street_nl"].null_count == 3
    x, y = transform_point(LON, LAT, LONLAT, OFFICIAL_CRS["BE"])
    assert (table["x"][0].as_py(), table["y"][0].as_py()) == pytest.approx((x, y))
    assert [(finding.code, finding.count) for finding in facts.findings] == [("no-position", 1)]


def test_one_column_may_serve_two_targets(tmp_path: Path) -> None:
    table, _facts = taken(written(tmp_path / "a.csv"), "street_nl=rue")
    assert table["street_nl"].equals(table["street_fr"])


@pytest.mark.parametrize("ending", ["csv", "txt", "csv.gz", "zip"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_text_is_read_packed_or_not_with_or_without_a_byte_order_mark(
    ending: str, encoding: str, tmp_path: Path
) -> None:
    path = tmp_path / f"addresses.{ending}"
    content = TEXT.encode(encoding)
    if ending == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("folder/addresses.txt", content)
    else:
        path.write_bytes(gzip.compress(content) if ending == "csv.gz" else content)
    assert taken(path)[0]["house_number"].to_pylist() == ["118", "118", "5"]


def test_parquet_is_read_whatever_the_types_of_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "addresses.parquet"
    frame = pd.DataFrame(
        {
            "rue": pd.Categorical(["Rue du Corbeau", "Rue du Corbeau", "Avenue Louise"]),
            "numero": [118, 118, 5],
            "boite": ["", "2", None],
            "lon": [LON, LON, None],
            "lat": [LAT, LAT, float("nan")],
            "not mapped": [b"\xff", b"", b""],
        }
    )
    frame.to_parquet(path)
    written(tmp_path / "addresses.csv")
    assert taken(path)[0].equals(taken(tmp_path / "addresses.csv")[0])


@pytest.mark.parametrize("crs", ["EPSG:31370", "EPSG:3812", "EPSG:4326", None])
def test_x_and_y_may_be_in_any_of_the_countrys_crs(crs: str | None, tmp_path: Path) -> None:
    x, y = transform_point(LON, LAT, LONLAT, crs or "EPSG:31370")
    path = written(tmp_path / "a.csv", f"rue,numero,boite,e,n\nRue du Corbeau,1,,{x},{y}\n")
    mapping = ColumnMapping.read([pair for pair in PAIRS if not pair.startswith(("lon", "lat"))] + ["x=e", "y=n"])
    read = read_addresses(path, mapping, country="BE", crs=crs)
    table = pa.Table.from_batches(read.batches(), ADDRESS_SCHEMA)
    expected = transform_point(LON, LAT, LONLAT, "EPSG:31370")
    assert (table["x"][0].as_py(), table["y"][0].as_py()) == pytest.approx(expected, abs=0.01)
    assert (table["lon"][0].as_py(), table["lat"][0].as_py()) == pytest.approx((LON, LAT), abs=1e-7)


def test_degrees_that_no_projection_takes_are_out_of_the_country(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", f"{HEADING}\nA,1,,{LON},{LAT}\nB,2,,500,100\n")
    with pytest.raises(SourceError) as caught:
        taken(path, "x=lon", "y=lat", crs="EPSG:4326", without="l")
    assert (caught.value.code, caught.value.row) == ("out-of-country", 2)


class TestMadeIdentifiers:
    """Where a file gives no identifier, the address itself makes one."""

    def test_they_are_the_same_in_the_next_file(self, tmp_path: Path) -> None:
        first = taken(written(tmp_path / "a.csv"))[0]["address_id"].to_pylist()
        lines = TEXT.splitlines()
        again = written(tmp_path / "b.csv", "\n".join([lines[0], "Place Neuve,1,,,", *reversed(lines[1:])]) + "\n")
        second = taken(again)[0]["address_id"].to_pylist()
        assert len(set(first)) == 3
        assert second[1:] == first[::-1]

    def test_they_do_not_hang_on_the_position(self, tmp_path: Path) -> None:
        moved = written(tmp_path / "b.csv", TEXT.replace(str(LAT), "50.8732"))
        first, second = (taken(path)[0] for path in (written(tmp_path / "a.csv"), moved))
        assert first["address_id"].equals(second["address_id"])

    def test_fields_do_not_run_into_each_other(self, tmp_path: Path) -> None:
        table, _facts = taken(written(tmp_path / "a.csv", f"{HEADING}\nA,11,2,,\nA,1,12,,\nA,112,,,\n"))
        assert len(set(table["address_id"].to_pylist())) == 3

    @pytest.mark.parametrize("block_bytes", [text_streams.BLOCK_BYTES, 200])
    def test_a_row_that_repeats_an_address_is_left_out_and_counted(
        self, block_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(text_streams, "BLOCK_BYTES", block_bytes)
        rows = [f"Rue,{number % 30},,{LON},{LAT}" for number in range(35)]
        table, facts = taken(written(tmp_path / "a.csv", "\n".join([HEADING, *rows]) + "\n"))
        assert table["house_number"].to_pylist() == [str(number) for number in range(30)]
        assert [(finding.code, finding.count) for finding in facts.findings] == [("repeated-address", 5)]

    @pytest.mark.parametrize("block_bytes", [text_streams.BLOCK_BYTES, 40])
    def test_a_current_address_is_never_left_out_for_a_retired_one(
        self, block_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(text_streams, "BLOCK_BYTES", block_bytes)
        heading = "rue,numero,boite,lon,lat,s"
        fine = written(tmp_path / "a.csv", f"{heading}\nA,1,,,,current\nA,1,,,,retired\nA,1,,,,current\n")
        assert taken(fine, "status=s")[0]["status"].to_pylist() == ["current"]
        error = fault(written(tmp_path / "b.csv", f"{heading}\nA,1,,,,retired\nB,1,,,,\nA,1,,,,current\n"), "status=s")
        assert (error.code, error.row) == ("status-conflict", 3)

    def test_rows_are_counted_with_the_repeats(self, tmp_path: Path) -> None:
        error = fault(written(tmp_path / "a.csv", f"{HEADING}\nA,1,,,\nA,1,,,\nA,2,,abc,\n"))
        assert (error.code, error.row) == ("not-a-number", 3)


def test_identifiers_that_are_given_must_be_unique(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "id,rue,numero,boite,lon,lat\n1,A,1,,,\n2,A,2,,,\n1,A,3,,,\n")
    error = fault(path, "address_id=id")
    assert (error.code, error.row) == ("duplicate-code", 3)
    assert "row 1" in error.message


def test_a_given_identifier_that_is_empty_names_its_row(tmp_path: Path) -> None:
    error = fault(written(tmp_path / "a.csv", "id,rue,numero,boite,lon,lat\n1,A,1,,,\n,A,2,,,\n"), "address_id=id")
    assert (error.code, error.row) == ("missing-value", 2)


@pytest.mark.parametrize(("status", "code"), [("retired", None), ("PROPOSED", None), ("gone", "unknown-status")])
def test_a_status_is_one_of_ours(status: str, code: str | None, tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", f"rue,numero,boite,lon,lat,s\nA,1,,,,\nA,2,,,,{status}\n")
    if code is None:
        assert taken(path, "status=s")[0]["status"].to_pylist() == ["current", status.lower()]
    else:
        error = fault(path, "status=s")
        assert (error.code, error.row) == (code, 2)


def test_a_constant_status_holds_for_every_row(tmp_path: Path) -> None:
    assert set(taken(written(tmp_path / "a.csv"), "status:=proposed")[0]["status"].to_pylist()) == {"proposed"}


@pytest.mark.parametrize(
    ("without", "message"),
    [("street", "no street is mapped"), ("house", "house_number is not"), ("munic", "municipality_code is not")],
)
def test_a_mapping_needs_a_street_a_number_and_a_municipality(without: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=message):
        reading(written(tmp_path / "a.csv"), without=without)


def test_a_target_or_a_crs_that_means_nothing_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv")
    with pytest.raises(MappingError, match="'street' is no target"):
        reading(path, "street=rue")
    with pytest.raises(MappingError, match="EPSG:28992"):
        reading(path, crs="EPSG:28992")


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_missing_column_is_named_with_those_that_there_are(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{ending}"
    if ending == "csv":
        written(path, TEXT.replace("numero", "no"))
    else:
        pd.DataFrame({name: ["1"] for name in ("rue", "no", "boite", "lon", "lat")}).to_parquet(path)
    error = fault(path)
    assert error.code == "missing-column"
    assert "house_number (numero)" in error.message
    assert "rue, no, boite" in error.message


def test_a_row_without_a_house_number_is_named(tmp_path: Path) -> None:
    error = fault(written(tmp_path / "a.csv", f"{HEADING}\nA,1,,,\nA,,,,\n"))
    assert (error.code, error.row) == ("missing-value", 2)


def test_text_that_is_not_utf8_names_the_line_and_the_remedy(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", f"{HEADING}\nA,1,,,\nRue de la Forêt,2,,,\n", "cp1252")
    error = fault(path)
    assert error.code == "not-utf-8"
    assert "line 3" in error.message
    assert "iconv" in str(error.remedy)


def test_a_text_in_utf16_is_told_as_such(tmp_path: Path) -> None:
    error = fault(written(tmp_path / "a.csv", TEXT, "utf-16"))
    assert error.code == "not-utf-8"
    assert "UTF-16" in str(error.remedy)


def test_a_ragged_row_is_named(tmp_path: Path) -> None:
    error = fault(written(tmp_path / "a.csv", f"{HEADING}\nA,1,,,\nA,2,,,,\n"))
    assert (error.code, error.row) == ("ragged-row", 2)


@pytest.mark.parametrize("name", ["a.csv.gz", "a.parquet"])
def test_a_truncated_file_is_told(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if name.endswith("gz"):
        path.write_bytes(gzip.compress(TEXT.encode())[:-20])
        assert fault(path).code == "truncated-archive"
    else:
        pd.read_csv(written(tmp_path / "a.csv"), dtype=str).to_parquet(path)
        path.write_bytes(path.read_bytes()[:-200])
        assert fault(path).code == "unreadable-table"


def test_parquet_that_is_damaged_within_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pd.read_csv(written(tmp_path / "a.csv"), dtype=str).to_parquet(path, compression="zstd")
    content = bytearray(path.read_bytes())
    content[4:200] = b"\xff" * 196
    path.write_bytes(content)
    assert fault(path).code == "unreadable-table"


@pytest.mark.parametrize("values", [[b"\xff"], [["a", "b"]], [{"a": 1}]])
def test_a_column_that_is_no_text_is_named(values: list[object], tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    columns = {name: ["1"] for name in ("numero", "boite", "lon", "lat")}
    pq.write_table(pa.table({"rue": values, **columns}), path)
    error = fault(path)
    assert error.code == "unreadable-table"
    assert "'rue'" in error.message


def test_a_zip_of_two_tables_is_never_chosen_from(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.csv", TEXT)
        archive.writestr("b.csv", TEXT)
    error = fault(tmp_path / "a.zip")
    assert error.code == "ambiguous-table"
    assert "a.csv, b.csv" in error.message


def test_zeros_in_degrees_are_unknown(tmp_path: Path) -> None:
    table, facts = taken(written(tmp_path / "a.csv", f"{HEADING}\nA,1,,0,0\n"))
    assert table["x"].to_pylist() == [None]
    assert [finding.code for finding in facts.findings] == ["zero-position"]


@pytest.mark.realdata
def test_schaerbeek_has_846_addresses_and_ten_rows_that_repeat_one(real_data: Path) -> None:
    pairs = [
        *("street_fr=street_fr", "street_nl=street_nl", "house_number=house_number", "box=box", "lon=lon", "lat=lat"),
        *("postcode=postcode", "municipality_code=municipality", "municipality_fr:=Schaerbeek"),
    ]
    read = read_addresses(real_data / "belgium/schaerbeek/addresses.csv", ColumnMapping.read(pairs), country="BE")
    table = pa.Table.from_batches(read.batches(), ADDRESS_SCHEMA)
    assert table.num_rows == 846
    assert [(finding.code, finding.count) for finding in read.facts().findings] == [("repeated-address", 10)]
    assert set(table["municipality_code"].to_pylist()) == {"21015"}
    assert table["x"].null_count == 0


@pytest.mark.realdata
def test_utrecht_has_676_addresses(real_data: Path) -> None:
    pairs = [
        *("address_id=id", "street_nl=street", "house_number=housenumber", "postcode=postcode", "lon=lon", "lat=lat"),
        *("locality_nl=city", "municipality_code:=GM0344", "municipality_nl:=Utrecht"),
    ]
    read = read_addresses(
        real_data / "netherlands/utrecht-osm-addresses/addresses.csv", ColumnMapping.read(pairs), country="NL"
    )
    table = pa.Table.from_batches(read.batches(), ADDRESS_SCHEMA)
    assert table.num_rows == 676
    assert read.facts().findings == ()
    assert (table["postcode"].null_count, table["x"].null_count) == (1, 0)
    assert sum(not number.isdigit() for number in table["house_number"].to_pylist()) == 134
