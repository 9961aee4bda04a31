"""A BAG extract is read from CSV or points: letter and addition fall apart, and what is not understood has a row."""

import zipfile
from datetime import date
from pathlib import Path

import geopandas as gpd
import pyarrow as pa
import pytest
import shapely

from data.readers.bag import read_bag
from data.tables import ADDRESS_SCHEMA, SourceError, SourceFacts
from geo.crs import LONLAT, transform_point

X, Y = 121_000.0, 487_000.0
LON, LAT = transform_point(X, Y, "EPSG:28992", LONLAT)
HEADING = (
    "nummeraanduiding;openbareruimteid;openbareruimte;huisnummer;huisletter;huisnummertoevoeging;postcode;woonplaats;"
    "gemeentecode;gemeente;status;gebruiksdoel;x;y"
)
DAMRAK = {
    "nummeraanduiding": "0363200000000001",
    "openbareruimteid": "0363300000000001",
    "openbareruimte": "Damrak",
    "huisnummer": "5",
    "postcode": "1012LG",
    "woonplaats": "Amsterdam",
    "gemeentecode": "GM0363",
    "gemeente": "Amsterdam",
    "status": "Naamgeving uitgegeven",
    "gebruiksdoel": "woonfunctie",
    "x": str(X),
    "y": str(Y),
}


def written(folder: Path, *changes: dict[str, str], heading: str = HEADING, delimiter: str = ";") -> Path:
    """Write a good row for each of the changes; rows have identifiers that count up."""
    names = heading.split(";")
    rows = [DAMRAK | {"nummeraanduiding": f"03632{k:011}"} | change for k, change in enumerate(changes, 1)]
    lines = [delimiter.join(row.get(name, "") for name in names) for row in rows]
    path = folder / "bag-20260108.csv"
    path.write_text("\n".join([delimiter.join(names), *lines]) + "\n", encoding="utf-8")
    return path


def layer(file: Path, crs: str | None = "EPSG:28992", points: list[object] | None = None, **columns: object) -> Path:
    """Write three addresses as a layer."""
    shapes = points or [shapely.Point(*position(crs)) for _ in range(3)]
    frame = gpd.GeoDataFrame(
        {
            "identificatie_nummeraanduiding": [f"03632{k:011}" for k in range(1, 4)],
            "openbareruimtenaam": "Damrak",
            "huisnummer": [5, 5, 7],
            "huisletter": [None, "A", None],
            "toevoeging": [None, None, "2"],
            "gemeentecode": "0363",
            **columns,
        },
        geometry=shapes,
        crs=crs,
    )
    frame.to_file(file, layer=file.stem, mode="a" if file.exists() else "w")
    return file


def position(crs: str | None) -> tuple[float, float]:
    return (LON, LAT) if crs == LONLAT else (X, Y)


def taken(path: Path) -> tuple[pa.Table, SourceFacts]:
    read = read_bag(path)
    table = pa.Table.from_batches(read.batches(), ADDRESS_SCHEMA)
    assert read.bytes_read == read.bytes_total
    return table, read.facts()


def only(path: Path) -> dict[str, object]:
    [row] = taken(path)[0].to_pylist()
    return row  # type: ignore[no-any-return]


def fault(path: Path) -> SourceError:
    with pytest.raises(SourceError) as caught:
        taken(path)
    assert caught.value.remedy
    return caught.value


def test_a_row_keeps_what_the_register_says(tmp_path: Path) -> None:
    path = written(tmp_path, {})
    row = only(path)
    assert (row["address_id"], row["street_id"]) == ("0363200000000001", "0363300000000001")
    assert (row["street_nl"], row["street_fr"], row["house_number"], row["box"]) == ("Damrak", None, "5", None)
    assert (row["postcode"], row["locality_nl"]) == ("1012LG", "Amsterdam")
    assert (row["municipality_code"], row["municipality_nl"]) == ("GM0363", "Amsterdam")
    assert (row["status"], row["purpose"]) == ("current", "woonfunctie")
    assert (row["x"], row["y"], row["lon"], row["lat"]) == pytest.approx((X, Y, LON, LAT))
    facts = taken(path)[1]
    assert (facts.country, facts.crs, facts.reference_date, facts.findings) == (
        "NL",
        "EPSG:28992",
        date(2026, 1, 8),
        (),
    )


@pytest.mark.parametrize(
    ("letter", "addition", "house_number", "box"),
    [
        ("", "", "5", None),
        ("A", "", "5A", None),
        ("", "2hg", "5", "2hg"),
        ("A", "2hg", "5A", "2hg"),
        ("a", "0", "5a", "0"),
    ],
)
def test_the_letter_stays_with_the_number_and_the_addition_is_the_box(
    letter: str, addition: str, house_number: str, box: str | None, tmp_path: Path
) -> None:
    row = only(written(tmp_path, {"huisletter": letter, "huisnummertoevoeging": addition}))
    assert (row["house_number"], row["box"]) == (house_number, box)


@pytest.mark.parametrize("code", ["GM0363", "gm0363", "0363", "363", " 0363 "])
def test_a_municipality_has_one_code_however_it_is_written(code: str, tmp_path: Path) -> None:
    assert only(written(tmp_path, {"gemeentecode": code}))["municipality_code"] == "GM0363"


@pytest.mark.parametrize(
    ("status", "ours"),
    [
        ("Naamgeving uitgegeven", "current"),
        ("naamgeving ingetrokken", "retired"),
        ("Verblijfsobject gevormd", "proposed"),
        ("Verblijfsobject in gebruik (niet ingemeten)", "current"),
        ("Verblijfsobject buiten gebruik", "current"),
        ("Niet gerealiseerd verblijfsobject", "retired"),
        ("Verblijfsobject ten onrechte opgevoerd", "retired"),
        ("Plaats ingetrokken", "retired"),
        ("", "current"),
    ],
)
def test_a_status_is_told_in_our_words(status: str, ours: str, tmp_path: Path) -> None:
    assert only(written(tmp_path, {"status": status}))["status"] == ours


def test_an_unknown_status_names_its_row(tmp_path: Path) -> None:
    error = fault(written(tmp_path, {}, {"status": "Pand in gebruik"}))
    assert (error.code, error.row) == ("unknown-status", 2)


def test_without_a_status_every_address_is_current(tmp_path: Path) -> None:
    assert only(written(tmp_path, {}, heading=HEADING.replace(";status", "")))["status"] == "current"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_delimiter_is_understood(delimiter: str, tmp_path: Path) -> None:
    assert only(written(tmp_path, {}, delimiter=delimiter))["street_nl"] == "Damrak"


def test_other_names_of_the_columns_are_understood(tmp_path: Path) -> None:
    heading = "num_id;straatnaam;Huisnummer;HUISLETTER;toevoeging;gm_code;rd_x;rd_y;verblijfsobject_gebruiksdoel"
    path = tmp_path / "extract.csv"
    path.write_text(f"{heading}\n0363200000000009;Damrak;7;B;3;363;{X};{Y};winkelfunctie\n", encoding="utf-8")
    row = only(path)
    assert (row["house_number"], row["box"], row["municipality_code"]) == ("7B", "3", "GM0363")
    assert (row["x"], row["purpose"]) == (X, "winkelfunctie")


def test_degrees_alone_are_converted(tmp_path: Path) -> None:
    path = written(tmp_path, {"lon": f"{LON}", "lat": f"{LAT}"}, heading=HEADING.replace("x;y", "lon;lat"))
    row = only(path)
    assert (row["x"], row["y"]) == pytest.approx((X, Y), abs=0.01)


def test_a_position_out_of_the_country_names_its_row(tmp_path: Path) -> None:
    error = fault(written(tmp_path, {}, {"x": str(Y), "y": str(X)}))
    assert (error.code, error.row) == ("out-of-country", 2)
    assert "the Netherlands" in error.message


@pytest.mark.parametrize("column", ["nummeraanduiding", "huisnummer", "gemeentecode"])
def test_a_row_without_what_makes_an_address_is_named(column: str, tmp_path: Path) -> None:
    error = fault(written(tmp_path, {}, {column: "", "huisletter": "A"}))
    assert (error.code, error.row) == ("missing-value", 2)


@pytest.mark.parametrize("column", ["nummeraanduiding", "openbareruimte", "huisnummer", "gemeentecode"])
def test_a_missing_column_is_named(column: str, tmp_path: Path) -> None:
    heading = ";".join(name for name in HEADING.split(";") if name != column)
    error = fault(written(tmp_path, {}, heading=heading))
    assert error.code == "missing-column"
    assert "postcode, woonplaats" in error.message


def test_an_identifier_twice_names_both_rows(tmp_path: Path) -> None:
    error = fault(written(tmp_path, {"nummeraanduiding": "8"}, {}, {"nummeraanduiding": "8"}))
    assert (error.code, error.row) == ("duplicate-code", 3)
    assert "row 1" in error.message


def test_a_zipped_extract_is_read(tmp_path: Path) -> None:
    written(tmp_path, {})
    with zipfile.ZipFile(tmp_path / "bag.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(tmp_path / "bag-20260108.csv", "extract.csv")
    assert only(tmp_path / "bag.zip")["house_number"] == "5"


@pytest.mark.parametrize("members", [(), ("a.csv", "b.csv")])
def test_a_zip_that_does_not_hold_one_extract_is_told(members: tuple[str, ...], tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bag.zip", "w") as archive:
        archive.writestr("readme.txt", "x")
        for member in members:
            archive.writestr(member, HEADING)
    assert fault(tmp_path / "bag.zip").code == "ambiguous-table"


@pytest.mark.parametrize("crs", ["EPSG:28992", "EPSG:4326"])
def test_points_of_a_geopackage_are_the_positions(crs: str, tmp_path: Path) -> None:
    table, facts = taken(layer(tmp_path / "bag.gpkg", crs))
    assert table["house_number"].to_pylist() == ["5", "5A", "7"]
    assert table["box"].to_pylist() == [None, None, "2"]
    assert table["x"].to_pylist() == pytest.approx([X] * 3, abs=0.01)
    assert table["lat"].to_pylist() == pytest.approx([LAT] * 3, abs=1e-7)
    assert facts.findings == ()


def test_points_win_over_columns_called_x_and_y(tmp_path: Path) -> None:
    table, _facts = taken(layer(tmp_path / "bag.gpkg", x=1.0, Y=2.0))
    assert table["x"].to_pylist() == [X] * 3


def test_numbers_that_became_floats_have_no_decimals(tmp_path: Path) -> None:
    table, _facts = taken(layer(tmp_path / "bag.gpkg", huisnummer=[5.0, 6.0, 1200.0]))
    assert table["house_number"].to_pylist() == ["5", "6A", "1200"]


def test_an_address_without_a_point_has_no_position(tmp_path: Path) -> None:
    table, facts = taken(layer(tmp_path / "bag.gpkg", points=[shapely.Point(X, Y), None, shapely.Point()]))
    assert table["x"].to_pylist() == [X, None, None]
    assert [(finding.code, finding.count) for finding in facts.findings] == [("no-position", 2)]


def test_a_shape_that_is_no_point_names_its_row(tmp_path: Path) -> None:
    error = fault(layer(tmp_path / "bag.gpkg", points=[shapely.Point(X, Y)] * 2 + [shapely.box(X, Y, X + 1, Y + 1)]))
    assert (error.code, error.row) == ("not-a-point", 3)
    assert "Polygon" in error.message


@pytest.mark.parametrize("crs", ["EPSG:31370", "EPSG:3857"])
def test_a_layer_in_another_crs_is_refused(crs: str, tmp_path: Path) -> None:
    error = fault(layer(tmp_path / "bag.gpkg", crs))
    assert error.code == "wrong-crs"
    assert "EPSG:28992" in str(error.remedy)


def test_two_layers_are_never_chosen_between(tmp_path: Path) -> None:
    layer(tmp_path / "bag.gpkg")
    gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(X, Y)], crs="EPSG:28992").to_file(
        tmp_path / "bag.gpkg", layer="other", mode="a"
    )
    error = fault(tmp_path / "bag.gpkg")
    assert error.code == "ambiguous-layer"
    assert "bag, other" in error.message


def test_a_layer_without_its_columns_names_them(tmp_path: Path) -> None:
    gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(X, Y)], crs="EPSG:28992").to_file(tmp_path / "bag.gpkg")
    assert fault(tmp_path / "bag.gpkg").code == "missing-column"


@pytest.mark.parametrize("kept", [0.2, 0.6, 0.95])
def test_a_truncated_geopackage_is_told(kept: float, tmp_path: Path) -> None:
    path = layer(tmp_path / "bag.gpkg")
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    assert fault(path).code in ("unreadable-layer", "truncated-archive")
