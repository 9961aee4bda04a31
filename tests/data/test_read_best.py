"""BeST files become addresses: names, boxes, statuses and both positions; every bad file says what and where."""

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyproj import Transformer

from data.demo import DemoSize, write_demo
from data.importing.addresses import ADDRESSES_FILE, INDEX_FOLDER, stage_addresses
from data.readers import text_streams
from data.readers.best import read_best
from data.tables import ADDRESS_SCHEMA, AddressStatus, Finding, SourceError, SourceFacts
from geo.addresses import AddressIndex

HEADER = (
    "EPSG:31370_x,EPSG:31370_y,EPSG:4326_lat,EPSG:4326_lon,address_id,box_number,house_number,municipality_id,"
    "municipality_name_de,municipality_name_fr,municipality_name_nl,postcode,postname_fr,postname_nl,street_id,"
    "streetname_de,streetname_fr,streetname_nl,region_code,status"
)
PAIRS = ("31370_x", "31370_y", "4326_lat", "4326_lon")
X, Y = 149000.0, 170500.0
LON, LAT = Transformer.from_crs("EPSG:31370", "EPSG:4326", always_xy=True).transform(X, Y)
ORIGIN_LON, ORIGIN_LAT = Transformer.from_crs("EPSG:31370", "EPSG:4326", always_xy=True).transform(0, 0)
ADDRESS = {
    "EPSG:31370_x": f"{X:.5f}",
    "EPSG:31370_y": f"{Y:.5f}",
    "EPSG:4326_lat": f"{LAT:.5f}",
    "EPSG:4326_lon": f"{LON:.5f}",
    "house_number": "12",
    "municipality_id": "21004",
    "municipality_name_fr": "Bruxelles",
    "municipality_name_nl": "Brussel",
    "postcode": "1000",
    "street_id": "4568",
    "streetname_fr": "Rue de l'Église",
    "streetname_nl": "Kerkstraat",
    "region_code": "BE-BRU",
    "status": "current",
}


def line(columns: list[str], **values: object) -> str:
    """Return a row of the file; keywords may write `EPSG:31370_x` as `EPSG_31370_x`."""
    given = ADDRESS | {name.replace("EPSG_", "EPSG:"): str(value) for name, value in values.items()}
    return ",".join(given.get(name, "") for name in columns)


def best_file(path: Path, rows: list[dict[str, object]], header: str = HEADER) -> Path:
    columns = header.split(",")
    numbered = ({"address_id": number} | row for number, row in enumerate(rows, start=1))
    path.write_text("\n".join([header, *(line(columns, **row) for row in numbered)]) + "\n", encoding="utf-8")
    return path


def read(path: Path) -> tuple[pa.Table, SourceFacts]:
    register = read_best(path)
    table = pa.Table.from_batches(register.batches(), ADDRESS_SCHEMA)
    assert register.bytes_read == register.bytes_total
    table.validate(full=True)
    return table, register.facts()


def fault(path: Path) -> SourceError:
    with pytest.raises(SourceError) as raised:
        read(path)
    assert raised.value.remedy
    assert path.name in str(raised.value)
    return raised.value


@pytest.fixture
def csv(tmp_path: Path) -> Callable[..., Path]:
    """Write rows to `openaddress-bebru.csv`."""

    def write(*rows: dict[str, object], header: str = HEADER) -> Path:
        return best_file(tmp_path / "openaddress-bebru.csv", list(rows), header)

    return write


def test_every_column_of_an_address_is_read(csv: Callable[..., Path]) -> None:
    table, facts = read(csv({"box_number": "b001", "postname_nl": "BRUSSEL"}, {"address_id": "2", "box_number": " "}))
    [box, house] = table.to_pylist()
    assert {name: value for name, value in box.items() if name not in ("x", "y", "lon", "lat")} == {
        "address_id": "BE-BRU/1",
        "street_id": "4568",
        "street_nl": "Kerkstraat",
        "street_fr": "Rue de l'Église",
        "street_de": None,
        "house_number": "12",
        "box": "b001",
        "postcode": "1000",
        "locality_nl": "BRUSSEL",
        "locality_fr": None,
        "locality_de": None,
        "municipality_code": "21004",
        "municipality_nl": "Brussel",
        "municipality_fr": "Bruxelles",
        "municipality_de": None,
        "status": "current",
        "purpose": None,
    }
    # Both positions are the register's own, to the last decimal that it writes.
    assert (box["x"], box["y"]) == (X, Y)
    assert (box["lon"], box["lat"]) == (float(f"{LON:.5f}"), float(f"{LAT:.5f}"))
    assert (house["address_id"], house["box"], house["locality_nl"]) == ("BE-BRU/2", None, None)
    assert (facts.country, facts.crs, facts.findings) == ("BE", "EPSG:31370", ())


def test_municipality_is_the_registers_and_not_that_of_the_postcode(csv: Callable[..., Path]) -> None:
    table, _facts = read(csv({"postcode": "1050"}, {"postcode": "1050", "municipality_id": "21009"}))
    assert table["municipality_code"].to_pylist() == ["21004", "21009"]


@pytest.mark.parametrize("spelling", [str.lower, str.upper, str.title])
def test_columns_are_found_in_any_case_and_order_beside_others(
    csv: Callable[..., Path], spelling: Callable[[str], str]
) -> None:
    file = csv({})
    heading, row = file.read_text(encoding="utf-8").splitlines()
    names = [spelling(name) for name in reversed(heading.split(","))]
    file.write_text(f"{','.join(['remark', *names])}\n{','.join(['x', *reversed(row.split(','))])}\n", encoding="utf-8")
    table, _facts = read(file)
    assert table["street_fr"].to_pylist() == ["Rue de l'Église"]
    assert table["x"].to_pylist() == [X]


def test_byte_order_mark_carriage_returns_and_quoted_commas_are_understood(csv: Callable[..., Path]) -> None:
    file = csv({"streetname_de": '"Weiherstraße,Recht"'})
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    table, _facts = read(file)
    assert table["street_de"].to_pylist() == ["Weiherstraße,Recht"]


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("current", "current"),
        ("Proposed", "proposed"),
        ("reserved", "proposed"),
        ("retired", "retired"),
        ("rejected", "retired"),
    ],
)
def test_statuses_become_ours(csv: Callable[..., Path], written: str, status: str) -> None:
    table, _facts = read(csv({}, {"status": written}))
    assert table["status"].to_pylist() == ["current", AddressStatus(status)]


@pytest.mark.parametrize("status", ["inGebruik", ""])
def test_unknown_status_is_never_taken_for_current(csv: Callable[..., Path], status: str) -> None:
    error = fault(csv({}, {}, {"status": status}))
    assert (error.code, error.row) == ("unknown-status", 3)


def test_new_files_have_lambert_2008_and_keep_it(csv: Callable[..., Path]) -> None:
    x, y = Transformer.from_crs("EPSG:31370", "EPSG:3812", always_xy=True).transform(X, Y)
    header = HEADER.replace("EPSG:31370", "EPSG:3812")
    table, facts = read(csv({"EPSG_3812_x": x, "EPSG_3812_y": y}, header=header))
    assert facts.crs == "EPSG:3812"
    assert facts.findings == ()
    assert (table["x"][0].as_py(), table["y"][0].as_py()) == (x, y)


# What a register without a position writes: zeros, and what zeros become when they are converted like a position.
ZEROS = [
    {"EPSG_31370_x": "0.00000", "EPSG_31370_y": "0.00000", "EPSG_4326_lat": "0.0", "EPSG_4326_lon": "0.0"},
    {"EPSG_31370_x": "0", "EPSG_31370_y": "0", "EPSG_4326_lat": ORIGIN_LAT, "EPSG_4326_lon": ORIGIN_LON},
    {"EPSG_31370_x": "0.0", "EPSG_31370_y": "0.0"},
    {"EPSG_31370_x": "", "EPSG_31370_y": "", "EPSG_4326_lat": "0", "EPSG_4326_lon": "0"},
    {"EPSG_31370_x": "", "EPSG_31370_y": "", "EPSG_4326_lat": ORIGIN_LAT, "EPSG_4326_lon": ORIGIN_LON},
]


def test_zero_positions_are_kept_without_a_position_and_counted(csv: Callable[..., Path]) -> None:
    table, facts = read(csv({}, *ZEROS))
    assert [table[name].null_count for name in ("x", "y", "lon", "lat")] == [len(ZEROS)] * 4
    assert [(found.code, found.count, found.row) for found in facts.findings] == [("zero-position", len(ZEROS), 2)]


def test_zeros_of_lambert_72_are_known_in_lambert_2008(csv: Callable[..., Path]) -> None:
    x, y = Transformer.from_crs("EPSG:31370", "EPSG:3812", always_xy=True).transform(0, 0)
    header = HEADER.replace("EPSG:31370", "EPSG:3812")
    table, facts = read(
        csv(
            {"EPSG_3812_x": x, "EPSG_3812_y": y, "EPSG_4326_lat": ORIGIN_LAT, "EPSG_4326_lon": ORIGIN_LON},
            header=header,
        )
    )
    assert table["x"].null_count == 1
    assert [found.code for found in facts.findings] == ["zero-position"]


@pytest.mark.parametrize("absent", ["4326", "31370"])
def test_one_pair_is_converted_into_the_other(csv: Callable[..., Path], absent: str) -> None:
    rows = [{"EPSG_4326_lat": "", "EPSG_4326_lon": ""}, {"EPSG_31370_x": "", "EPSG_31370_y": ""}]
    header = ",".join(name for name in HEADER.split(",") if absent not in name)
    for file_header, row in ((HEADER, rows[absent == "31370"]), (header, {})):
        table, facts = read(csv(row, header=file_header))
        [address] = table.to_pylist()
        # Five decimals of a degree are about a metre.
        assert np.hypot(address["x"] - X, address["y"] - Y) < 1.2
        assert np.hypot(address["lon"] - LON, address["lat"] - LAT) < 1e-5
        assert facts.findings == ()


def test_position_in_metres_wins_a_contradiction_which_is_counted(csv: Callable[..., Path]) -> None:
    near, far = {"EPSG_4326_lat": f"{LAT + 0.00008:.6f}"}, {"EPSG_4326_lat": f"{LAT + 0.0005:.6f}"}
    table, facts = read(csv({}, near, far, far))
    assert table["lat"].to_pylist()[:2] == [float(f"{LAT:.5f}"), float(f"{LAT + 0.00008:.6f}")]
    assert table["lat"].to_pylist()[2:] == pytest.approx([LAT, LAT], abs=1e-9)
    [finding] = facts.findings
    assert (finding.code, finding.row, finding.count) == ("positions-disagree", 3, 2)
    assert "56 m" in finding.message


def test_half_a_position_is_none_and_is_counted(csv: Callable[..., Path]) -> None:
    half, none = {"EPSG_31370_y": "", "EPSG_4326_lon": ""}, dict.fromkeys((f"EPSG_{name}" for name in PAIRS), "NaN")
    table, facts = read(csv({}, half, none))
    assert table["x"].to_pylist() == [X, None, None]
    assert [(found.code, found.row, found.count) for found in facts.findings] == [("no-position", 2, 2)]


def test_address_without_a_street_is_told(csv: Callable[..., Path]) -> None:
    _table, facts = read(csv({"streetname_fr": ""}, {"streetname_fr": "", "streetname_nl": ""}))
    assert [(found.code, found.row, found.count) for found in facts.findings] == [("no-street", 2, 1)]


def test_a_zip_a_gz_and_the_text_give_the_same(csv: Callable[..., Path], tmp_path: Path) -> None:
    file = csv({}, {"house_number": "14 A"})
    with zipfile.ZipFile(tmp_path / "packed.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(file, file.name)
        archive.writestr("readme.txt", "open data")
    (tmp_path / "packed.csv.gz").write_bytes(gzip.compress(file.read_bytes()))
    table, _facts = read(file)
    for name in ("packed.zip", "packed.csv.gz"):
        assert read(tmp_path / name)[0].equals(table)


def test_three_regions_in_a_folder_or_one_zip_are_one_register(tmp_path: Path) -> None:
    folder = tmp_path / "best-20261101"
    folder.mkdir()
    (folder / "readme.csv").write_text("not an address\n")
    with zipfile.ZipFile(tmp_path / "best-20261101.zip", "w") as together:
        for region in ("BE-BRU", "BE-VLG", "BE-WAL"):
            name = f"openaddress-{region.replace('-', '').lower()}"
            file = best_file(tmp_path / f"{name}.csv", [{"region_code": region}])
            together.write(file, file.name)
            with zipfile.ZipFile(folder / f"{name}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
                archive.write(file, file.name)
    for path in (folder, tmp_path / "best-20261101.zip"):
        table, facts = read(path)
        # Each region counts from 1: only with its code is a number an identifier.
        assert table["address_id"].to_pylist() == ["BE-BRU/1", "BE-VLG/1", "BE-WAL/1"]
        assert facts.reference_date is not None
        assert facts.reference_date.isoformat() == "2026-11-01"


def test_identifier_with_its_namespace_stays_as_it_is(csv: Callable[..., Path]) -> None:
    table, _facts = read(csv({"address_id": "https://databrussels.be/id/address/219307/7"}))
    assert table["address_id"].to_pylist() == ["https://databrussels.be/id/address/219307/7"]


def test_facts_wait_for_the_end_and_reading_again_gives_the_same(csv: Callable[..., Path]) -> None:
    register = read_best(csv({}, ZEROS[0]))
    with pytest.raises(RuntimeError, match="end"):
        register.facts()
    first = pa.Table.from_batches(register.batches())
    facts = register.facts()
    assert pa.Table.from_batches(register.batches()).equals(first)
    assert register.facts() == facts


def test_batches_are_bounded_and_rows_keep_their_order(
    csv: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_streams, "BLOCK_BYTES", 1 << 12)
    monkeypatch.setattr("data.readers.address_rows.ROWS_PER_BATCH", 100)
    rows = [{"EPSG_31370_x": X + number, "EPSG_4326_lat": "", "EPSG_4326_lon": ""} for number in range(1_000)]
    register = read_best(csv(*rows))
    batches = list(register.batches())
    assert max(batch.num_rows for batch in batches) < 200
    assert pa.Table.from_batches(batches)["x"].to_pylist() == [X + number for number in range(1_000)]


# Faults


@pytest.mark.parametrize(
    "column", ["address_id", "house_number", "postcode", "municipality_id", "status", "region_code"]
)
def test_missing_column_is_named_with_those_that_there_are(csv: Callable[..., Path], column: str) -> None:
    error = fault(csv({}, header=HEADER.replace(column, "other")))
    assert error.code == "missing-column"
    assert column in error.message
    assert "streetname_nl" in error.message


def test_file_without_any_coordinates_is_refused(csv: Callable[..., Path]) -> None:
    assert fault(csv({}, header=HEADER.replace("EPSG:", "crs_"))).code == "missing-column"


def test_files_of_two_crs_are_not_mixed(tmp_path: Path) -> None:
    best_file(tmp_path / "openaddress-bebru.csv", [{}])
    best_file(tmp_path / "openaddress-bewal.csv", [{}], HEADER.replace("EPSG:31370", "EPSG:3812"))
    with pytest.raises(SourceError, match=r"openaddress-bewal\.csv: it is in EPSG:3812") as raised:
        read_best(tmp_path)
    assert raised.value.code == "wrong-crs"


@pytest.mark.parametrize("column", ["address_id", "house_number", "municipality_id", "region_code"])
@pytest.mark.parametrize("empty", ["", "  "])
def test_empty_needed_field_is_an_error_of_its_row(csv: Callable[..., Path], column: str, empty: str) -> None:
    error = fault(csv({}, {}, {column: empty}, {column: empty}))
    assert (error.code, error.row) == ("missing-value", 3)


@pytest.mark.parametrize("written", ["149,5", "abc", "inf", "1e999", "1_000", "12 m"])
def test_coordinate_that_is_no_number_is_an_error_of_its_row(csv: Callable[..., Path], written: str) -> None:
    error = fault(csv({}, {"EPSG_31370_x": f'"{written}"'}))
    assert (error.code, error.row) == ("not-a-number", 2)
    assert written in error.message


@pytest.mark.parametrize(
    "abroad",
    [
        {"EPSG_31370_x": Y * 4, "EPSG_31370_y": X},
        {"EPSG_31370_x": "", "EPSG_31370_y": "", "EPSG_4326_lat": LON, "EPSG_4326_lon": LAT},
        {"EPSG_31370_x": "1e300", "EPSG_31370_y": "1e300"},
        {"EPSG_31370_x": "-0.1", "EPSG_31370_y": "700000"},
    ],
)
def test_position_out_of_the_country_is_an_error_of_its_row(
    csv: Callable[..., Path], abroad: dict[str, object]
) -> None:
    error = fault(csv({}, {}, abroad))
    assert (error.code, error.row) == ("out-of-country", 3)


@pytest.mark.parametrize("row", ["1,2,3", "1," * 30])
def test_row_of_another_length_is_an_error_of_its_row(csv: Callable[..., Path], row: str) -> None:
    file = csv({}, {}, {})
    lines = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join([*lines[:3], row, *lines[3:]]), encoding="utf-8")
    error = fault(file)
    assert (error.code, error.row) == ("ragged-row", 3)


def test_open_quotation_mark_does_not_swallow_rows(csv: Callable[..., Path]) -> None:
    file = csv({}, {"streetname_nl": '"Kerkstraat'}, {}, {"streetname_nl": 'Kerkstraat"'}, {})
    error = fault(file)
    assert (error.code, error.row) in {("line-break", 2), ("ragged-row", 2)}


def test_text_that_is_not_utf8_is_an_error_of_its_line(csv: Callable[..., Path]) -> None:
    file = csv({"streetname_fr": "Rue Haute"}, {})
    file.write_bytes(file.read_bytes().replace("É".encode(), b"\xc9"))
    error = fault(file)
    assert error.code == "not-utf-8"
    assert "line 3" in error.message
    assert "iconv -f WINDOWS-1252" in str(error)


def test_utf16_is_told_as_such(csv: Callable[..., Path]) -> None:
    file = csv({})
    file.write_text(file.read_text(encoding="utf-8"), encoding="utf-16")
    assert "iconv -f UTF-16" in str(fault(file))


def test_identifier_that_stands_twice_is_an_error_with_both_rows(csv: Callable[..., Path]) -> None:
    error = fault(csv({"address_id": 7}, {"address_id": 8}, {"address_id": 7}))
    assert (error.code, error.row) == ("duplicate-code", 3)
    assert "'BE-BRU/7' stands here and in row 1" in error.message


def test_identifier_in_two_files_is_an_error_with_both_files(tmp_path: Path) -> None:
    for name in ("openaddress-1.csv", "openaddress-2.csv"):
        best_file(tmp_path / name, [{"address_id": 9}, {"address_id": name[12]}])
    with pytest.raises(SourceError, match=r"openaddress-2\.csv, row 1: .*in openaddress-1\.csv, row 1"):
        read(tmp_path)


def test_equal_fingerprints_of_different_identifiers_are_no_repeat(
    csv: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "data.readers.address_identifiers.fingerprints", lambda ids: np.zeros(len(ids), dtype=np.uint64)
    )
    assert read(csv({}, {}, {}))[0].num_rows == 3


@pytest.mark.parametrize("content", [b"", b"\n\n", HEADER.encode(), HEADER.encode() + b"\r\n\r\n"])
def test_file_without_rows_has_no_batches_or_is_empty(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "openaddress-bebru.csv"
    file.write_bytes(content)
    if content.strip():
        assert read(file)[0].num_rows == 0
    else:
        assert fault(file).code == "empty-file"


def test_damaged_archives_are_told(csv: Callable[..., Path], tmp_path: Path) -> None:
    file = csv(*({"house_number": number} for number in range(1, 400)))
    packed = tmp_path / "openaddress-bebru.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(file, file.name)
    content = packed.read_bytes()
    packed.write_bytes(content[: len(content) // 2])
    assert fault(packed).code == "truncated-archive"
    packed.write_bytes(file.read_bytes())
    assert fault(packed).code == "truncated-archive"
    # The directory is whole and a byte of the data is not: found by its checksum while it is read.
    wrong = bytearray(content)
    wrong[len(content) // 3] ^= 0xFF
    packed.write_bytes(bytes(wrong))
    assert fault(packed).code == "truncated-archive"
    cut = tmp_path / "openaddress-bebru.csv.gz"
    cut.write_bytes(gzip.compress(file.read_bytes())[:-200])
    assert fault(cut).code == "truncated-archive"


def test_archives_out_of_bounds_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside = tmp_path / "outside.zip"
    with zipfile.ZipFile(outside, "w") as archive:
        archive.writestr("../openaddress-bebru.csv", HEADER)
    assert fault(outside).code == "unsafe-archive"
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("openaddress-bebru.csv", HEADER + "\n" + "0" * 30_000_000)
    assert fault(bomb).code == "unsafe-archive"
    monkeypatch.setattr(text_streams, "UNPACKED_MAX_BYTES", 1_000)
    large = tmp_path / "large.csv.gz"
    large.write_bytes(gzip.compress((HEADER + "\n" + "0" * 5_000).encode()))
    assert fault(large).code == "unsafe-archive"


def test_archive_and_folder_without_a_csv_are_told(tmp_path: Path) -> None:
    empty = tmp_path / "empty.zip"
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("readme.md", "nothing")
    assert fault(empty).code == "ambiguous-table"
    folder = tmp_path / "folder"
    folder.mkdir()
    assert fault(folder).code == "empty-file"


def test_release_holds_every_row_and_progress_reaches_its_end(csv: Callable[..., Path], tmp_path: Path) -> None:
    file = csv(*({"house_number": number} for number in range(1, 31)))
    told: list[tuple[str, int, int]] = []
    staged = stage_addresses(read_best(file), tmp_path, file=file.name, progress=lambda *step: told.append(step))
    assert (staged.rows, staged.crs, staged.country) == (30, "EPSG:31370", "BE")
    assert pq.read_table(tmp_path / ADDRESSES_FILE).equals(read(file)[0])
    assert len(AddressIndex.open(tmp_path / INDEX_FOLDER)) == 30
    size = file.stat().st_size
    assert [step for step in told if step[0] == "read addresses"][-1] == ("read addresses", size, size)


def test_register_of_the_demo_region_is_read_whole(tmp_path: Path) -> None:
    files = write_demo(tmp_path, DemoSize(municipalities=3, sectors=30, addresses=3_000))
    table, facts = read(files.addresses)
    assert table.num_rows == 3_000
    [finding] = facts.findings
    assert isinstance(finding, Finding)
    assert (finding.code, finding.count) == ("zero-position", table["x"].null_count)
    shown = files.showcase[0]
    [row] = [row for row in table.to_pylist() if row["address_id"] == shown.address_id]
    assert (row["street_nl"], row["house_number"], row["lon"]) == (shown.street_nl, shown.house_number, shown.lon)
