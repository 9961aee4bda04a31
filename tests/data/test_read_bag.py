"""BAG extracts become addresses, from PDOK's GeoPackage and from CSV files under the names that are in use."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pyarrow as pa
import pytest
import shapely
from pyproj import Transformer

from data.readers.bag import read_bag
from data.tables import ADDRESS_SCHEMA, SourceError, SourceFacts

X, Y = 136_000.0, 455_000.0
LON, LAT = Transformer.from_crs("EPSG:28992", "EPSG:4326", always_xy=True).transform(X, Y)
# The columns of the full CSV that NLExtract makes of the register, with a code of the municipality.
HEADER = (
    "openbareruimte;huisnummer;huisletter;huisnummertoevoeging;postcode;woonplaats;gemeente;gemeentecode;provincie;"
    "nummeraanduiding;verblijfsobjectgebruiksdoel;oppervlakteverblijfsobject;verblijfsobjectstatus;object_id;"
    "object_type;nevenadres;pandid;pandstatus;pandbouwjaar;x;y;lon;lat"
)
ADDRESS = {
    "openbareruimte": "Oudegracht",
    "huisnummer": "5",
    "postcode": "3511AA",
    "woonplaats": "Utrecht",
    "gemeente": "Utrecht",
    "gemeentecode": "0344",
    "verblijfsobjectgebruiksdoel": "woonfunctie, winkelfunctie",
    "verblijfsobjectstatus": "Verblijfsobject in gebruik",
    "x": f"{X}",
    "y": f"{Y}",
    "lon": f"{LON}",
    "lat": f"{LAT}",
}


def text(path: Path, *rows: dict[str, object], header: str = HEADER) -> Path:
    numbered = (ADDRESS | {"nummeraanduiding": f"03442000000000{number:02}"} | row for number, row in enumerate(rows))
    lines = [header, *(";".join(str(row.get(name, "")) for name in header.split(";")) for row in numbered)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def layer(path: Path, name: str = "verblijfsobject", crs: str = "EPSG:28992", **columns: object) -> Path:
    """Write a layer as PDOK's GeoPackage has it."""
    x, y = Transformer.from_crs("EPSG:28992", crs, always_xy=True).transform([X, X + 10], [Y, Y])
    values = {
        "identificatie": ["0344010000000001", "0344010000000002"],
        "status": ["Verblijfsobject in gebruik", "Verblijfsobject gevormd"],
        "gebruiksdoel": ["woonfunctie", "woonfunctie,kantoorfunctie"],
        "openbare_ruimte_naam": "Oudegracht",
        "huisnummer": [5, 7],
        "huisletter": ["A", None],
        "toevoeging": [None, "2hg"],
        "postcode": "3511AA",
        "woonplaats_naam": "Utrecht",
        "nummeraanduiding_hoofdadres_identificatie": ["0344200000000001", "0344200000000002"],
        "openbare_ruimte_identificatie": "0344300000000001",
        "bronhouder_identificatie": "0344",
        "geometry": shapely.points(x, y),
    }
    gpd.GeoDataFrame(values | columns, crs=crs).to_file(path, layer=name, driver="GPKG")
    return path


def read(path: Path, **options: dict[str, str]) -> tuple[pa.Table, SourceFacts]:
    register = read_bag(path, **options)
    table = pa.Table.from_batches(register.batches(), ADDRESS_SCHEMA)
    table.validate(full=True)
    return table, register.facts()


def fault(path: Path) -> SourceError:
    with pytest.raises(SourceError) as raised:
        read(path)
    assert raised.value.remedy
    return raised.value


def test_every_column_of_the_csv_is_read(tmp_path: Path) -> None:
    table, facts = read(text(tmp_path / "bag-20260801.csv", {"huisletter": "A", "huisnummertoevoeging": "2hg"}))
    [address] = table.to_pylist()
    assert address == {
        "address_id": "0344200000000000",
        "street_id": None,
        "street_nl": "Oudegracht",
        "street_fr": None,
        "street_de": None,
        "house_number": "5A",
        "box": "2hg",
        "postcode": "3511AA",
        "locality_nl": "Utrecht",
        "locality_fr": None,
        "locality_de": None,
        "municipality_code": "GM0344",
        "municipality_nl": "Utrecht",
        "municipality_fr": None,
        "municipality_de": None,
        "status": "current",
        "purpose": "woonfunctie, winkelfunctie",
        "x": X,
        "y": Y,
        "lon": LON,
        "lat": LAT,
    }
    assert (facts.country, facts.crs, facts.findings) == ("NL", "EPSG:28992", ())
    assert facts.reference_date is not None
    assert facts.reference_date.isoformat() == "2026-08-01"


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("crs", ["EPSG:28992", "EPSG:4326"])
def test_layer_of_pdok_is_read(tmp_path: Path, crs: str, zipped: bool) -> None:
    file = layer(tmp_path / "bag-light.gpkg", crs=crs)
    if zipped:
        with zipfile.ZipFile(tmp_path / "bag-light.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(file, file.name)
        file = tmp_path / "bag-light.zip"
    table, facts = read(file)
    assert table["address_id"].to_pylist() == ["0344200000000001", "0344200000000002"]
    assert table["street_id"].to_pylist() == ["0344300000000001"] * 2
    assert table["house_number"].to_pylist() == ["5A", "7"]
    assert table["box"].to_pylist() == [None, "2hg"]
    assert table["municipality_code"].to_pylist() == ["GM0344"] * 2
    assert table["status"].to_pylist() == ["current", "proposed"]
    assert table["purpose"].to_pylist() == ["woonfunctie", "woonfunctie,kantoorfunctie"]
    assert table["x"].to_pylist() == pytest.approx([X, X + 10], abs=1e-3)
    assert table["lon"][0].as_py() == pytest.approx(LON, abs=1e-9)
    assert facts.findings == ()


def test_berths_and_pitches_have_addresses_with_a_point_inside(tmp_path: Path) -> None:
    file = layer(tmp_path / "bag-light.gpkg")
    ring = shapely.box(X, Y, X + 40, Y + 40).difference(shapely.box(X + 5, Y + 5, X + 35, Y + 35))
    layer(
        file,
        name="ligplaats",
        status="Plaats aangewezen",
        nummeraanduiding_hoofdadres_identificatie=["0344200000000003", "0344200000000004"],
        geometry=[ring, ring],
    )
    layer(file, name="pand", geometry=[ring, ring])
    table, _facts = read(file)
    assert table.num_rows == 4
    [x], [y] = table["x"][2:3].to_pylist(), table["y"][2:3].to_pylist()
    assert ring.contains(shapely.Point(x, y))
    assert table["status"].to_pylist()[2:] == ["current", "current"]


def test_address_without_a_point_is_kept_without_a_position(tmp_path: Path) -> None:
    file = layer(tmp_path / "bag.gpkg", geometry=[shapely.Point(), None], huisnummer=[5.0, None])
    error = fault(file)
    assert (error.code, error.row) == ("missing-value", 2)
    file.unlink()
    table, facts = read(layer(file, geometry=[shapely.Point(), None], huisnummer=[5.0, 1200.0]))
    assert table["house_number"].to_pylist() == ["5A", "1200"]
    assert table["lat"].null_count == 2
    assert [(found.code, found.row, found.count) for found in facts.findings] == [("no-position", 1, 2)]


def test_identificatie_is_the_address_where_the_table_is_one_of_addresses(tmp_path: Path) -> None:
    header = HEADER.replace("nummeraanduiding", "identificatie").replace(
        "object_id", "adresseerbaar_object_identificatie"
    )
    table, _facts = read(text(tmp_path / "adres.csv", {"identificatie": "0344200000000009"}, header=header))
    assert table["address_id"].to_pylist() == ["0344200000000009"]
    # That of a dwelling is not the address's.
    only_object = header.replace("adresseerbaar_object_identificatie", "object_id")
    assert fault(text(tmp_path / "object.csv", {}, header=only_object)).code == "missing-column"


@pytest.mark.parametrize(
    ("own", "of_object", "status"),
    [
        ("Naamgeving uitgegeven", "Verblijfsobject in gebruik (niet ingemeten)", "current"),
        ("Naamgeving uitgegeven", "Verbouwing verblijfsobject", "current"),
        ("Naamgeving uitgegeven", "Verblijfsobject buiten gebruik", "current"),
        ("Naamgeving uitgegeven", "Verblijfsobject gevormd", "proposed"),
        ("Naamgeving uitgegeven", "Niet gerealiseerd verblijfsobject", "retired"),
        ("Naamgeving ingetrokken", "Verblijfsobject in gebruik", "retired"),
        ("naamgeving uitgegeven", "Plaats aangewezen", "current"),
    ],
)
def test_status_is_the_worse_of_the_address_and_its_object(
    tmp_path: Path, own: str, of_object: str, status: str
) -> None:
    header = HEADER.replace("object_type", "nummeraanduidingstatus")
    row = {"nummeraanduidingstatus": own, "verblijfsobjectstatus": of_object}
    assert read(text(tmp_path / "bag.csv", row, header=header))[0]["status"].to_pylist() == [status]


def test_file_without_a_status_is_told(tmp_path: Path) -> None:
    table, facts = read(text(tmp_path / "bag.csv", {}, header=HEADER.replace("verblijfsobjectstatus", "other")))
    assert table["status"].to_pylist() == ["current"]
    assert [found.code for found in facts.findings] == ["no-status"]


def test_unknown_status_is_an_error_of_its_row(tmp_path: Path) -> None:
    error = fault(text(tmp_path / "bag.csv", {}, {"verblijfsobjectstatus": "Iets anders"}))
    assert (error.code, error.row) == ("unknown-status", 2)


def test_rows_for_each_building_of_an_address_become_one(tmp_path: Path) -> None:
    same = {"nummeraanduiding": "0344200000000001"}
    file = text(tmp_path / "bag.csv", {}, same | {"pandid": 1}, {}, same | {"pandid": 2}, same | {"pandid": 3})
    table, facts = read(file)
    assert table["address_id"].to_pylist() == ["0344200000000000", "0344200000000001", "0344200000000002"]
    [finding] = facts.findings
    assert (finding.code, finding.count, finding.row, finding.severity) == ("repeated-address", 2, 4, "info")


def test_current_address_is_never_dropped_for_a_retired_one(tmp_path: Path) -> None:
    same = {"nummeraanduiding": "0344200000000001"}
    retired = same | {"verblijfsobjectstatus": "Verblijfsobject ingetrokken"}
    table, _facts = read(text(tmp_path / "bag.csv", same, retired))
    assert table["status"].to_pylist() == ["current"]
    error = fault(text(tmp_path / "bag.csv", {}, retired, same))
    assert (error.code, error.row) == ("status-conflict", 3)
    assert "retired in row 2" in error.message


def test_two_addresses_of_one_identifier_are_an_error_with_both_rows(tmp_path: Path) -> None:
    same = {"nummeraanduiding": "0344200000000001"}
    error = fault(text(tmp_path / "bag.csv", {}, same, same | {"huisletter": "B"}))
    assert (error.code, error.row) == ("duplicate-code", 3)
    assert "row 2" in error.message


@pytest.mark.parametrize("code", ["GM0344", "0344", "344", "gm344"])
def test_code_of_the_municipality_is_understood_in_every_spelling(tmp_path: Path, code: str) -> None:
    table, _facts = read(text(tmp_path / "bag.csv", {"gemeentecode": code}))
    assert table["municipality_code"].to_pylist() == ["GM0344"]


def test_postcode_loses_its_space(tmp_path: Path) -> None:
    assert read(text(tmp_path / "bag.csv", {"postcode": "3511 aa"}))[0]["postcode"].to_pylist() == ["3511AA"]


def test_municipality_is_never_derived(tmp_path: Path) -> None:
    header = HEADER.replace("gemeentecode", "other")
    file = text(tmp_path / "bag.csv", {}, {"gemeente": "Elders"}, header=header)
    error = fault(file)
    assert error.code == "missing-column"
    assert "BAG identifier is no code" in str(error)
    with pytest.raises(SourceError, match="row 2: there is no code of the municipality"):
        read(file, municipality_codes={"utrecht": "GM0344"})
    file = text(tmp_path / "bag.csv", {}, header=header)
    assert read(file, municipality_codes={"UTRECHT": "GM0344"})[0]["municipality_code"].to_pylist() == ["GM0344"]


def test_out_of_country_is_an_error_of_its_row(tmp_path: Path) -> None:
    error = fault(text(tmp_path / "bag.csv", {}, {"x": Y, "y": X}))
    assert (error.code, error.row) == ("out-of-country", 2)


def no_crs(path: Path) -> Path:
    return layer(path, crs="EPSG:32631")


def several_layers(path: Path) -> Path:
    return layer(layer(path, name="adressen"), name="gebouwen")


def cut_off(path: Path) -> Path:
    content = layer(path).read_bytes()
    path.write_bytes(content[: len(content) // 3])
    return path


def no_shapes(path: Path) -> Path:
    import pyogrio

    frame = gpd.read_file(layer(path)).drop(columns="geometry")
    path.unlink()
    pyogrio.write_dataframe(frame, path, layer="verblijfsobject")
    return path


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (no_crs, "wrong-crs"),
        (several_layers, "ambiguous-layer"),
        (cut_off, "unreadable-layer"),
        (no_shapes, "no-geometry"),
    ],
)
def test_bad_layers_are_told(tmp_path: Path, make: Callable[[Path], Path], code: str) -> None:
    assert fault(make(tmp_path / "bag.gpkg")).code == code
