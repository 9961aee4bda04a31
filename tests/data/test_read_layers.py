"""A layer that cannot be used is refused with one message: which file, which row, and what to do."""

import json
import warnings
import zipfile
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
import shapely

from data.readers import archives
from data.readers.areas import read_areas
from data.readers.layers import read_layer
from data.readers.mapping import ColumnMapping
from data.tables import SourceError

MAPPING = ColumnMapping.read(["sector_code=code", "municipality_code=town"])


def squares(
    *, crs: str | None = "EPSG:31370", x: float = 150_000, y: float = 170_000, side: float = 100
) -> gpd.GeoDataFrame:
    shapes = [shapely.box(x + side * k, y, x + side * (k + 1), y + side) for k in range(3)]
    return gpd.GeoDataFrame({"code": ["A", "B", "C"], "town": "21015"}, geometry=shapes, crs=crs)


def write(layer: gpd.GeoDataFrame, file: Path) -> Path:
    if file.suffix == ".parquet":
        layer.to_parquet(file)
    else:
        pyogrio.write_dataframe(layer, file)
    return file


def fault(file: Path, *, country: str = "BE") -> SourceError:
    with pytest.raises(SourceError) as caught:
        read_areas(file, MAPPING, country=country)  # type: ignore[arg-type]
    error = caught.value
    assert error.file == file.name
    assert error.remedy
    return error


def test_a_layer_in_another_crs_is_told_what_is_accepted(tmp_path: Path) -> None:
    error = fault(write(squares().to_crs(3857), tmp_path / "areas.gpkg"))
    assert error.code == "wrong-crs"
    assert all(code in error.message for code in ("EPSG:3857", "EPSG:31370", "EPSG:3812", "EPSG:4326"))


def test_a_layer_without_a_crs_is_refused(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="crs"):
        file = write(squares(crs=None), tmp_path / "areas.gpkg")
    assert fault(file).code == "wrong-crs"


def test_degrees_in_a_layer_that_claims_metres_are_the_wrong_crs(tmp_path: Path) -> None:
    error = fault(write(squares(x=4.35, y=50.85, side=0.01), tmp_path / "areas.gpkg"))
    assert (error.code, error.row) == ("wrong-crs", 1)
    assert "4.35" in error.message
    assert "50.85" in error.message


def test_metres_in_a_geojson_that_says_nothing_are_the_wrong_crs(tmp_path: Path) -> None:
    file = write(squares(), tmp_path / "areas.geojson")
    text = file.read_text(encoding="utf-8")
    start = text.index('"crs"')
    file.write_text(text[:start] + text[text.index("\n", start) + 1 :], encoding="utf-8")
    error = fault(file)
    assert (error.code, error.row) == ("wrong-crs", 1)


def test_a_geojson_is_in_the_crs_that_its_member_names(tmp_path: Path) -> None:
    read = read_areas(write(squares(), tmp_path / "areas.geojson"), MAPPING, country="BE")
    assert read.facts.crs == "EPSG:31370"


def test_latitude_before_longitude_lies_out_of_the_country(tmp_path: Path) -> None:
    error = fault(write(squares(crs="EPSG:4326", x=50.85, y=4.35, side=0.01), tmp_path / "areas.gpkg"))
    assert (error.code, error.row) == ("out-of-country", 1)


def test_one_area_abroad_is_named_by_row_and_coordinates(tmp_path: Path) -> None:
    layer = squares()
    layer.geometry = [*layer.geometry[:2], shapely.box(600_000, 170_000, 600_100, 170_100)]
    error = fault(write(layer, tmp_path / "areas.gpkg"))
    assert (error.code, error.row) == ("out-of-country", 3)
    assert "600000" in error.message.replace(",", "")


def test_a_layer_of_the_neighbours_is_out_of_the_country(tmp_path: Path) -> None:
    file = write(squares(crs="EPSG:4326", x=4.9, y=52.37, side=0.01), tmp_path / "areas.gpkg")
    assert fault(file).code == "out-of-country"
    assert read_areas(file, MAPPING, country="NL").facts.crs == "EPSG:4326"


@pytest.mark.parametrize("shape", [None, shapely.Polygon()])
def test_rows_without_geometry_are_named(shape: shapely.Geometry | None, tmp_path: Path) -> None:
    layer = squares()
    layer.geometry = gpd.GeoSeries([layer.geometry[0], shape, shape], crs=layer.crs)
    error = fault(write(layer, tmp_path / "areas.parquet"))
    assert (error.code, error.row) == ("empty-geometry", 2)
    assert "3" in error.message


@pytest.mark.parametrize(
    "shape", [shapely.Point(150_000, 170_000), shapely.LineString([(150_000, 170_000), (150_001, 170_000)])]
)
def test_what_is_no_polygon_is_refused(shape: shapely.Geometry, tmp_path: Path) -> None:
    layer = squares()
    layer.geometry = gpd.GeoSeries([layer.geometry[0], layer.geometry[1], shape], crs=layer.crs)
    error = fault(write(layer, tmp_path / "areas.parquet"))
    assert (error.code, error.row) == ("not-a-polygon", 3)
    assert shape.geom_type in error.message


@pytest.mark.parametrize("ending", [".gpkg", ".geojson", ".parquet", ".shp"])
def test_a_truncated_layer_is_refused(ending: str, tmp_path: Path) -> None:
    file = write(squares(), tmp_path / f"areas{ending}")
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    assert fault(file).code in ("unreadable-layer", "empty-file")


def test_a_ring_that_is_not_closed_names_its_row(tmp_path: Path) -> None:
    file = write(squares().iloc[:2], tmp_path / "areas.geojson")
    rings = json.loads(file.read_text(encoding="utf-8"))
    rings["features"].insert(0, rings["features"][0] | {"geometry": None})
    del rings["features"][2]["geometry"]["coordinates"][0][-1]
    file.write_text(json.dumps(rings), encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        error = fault(file)
    assert (error.code, error.row) == ("invalid-geometry", 3)


def test_a_truncated_zip_is_refused(tmp_path: Path) -> None:
    whole = tmp_path / "areas.zip"
    with zipfile.ZipFile(whole, "w") as archive:
        archive.write(write(squares(), tmp_path / "areas.gpkg"), "areas.gpkg")
    cut = tmp_path / "cut.zip"
    cut.write_bytes(whole.read_bytes()[:-30])
    assert fault(cut).code == "truncated-archive"


def test_a_damaged_member_is_refused(tmp_path: Path) -> None:
    whole = tmp_path / "areas.zip"
    with zipfile.ZipFile(whole, "w") as archive:
        archive.write(write(squares(), tmp_path / "areas.gpkg"), "areas.gpkg")
    content = bytearray(whole.read_bytes())
    content[1_000] ^= 0xFF
    whole.write_bytes(content)
    assert fault(whole).code == "truncated-archive"


def test_an_archive_that_leads_outside_is_not_opened(tmp_path: Path) -> None:
    file = tmp_path / "areas.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("../../outside.gpkg", b"")
    assert fault(file).code == "unsafe-archive"
    assert not (tmp_path.parent.parent / "outside.gpkg").exists()


def test_an_archive_that_would_fill_the_disk_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "areas.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.write(write(squares(), tmp_path / "areas.gpkg"), "areas.gpkg")
    monkeypatch.setattr(archives, "UNPACKED_MAX_BYTES", 1_000)
    assert fault(file).code == "unsafe-archive"


def test_an_archive_of_zeros_is_not_opened(tmp_path: Path) -> None:
    file = tmp_path / "areas.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("areas.gpkg", bytes(50_000_000))
    assert fault(file).code == "unsafe-archive"


def test_an_encrypted_archive_says_so(tmp_path: Path) -> None:
    file = tmp_path / "areas.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("areas.gpkg", b"secret")
    content = bytearray(file.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    file.write_bytes(content)
    assert fault(file).code == "unreadable-archive"


def test_an_archive_with_nothing_of_use_lists_what_it_holds(tmp_path: Path) -> None:
    file = tmp_path / "areas.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("readme.txt", "nothing")
    error = fault(file)
    assert error.code == "ambiguous-layer"


def test_two_projections_in_one_archive_are_not_chosen_between(tmp_path: Path) -> None:
    file = tmp_path / "areas.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for crs in (31370, 3812):
            archive.write(write(squares().to_crs(crs), tmp_path / f"areas_{crs}.gpkg"), f"areas_{crs}.gpkg")
    error = fault(file)
    assert error.code == "ambiguous-layer"
    assert "areas_3812.gpkg" in error.message


def test_a_geojson_in_windows_1252_names_the_line_and_the_remedy(tmp_path: Path) -> None:
    layer = squares()
    layer["name"] = ["Liège", "B", "C"]
    file = write(layer, tmp_path / "areas.geojson")
    file.write_bytes(file.read_text(encoding="utf-8").encode("cp1252"))
    error = fault(file)
    assert error.code == "not-utf-8"
    assert "line 6" in error.message or "line" in error.message
    assert "iconv -f WINDOWS-1252" in (error.remedy or "")


def test_several_layers_need_a_name(tmp_path: Path) -> None:
    file = tmp_path / "areas.gpkg"
    pyogrio.write_dataframe(squares(), file, layer="blocks")
    pyogrio.write_dataframe(squares(), file, layer="quarters", append=True)
    error = fault(file)
    assert error.code == "ambiguous-layer"
    assert "blocks, quarters" in error.message
    assert len(read_areas(file, MAPPING, country="BE", layer="quarters").sectors) == 3
    with pytest.raises(SourceError, match="blocks, quarters"):
        read_layer(file, layer="absent")


def test_a_file_that_is_no_layer_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "areas.gpkg"
    file.write_text("<html>404 Not Found</html>", encoding="utf-8")
    assert fault(file).code == "unreadable-layer"


def test_a_table_without_geometry_is_no_layer(tmp_path: Path) -> None:
    file = tmp_path / "areas.gpkg"
    pyogrio.write_dataframe(squares().drop(columns="geometry"), file, driver="GPKG")
    assert fault(file).code == "no-geometry"


def test_a_layer_without_rows_is_refused(tmp_path: Path) -> None:
    assert fault(write(squares().iloc[:0], tmp_path / "areas.parquet")).code == "empty-file"
