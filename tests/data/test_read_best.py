"""BeST is read whole: languages, boxes and both positions are kept, known traps are counted, and a fault has a row."""

import zipfile
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.demo import REFERENCE_DAY, DemoSize, write_demo
from data.importing.addresses import ADDRESSES_FILE, INDEX_FOLDER, stage_addresses
from data.readers import text_streams
from data.readers.address_rows import AddressesRead
from data.readers.best import read_best
from data.tables import ADDRESS_SCHEMA, Finding, SourceError, SourceFacts
from geo.addresses import AddressIndex
from geo.crs import LONLAT, transform_point

HEADING = (
    "EPSG:31370_x,EPSG:31370_y,EPSG:4326_lat,EPSG:4326_lon,address_id,box_number,house_number,municipality_id,"
    "municipality_name_de,municipality_name_fr,municipality_name_nl,postcode,postname_fr,postname_nl,street_id,"
    "streetname_de,streetname_fr,streetname_nl,region_code,status"
)
X, Y = 149_000.0, 170_000.0
LON, LAT = transform_point(X, Y, "EPSG:31370", LONLAT)
SCHAERBEEK = {
    "EPSG:31370_x": f"{X:.5f}",
    "EPSG:31370_y": f"{Y:.5f}",
    "EPSG:4326_lat": f"{LAT:.5f}",
    "EPSG:4326_lon": f"{LON:.5f}",
    "address_id": "1",
    "house_number": "118",
    "municipality_id": "21015",
    "municipality_name_fr": "Schaerbeek",
    "municipality_name_nl": "Schaarbeek",
    "postcode": "1030",
    "street_id": "4000",
    "streetname_fr": "Rue du Corbeau",
    "streetname_nl": "Raafstraat",
    "region_code": "BE-BRU",
    "status": "current",
}
Row = dict[str, str]


def address(number: int | str = 1, **changes: str) -> Row:
    """Return a good row, with changes by column (`x`, `y`, `lon` and `lat` for the positions)."""
    short = {"x": "EPSG:31370_x", "y": "EPSG:31370_y", "lon": "EPSG:4326_lon", "lat": "EPSG:4326_lat"}
    return SCHAERBEEK | {"address_id": str(number)} | {short.get(name, name): to for name, to in changes.items()}


def text_of(rows: Iterable[Row], heading: str = HEADING) -> str:
    lines = [",".join(row.get(name, "") for name in heading.split(",")) for row in rows]
    return "\n".join([heading, *lines]) + "\n"


def written(folder: Path, rows: Iterable[Row], *, name: str = "openaddress-bebru.csv", heading: str = HEADING) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text_of(rows, heading), encoding="utf-8")
    return folder / name


def taken(path: Path) -> tuple[pa.Table, SourceFacts]:
    read = read_best(path)
    return whole(read), read.facts()


def whole(read: AddressesRead) -> pa.Table:
    return pa.Table.from_batches(read.batches(), ADDRESS_SCHEMA)


def only(path: Path) -> dict[str, object]:
    [row] = taken(path)[0].to_pylist()
    return row  # type: ignore[no-any-return]


def found(facts: SourceFacts, code: str) -> Finding:
    [finding] = [finding for finding in facts.findings if finding.code == code]
    return finding


def fault(path: Path) -> SourceError:
    with pytest.raises(SourceError) as caught:
        taken(path)
    assert caught.value.remedy
    return caught.value


def test_a_row_keeps_what_the_register_says(tmp_path: Path) -> None:
    table, facts = taken(written(tmp_path, [address()]))
    assert table.to_pylist() == [
        {
            "address_id": "1",
            "street_id": "4000",
            "street_nl": "Raafstraat",
            "street_fr": "Rue du Corbeau",
            "street_de": None,
            "house_number": "118",
            "box": None,
            "postcode": "1030",
            "locality_nl": None,
            "locality_fr": None,
            "locality_de": None,
            "municipality_code": "21015",
            "municipality_nl": "Schaarbeek",
            "municipality_fr": "Schaerbeek",
            "municipality_de": None,
            "status": "current",
            "purpose": None,
            "x": X,
            "y": Y,
            "lon": round(LON, 5),
            "lat": round(LAT, 5),
        }
    ]
    assert (facts.country, facts.crs, facts.findings) == ("BE", "EPSG:31370", ())


def test_three_languages_each_have_their_columns(tmp_path: Path) -> None:
    eupen = address(
        municipality_id="63023",
        municipality_name_de="Eupen",
        streetname_de="Bergstraße",
        streetname_fr="Rue de la Montagne",
        streetname_nl="",
        postname_de="EUPEN",
    )
    row = only(written(tmp_path, [eupen], heading=HEADING + ",postname_de"))
    assert (row["street_de"], row["street_fr"], row["street_nl"]) == ("Bergstraße", "Rue de la Montagne", None)
    assert (row["municipality_de"], row["locality_de"], row["locality_fr"]) == ("Eupen", "EUPEN", None)


def test_a_box_is_an_address_with_an_identifier_of_its_own(tmp_path: Path) -> None:
    rows = [address(10), address(11, box_number="A1"), address(12, box_number="0002")]
    table, _facts = taken(written(tmp_path, rows))
    assert table["address_id"].to_pylist() == ["10", "11", "12"]
    assert table["box"].to_pylist() == [None, "A1", "0002"]
    assert set(table["house_number"].to_pylist()) == {"118"}


def test_the_municipality_is_the_registers_whatever_the_postcode(tmp_path: Path) -> None:
    rows = [address(1, postcode="1030", municipality_id="21015"), address(2, postcode="1030", municipality_id="21004")]
    table, _facts = taken(written(tmp_path, rows))
    assert table["municipality_code"].to_pylist() == ["21015", "21004"]


@pytest.mark.parametrize("change", [str.upper, str.lower, lambda heading: heading.replace(",", " , ")])
def test_columns_are_known_in_any_case_and_with_spaces_around(change: object, tmp_path: Path) -> None:
    heading = change(HEADING)  # type: ignore[operator]
    path = tmp_path / "openaddress-bebru.csv"
    path.write_text(text_of([address()]).replace(HEADING, heading), encoding="utf-8")
    row = only(path)
    assert (row["address_id"], row["x"], row["lat"]) == ("1", X, round(LAT, 5))


def test_a_byte_order_mark_and_windows_line_ends_are_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "openaddress-bebru.csv"
    path.write_bytes(text_of([address(), address(2)]).replace("\n", "\r\n").encode("utf-8-sig"))
    table, _facts = taken(path)
    assert table["x"].to_pylist() == [X, X]
    assert table["status"].to_pylist() == ["current", "current"]


def test_codes_keep_their_leading_zeros_and_lose_their_spaces(tmp_path: Path) -> None:
    row = only(written(tmp_path, [address("007", house_number=" 012 ", box_number=" ")]))
    assert (row["address_id"], row["house_number"], row["box"]) == ("007", "012", None)


def test_a_quoted_field_may_hold_the_delimiter_and_quotation_marks(tmp_path: Path) -> None:
    row = only(written(tmp_path, [address(streetname_fr='"Rue ""du Pont"", prolongée"')]))
    assert row["street_fr"] == 'Rue "du Pont", prolongée'


@pytest.mark.parametrize(
    ("status", "ours"),
    [
        ("current", "current"),
        ("Current", "current"),
        ("", "current"),
        ("proposed", "proposed"),
        ("reserved", "proposed"),
        ("retired", "retired"),
    ],
)
def test_a_status_is_told_in_our_words(status: str, ours: str, tmp_path: Path) -> None:
    assert only(written(tmp_path, [address(status=status)]))["status"] == ours


def test_an_unknown_status_is_never_taken_for_current(tmp_path: Path) -> None:
    error = fault(written(tmp_path, [address(1), address(2, status=""), address(3, status="dreamt")]))
    assert (error.code, error.row) == ("unknown-status", 3)
    assert "'dreamt'" in error.message
    assert "retired" in error.message


def test_an_address_at_zero_is_kept_without_a_position_and_counted(tmp_path: Path) -> None:
    zero = {"x": "0.00000", "y": "0.00000", "lon": "0.00000", "lat": "0.00000"}
    lambert_only = {"x": "0", "y": "0", "lon": "2.30775", "lat": "49.29416"}
    rows = [address(1), address(2, **zero), address(3, **lambert_only)]
    table, facts = taken(written(tmp_path, rows))
    assert [table[name].to_pylist()[1:] for name in ("x", "y", "lon", "lat")] == [[None, None]] * 4
    zeros = found(facts, "zero-position")
    assert (zeros.count, zeros.row) == (2, 2)
    assert "openaddress-bebru.csv" in zeros.message


@pytest.mark.parametrize("unknown", ["", "NaN"])
def test_an_address_without_a_position_is_kept_and_counted_apart(unknown: str, tmp_path: Path) -> None:
    nowhere = dict.fromkeys(("x", "y", "lon", "lat"), unknown)
    table, facts = taken(written(tmp_path, [address(1, **nowhere), address(2, **nowhere | {"x": "149000"})]))
    assert table["x"].null_count == table["lat"].null_count == 2
    assert [finding.code for finding in facts.findings] == ["no-position"]
    assert facts.findings[0].count == 2


def test_one_pair_that_is_missing_is_converted_from_the_other(tmp_path: Path) -> None:
    rows = [address(1, lon="", lat=""), address(2, x="", y=""), address(3, lon="")]
    table, facts = taken(written(tmp_path, rows))
    assert facts.findings == ()
    assert table["lon"].to_pylist() == pytest.approx([LON] * 3, abs=1e-5)
    assert table["lat"].to_pylist() == pytest.approx([LAT] * 3, abs=1e-5)
    assert table["x"].to_pylist() == pytest.approx([X] * 3, abs=1)
    assert table["y"].to_pylist() == pytest.approx([Y] * 3, abs=1)


def test_a_register_without_degrees_is_read_by_its_official_coordinates(tmp_path: Path) -> None:
    heading = HEADING.replace("EPSG:4326_lat,EPSG:4326_lon,", "")
    row = only(written(tmp_path, [address()], heading=heading))
    assert (row["lon"], row["lat"]) == pytest.approx((LON, LAT), abs=1e-9)


def test_lambert_2008_is_converted_to_lambert_72(tmp_path: Path) -> None:
    x, y = transform_point(LON, LAT, LONLAT, "EPSG:3812")
    changed = {"EPSG:3812_x": f"{x:.3f}", "EPSG:3812_y": f"{y:.3f}"}
    path = written(tmp_path, [SCHAERBEEK | changed], heading=HEADING.replace("31370", "3812"))
    row = only(path)
    assert (row["x"], row["y"]) == pytest.approx((X, Y), abs=0.01)


def test_positions_that_disagree_are_counted_and_the_official_one_holds(tmp_path: Path) -> None:
    rows = [address(1), address(2, x=f"{X + 150:.2f}"), address(3, x=f"{X + 9:.2f}"), address(4, y=f"{Y - 20:.2f}")]
    table, facts = taken(written(tmp_path, rows))
    apart = found(facts, "positions-disagree")
    assert (apart.count, apart.row) == (2, 2)
    assert "150 m" in apart.message
    assert table["x"].to_pylist()[1] == X + 150


@pytest.mark.parametrize(
    "position",
    [
        {"lon": "4.35", "lat": "43.6", "x": "", "y": ""},
        {"lon": f"{LAT}", "lat": f"{LON}"},  # the two exchanged
        {"lon": "", "lat": "", "x": f"{Y}", "y": "900000"},
        {"x": "900000", "y": f"{Y}"},  # though the degrees are right
        {"lon": "", "lat": "", "x": "1e30", "y": "1e30"},
    ],
)
def test_a_position_out_of_the_country_names_its_row(position: dict[str, str], tmp_path: Path) -> None:
    error = fault(written(tmp_path, [address(1), address(2, x="0", y="0"), address(3, **position)]))
    assert (error.code, error.row) == ("out-of-country", 3)
    assert "outside Belgium" in error.message


@pytest.mark.parametrize("column", ["x", "y", "lon", "lat"])
@pytest.mark.parametrize("value", ["abc", '"149000,5"', "1_000", "inf", "-Infinity", "0x1F"])
def test_a_coordinate_that_is_no_number_names_its_row(column: str, value: str, tmp_path: Path) -> None:
    error = fault(written(tmp_path, [address(1), address(2, **{column: value})]))
    assert (error.code, error.row) == ("not-a-number", 2)
    assert repr(value.strip('"')) in error.message
    assert error.message.startswith(column)


@pytest.mark.parametrize("column", ["address_id", "house_number", "municipality_id"])
def test_a_row_without_what_makes_an_address_is_named(column: str, tmp_path: Path) -> None:
    error = fault(written(tmp_path, [address(1), address(2), address(3) | {column: " "}]))
    assert (error.code, error.row) == ("missing-value", 3)


@pytest.mark.parametrize(
    "column", ["address_id", "house_number", "postcode", "municipality_id", "status", "EPSG:31370_x"]
)
def test_a_missing_column_is_named_with_those_that_there_are(column: str, tmp_path: Path) -> None:
    heading = ",".join(name for name in HEADING.split(",") if name != column)
    error = fault(written(tmp_path, [address()], heading=heading))
    assert error.code == "missing-column"
    assert column.lower() in error.message
    assert "street_id, streetname_de" in error.message


def test_a_column_twice_is_refused(tmp_path: Path) -> None:
    error = fault(written(tmp_path, [address()], heading=f"{HEADING},status"))
    assert error.code == "duplicate-column"
    assert "'status'" in error.message


@pytest.mark.parametrize("block_bytes", [text_streams.BLOCK_BYTES, 512])
class TestFarIntoAFile:
    """Rows are counted from the beginning of the file, however many batches lie before them."""

    @pytest.fixture(autouse=True)
    def _small_blocks(self, block_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(text_streams, "BLOCK_BYTES", block_bytes)

    def test_every_row_comes_once_and_in_order(self, tmp_path: Path) -> None:
        table, _facts = taken(written(tmp_path, [address(number) for number in range(60)]))
        assert table["address_id"].to_pylist() == [str(number) for number in range(60)]

    def test_a_row_with_too_many_fields(self, tmp_path: Path) -> None:
        error = fault(written(tmp_path, [address(n, **({"status": "a,b"} if n == 40 else {})) for n in range(1, 60)]))
        assert (error.code, error.row) == ("ragged-row", 40)
        assert "21 fields" in error.message
        assert "20" in error.message

    def test_a_row_with_too_few_fields(self, tmp_path: Path) -> None:
        path = written(tmp_path, [address(n) for n in range(1, 40)])
        path.write_text(path.read_text(encoding="utf-8") + "149000,170000\n", encoding="utf-8")
        error = fault(path)
        assert (error.code, error.row) == ("ragged-row", 40)

    def test_an_identifier_twice_names_both_rows(self, tmp_path: Path) -> None:
        error = fault(written(tmp_path, [address(7 if n == 47 else n) for n in range(1, 60)]))
        assert (error.code, error.row) == ("duplicate-code", 47)
        assert "'7'" in error.message
        assert "row 7" in error.message

    def test_a_number_that_is_none(self, tmp_path: Path) -> None:
        error = fault(written(tmp_path, [address(n, **({"y": "?"} if n == 43 else {})) for n in range(1, 60)]))
        assert (error.code, error.row) == ("not-a-number", 43)

    def test_a_quotation_mark_that_never_ends(self, tmp_path: Path) -> None:
        text = text_of([address(n) for n in range(1, 4)]).rstrip("\n").rpartition(",")[0]
        path = tmp_path / "openaddress-bebru.csv"
        path.write_text(f'{text},"current\n{text_of([address(9)]).splitlines()[1]}\n', encoding="utf-8")
        error = fault(path)
        assert (error.code, error.row) == ("line-break", 3)
        assert "'status'" in error.message


@pytest.mark.parametrize("packed", [False, True])
def test_text_that_is_not_utf8_names_the_line_and_the_remedy(packed: bool, tmp_path: Path) -> None:
    content = text_of([address(1), address(2, streetname_fr="Rue de la Forêt")]).encode("cp1252")
    path = tmp_path / "openaddress-bewal.csv"
    path.write_bytes(content)
    if packed:
        path = zipped(tmp_path / "openaddress-bewal.zip", {"openaddress-bewal.csv": content})
    error = fault(path)
    assert (error.code, error.file) == ("not-utf-8", "openaddress-bewal.csv")
    assert "line 3" in error.message
    assert "iconv -f WINDOWS-1252 -t UTF-8" in str(error.remedy)


def test_a_heading_that_is_not_utf8_is_told_too(tmp_path: Path) -> None:
    path = tmp_path / "openaddress-bewal.csv"
    path.write_bytes((text_of([address()]).replace("street_id", "straße")).encode("cp1252"))
    error = fault(path)
    assert error.code == "not-utf-8"
    assert "line 1" in error.message


@pytest.mark.parametrize("content", ["", "\n", "  \n"])
def test_an_empty_file_is_told(content: str, tmp_path: Path) -> None:
    path = tmp_path / "openaddress-bebru.csv"
    path.write_text(content, encoding="utf-8")
    assert fault(path).code == "empty-file"


def test_a_heading_alone_is_a_register_without_addresses_and_makes_no_release(tmp_path: Path) -> None:
    path = written(tmp_path, [])
    assert taken(path)[0].num_rows == 0
    with pytest.raises(SourceError) as caught:
        stage_addresses(read_best(path), tmp_path, file=path.name, progress=lambda _stage, _done, _total: None)
    assert (caught.value.code, caught.value.file) == ("empty-file", path.name)


def test_a_release_holds_every_row_and_progress_reaches_its_end(tmp_path: Path) -> None:
    path = written(tmp_path, [address(number, house_number=str(number)) for number in range(1, 31)])
    told: list[tuple[str, int, int]] = []
    staged = stage_addresses(read_best(path), tmp_path, file=path.name, progress=lambda *step: told.append(step))
    assert (staged.rows, staged.crs, staged.country) == (30, "EPSG:31370", "BE")
    assert pq.read_table(tmp_path / ADDRESSES_FILE).equals(taken(path)[0])
    assert len(AddressIndex.open(tmp_path / INDEX_FOLDER)) == 30
    size = path.stat().st_size
    assert [step for step in told if step[0] == "read addresses"][-1] == ("read addresses", size, size)


def zipped(path: Path, members: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_a_zip_is_read_and_its_day_is_in_its_name(tmp_path: Path) -> None:
    members: dict[str, str | bytes] = {"folder/openaddress-bebru.csv": text_of([address(5)]), "readme.txt": "x"}
    table, facts = taken(zipped(tmp_path / "openaddress-bebru-20261102.zip", members))
    assert table["address_id"].to_pylist() == ["5"]
    assert facts.reference_date == date(2026, 11, 2)


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.98])
def test_a_truncated_zip_is_told(kept: float, tmp_path: Path) -> None:
    path = zipped(tmp_path / "openaddress-bebru.zip", {"a.csv": text_of([address(n) for n in range(500)])})
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    error = fault(path)
    assert (error.code, error.file) == ("truncated-archive", path.name)


def test_a_zip_that_is_damaged_within_is_told(tmp_path: Path) -> None:
    path = zipped(tmp_path / "openaddress-bebru.zip", {"a.csv": text_of([address(n) for n in range(500)])})
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    assert fault(path).code == "truncated-archive"


def test_a_zip_without_csv_is_told(tmp_path: Path) -> None:
    error = fault(zipped(tmp_path / "openaddress-bebru.zip", {"readme.txt": "nothing"}))
    assert (error.code, error.file) == ("empty-file", "openaddress-bebru.zip")


def test_a_folder_of_regions_is_one_register(tmp_path: Path) -> None:
    folder = tmp_path / "best-20261102"
    written(folder, [address(1), address(2)])
    zipped(folder / "openaddress-bewal.zip", {"openaddress-bewal.csv": text_of([address(3)])})
    (folder / "readme.txt").write_text("ignored", encoding="utf-8")
    table, facts = taken(folder)
    assert sorted(table["address_id"].to_pylist()) == ["1", "2", "3"]
    assert (facts.reference_date, facts.findings) == (date(2026, 11, 2), ())


@pytest.mark.parametrize("in_one_zip", [False, True])
def test_an_identifier_in_two_regions_is_told_and_both_are_kept(in_one_zip: bool, tmp_path: Path) -> None:
    regions = {"openaddress-bebru.csv": [address(1), address(2)], "openaddress-bewal.csv": [address(2), address(3)]}
    if in_one_zip:
        place = zipped(tmp_path / "best.zip", {name: text_of(rows) for name, rows in regions.items()})
    else:
        place = tmp_path / "best"
        for name, rows in regions.items():
            written(place, rows, name=name)
    table, facts = taken(place)
    assert table["address_id"].to_pylist() == ["1", "2", "2", "3"]
    shared = found(facts, "identifier-in-two-files")
    assert (shared.count, shared.severity) == (1, "info")


def test_a_fault_in_one_region_names_that_file_and_its_own_row(tmp_path: Path) -> None:
    written(tmp_path / "best", [address(1), address(2)])
    written(tmp_path / "best", [address(3), address(4, lat="?")], name="openaddress-bewal.csv")
    error = fault(tmp_path / "best")
    assert (error.file, error.row) == ("openaddress-bewal.csv", 2)


def test_a_folder_without_files_is_told(tmp_path: Path) -> None:
    assert fault(tmp_path).code == "empty-file"


def test_bytes_read_reach_the_total(tmp_path: Path) -> None:
    written(tmp_path / "best", [address(1)])
    zipped(tmp_path / "best" / "openaddress-bewal.zip", {"w.csv": text_of([address(3)]), "readme.txt": "x" * 50})
    read = read_best(tmp_path / "best")
    for _again in range(2):  # a register may be read twice
        whole(read)
        assert read.bytes_read == read.bytes_total > 0


def test_facts_wait_for_the_end(tmp_path: Path) -> None:
    read = read_best(written(tmp_path, [address(1)]))
    with pytest.raises(RuntimeError, match="to its end"):
        read.facts()


def test_the_demo_register_is_read_without_loss(tmp_path: Path) -> None:
    files = write_demo(tmp_path, DemoSize(3, 60, 6_000))
    table, facts = taken(files.addresses)
    assert table.num_rows == 6_000
    assert facts.reference_date == REFERENCE_DAY
    assert {finding.code for finding in facts.findings} <= {"zero-position", "identifier-in-two-files"}
    shown = {address.address_id: address for address in files.showcase}
    rows = {row["address_id"]: row for row in table.to_pylist() if row["address_id"] in shown}
    for identifier, wanted in shown.items():
        row = rows[identifier]
        assert (row["house_number"], row["box"], row["postcode"]) == (wanted.house_number, wanted.box, wanted.postcode)
        assert (row["lon"], row["lat"]) == (wanted.lon, wanted.lat)
