"""OGC API over HTTP: documents, forms, CRS, days, languages, refusals, and members as a viewer may see them."""

import io
import json
from base64 import b64encode
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
from fastapi.testclient import TestClient

from api.app import create_app
from api.ogc.html import POLICY, STYLE
from api.ogc.parameters import described_fields
from api.ogc.texts import LANGUAGES, read_texts
from api.settings import ServerSettings, StoreSettings
from data.api_keys import Scope
from data.features.collections import COLLECTIONS, Collection
from geo.crs_uris import CRS84, OFFERED
from tests.api.conftest import make_headers
from tests.api.ogc.conftest import AFTER, BEFORE, BETWEEN, CODE, Follow, Stored

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
PAGES = [
    "/ogc",
    "/ogc/conformance",
    "/ogc/api",
    "/ogc/collections",
    *(f"/ogc/collections/{one}{rest}" for one in Collection for rest in ("", "/queryables", "/items?limit=3")),
    "/ogc/collections/sectors/items/99001A00-",
    "/ogc/collections/buurten/items/99001-01",
]
TILED = ("sectors", "municipalities", "buurten")
TILE_PAGES = [
    "/ogc/tileMatrixSets",
    "/ogc/tileMatrixSets/WebMercatorQuad",
    *(f"/ogc/collections/{one}/tiles{rest}" for one in TILED for rest in ("", "/WebMercatorQuad")),
]


def test_everything_is_linked_from_the_landing_page(client: TestClient) -> None:
    """Follow every link, but those of features to more of themselves."""
    seen: dict[str, str] = {}
    waiting = ["http://testserver/ogc"]
    while waiting:
        url = waiting.pop()
        answer = client.get(url)
        assert answer.status_code == 200, (url, answer.text)
        seen[url] = answer.headers["content-type"]
        if answer.headers["content-type"] == "application/json":
            document = answer.json()
            inner = [
                *document.get("collections", []),
                *document.get("tilesets", []),
                *document.get("tileMatrixSets", []),
            ]
            listed = [link for one in (document, *inner) for link in one.get("links", [])]
            for link in listed:
                assert link["type"], link
                if "{" not in link["href"] and link["href"] not in (*seen, *waiting):
                    waiting.append(link["href"])
    assert {url.partition("?")[0] for url in seen} == {
        f"http://testserver{page.partition('?')[0]}" for page in (*PAGES[:-2], *TILE_PAGES)
    }


@pytest.mark.parametrize("page", PAGES)
def test_people_get_a_page_in_their_language(client: TestClient, page: str) -> None:
    answer = client.get(
        page, headers={"Accept": "text/html,application/xml;q=0.9,*/*;q=0.8", "Accept-Language": "nl-BE"}
    )
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (answer.headers["content-language"], answer.headers["content-security-policy"]) == ("nl", POLICY)
    assert '<html lang="nl">' in answer.text
    assert answer.text.count("<h1>") == 1
    assert STYLE in answer.text
    assert "<script" not in answer.text


def test_languages_say_the_same() -> None:
    def names(texts: Any) -> Any:
        return {name: names(text) if isinstance(text, dict) else None for name, text in texts.items()}

    english, *others = (read_texts(language) for language in LANGUAGES)
    assert all(names(other._of) == names(english._of) for other in others)
    for facts in COLLECTIONS.values():
        for field in facts.queryables.values():
            assert english.field(field)
            assert english.type(field)


def test_a_name_cannot_become_markup() -> None:
    from api.ogc.html import element, render

    page = render("<img onerror=1>", [("<b>", '"/x')], [element("p", "<script>")], [], read_texts("en"))
    assert "<img" not in page
    assert "<script" not in page
    assert '"/x"' not in page


def test_the_description_holds_every_request_and_names_the_largest_limit(client: TestClient) -> None:
    answer = client.get("/ogc/api")
    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.0"
    document = answer.json()
    assert document["openapi"].startswith("3.0.")
    for collection, facts in COLLECTIONS.items():
        operation = document["paths"][f"/collections/{collection}/items"]["get"]
        parameters = {one["name"]: one["schema"] for one in operation["parameters"]}
        assert parameters["limit"]["maximum"] == facts.most
        assert parameters.keys() >= facts.queryables.keys() - {"geometry"}
        assert set(operation["responses"]["200"]["content"]) >= {"application/geo+json", "text/html"}
    identifiers = [operation["get"]["operationId"] for operation in document["paths"].values()]
    assert len(set(identifiers)) == len(identifiers)
    assert {one["name"] for one in described_fields()} >= {"code", "plan", "live"}


def read(content: bytes, form: str) -> gpd.GeoDataFrame:
    if form == "csv":
        table = pd.read_csv(io.BytesIO(content), dtype={"municipality": str})
        return gpd.GeoDataFrame(table, geometry=shapely.from_wkt(table.wkt), crs="EPSG:31370")
    if form == "parquet":
        return gpd.read_parquet(io.BytesIO(content))
    return pyogrio.read_dataframe(io.BytesIO(content))


@pytest.mark.parametrize(
    ("form", "media_type"),
    [("fgb", "application/flatgeobuf"), ("parquet", "application/vnd.apache.parquet"), ("csv", "text/csv")],
)
def test_the_same_features_are_the_same_bytes(client: TestClient, form: str, media_type: str) -> None:
    once, again = (client.get(f"/ogc/collections/sectors/items?limit=5&f={form}") for _ in range(2))
    assert (once.content == again.content, once.headers["content-type"].partition(";")[0]) == (True, media_type)
    if form == "fgb":
        assert pyogrio.list_layers(io.BytesIO(once.content))[:, 0].tolist() == ["sectors"]


@pytest.mark.parametrize(
    ("form", "media_type"),
    [("fgb", "application/flatgeobuf"), ("parquet", "application/vnd.apache.parquet"), ("csv", "text/csv")],
)
def test_files_hold_the_features_to_the_bit(client: TestClient, stored: Stored, form: str, media_type: str) -> None:
    params = {"crs": f"{EPSG}31370", "limit": 2_000}
    answer = client.get("/ogc/collections/sectors/items", params=params, headers={"Accept": media_type})
    assert answer.headers["content-type"].partition(";")[0] == media_type
    assert answer.headers["content-disposition"] == f'attachment; filename="sectors.{form}"'
    table = read(answer.content, form).set_index("code")
    assert table.crs.to_epsg() == 31370
    expected = stored.sectors.loc[table.index]
    assert len(table) == len(stored.sectors)
    assert table.households.astype("Int64").equals(expected.households)
    assert table.municipality.tolist() == expected.municipality.tolist()
    for shape, exact in zip(table.geometry, expected.geometry, strict=True):
        assert shapely.equals_exact(
            shapely.normalize(shape), shapely.normalize(shapely.MultiPolygon(shapely.get_parts(exact)))
        )


def test_coordinates_come_in_the_order_of_their_crs(client: TestClient, stored: Stored) -> None:
    exact = stored.sectors.geometry.iloc[0]
    for uri, crs in OFFERED.items():
        answer = client.get(f"/ogc/collections/sectors/items/{stored.sectors.code.iloc[0]}", params={"crs": uri})
        assert answer.headers["content-crs"] == f"<{uri}>"
        shape = shapely.from_geojson(json.dumps(answer.json()["geometry"]))
        there = crs.in_its_order(shape)
        back = gpd.GeoSeries([there], crs=crs.code).to_crs("EPSG:31370").iloc[0]
        assert back.hausdorff_distance(exact) < 0.001
        assert shapely.get_parts(shape)[0].exterior.is_ccw or crs.north_first
    lat, lon = client.get(
        f"/ogc/collections/sectors/items/{stored.sectors.code.iloc[0]}", params={"crs": f"{EPSG}4326"}
    ).json()["geometry"]["coordinates"][0][0][0]
    assert (round(lat), round(lon)) == (51, 4)


def test_municipalities_are_their_sectors(client: TestClient, stored: Stored) -> None:
    found = client.get("/ogc/collections/municipalities/items", params={"crs": f"{EPSG}31370"}).json()["features"]
    assert [each["id"] for each in found] == sorted(stored.sectors.municipality.unique())
    for each in found:
        whole = stored.union(each["id"])
        shape = shapely.geometry.shape(each["geometry"])
        assert shape.symmetric_difference(whole).area == 0
        assert set(map(tuple, shapely.get_coordinates(shape))) <= set(
            map(tuple, shapely.get_coordinates(stored.sectors.geometry))
        )


@pytest.mark.usefixtures("halved")
def test_buurten_are_those_of_the_day(client: TestClient, follow: Follow, stored: Stored) -> None:
    days = {BEFORE: {f"{CODE}-01"}, BETWEEN: {f"{CODE}-51", f"{CODE}-52"}, AFTER: {f"{CODE}-51", f"{CODE}-53"}}
    for day, codes in days.items():
        found = follow("buurten", datetime=day, municipality=CODE, crs=f"{EPSG}31370")
        assert {each["id"] for each in found} == codes
        shapes = [shapely.geometry.shape(each["geometry"]) for each in found]
        assert shapely.union_all(shapes).symmetric_difference(stored.union()).area < 1e-3
        assert sum(shape.area for shape in shapes) == pytest.approx(stored.union().area)
        [plan] = follow("plans", datetime=f"{day}T12:00:00Z", municipality=CODE)
        assert plan["properties"]["buurten"] == len(codes)
        assert {each["properties"]["plan"] for each in found} == {int(plan["id"])}
    first, second = (follow("buurten", datetime=day, municipality=CODE)[0]["properties"] for day in (BETWEEN, AFTER))
    assert (first["plan_version"], first["valid_from"], first["superseded_on"]) == (2, "2025-01-01", "2026-06-01")
    assert (second["plan_version"], second["valid_from"], second["superseded_on"]) == (3, "2026-06-01", None)
    # In a span a buurt is shown as it was last.
    spans = {
        f"{BEFORE}/{BETWEEN}": {f"{CODE}-01": 1, f"{CODE}-51": 2, f"{CODE}-52": 2},
        f"{BETWEEN}/..": {f"{CODE}-51": 3, f"{CODE}-52": 2, f"{CODE}-53": 3},
        f"../{BEFORE}": {f"{CODE}-01": 1},
    }
    for span, versions in spans.items():
        found = follow("buurten", datetime=span, municipality=CODE)
        assert {each["id"]: each["properties"]["plan_version"] for each in found} == versions
        assert len(follow("plans", datetime=span, municipality=CODE)) == len(set(versions.values()))
    filtered = follow("buurten", datetime=AFTER, filter="superseded_on IS NULL AND valid_from > DATE('2026-01-01')")
    assert {each["properties"]["municipality"] for each in filtered} >= {CODE}
    one = client.get(f"/ogc/collections/buurten/items/{CODE}-52", params={"datetime": BETWEEN})
    assert one.json()["properties"]["name_nl"] == f"Wijk {CODE}-52"
    assert client.get(f"/ogc/collections/buurten/items/{CODE}-52").status_code == 404


@pytest.mark.usefixtures("halved")
def test_counts_are_those_that_a_viewer_may_see(client: TestClient, follow: Follow) -> None:
    counted = client.get(f"/v1/municipalities/{CODE}/households", params={"on": BETWEEN}).json()
    found = {each["id"]: each["properties"] for each in follow("buurten", datetime=BETWEEN, municipality=CODE)}
    [whole] = follow("municipalities", datetime=BETWEEN, code=CODE)
    told = [*((buurt, found[buurt["code"]]) for buurt in counted["buurten"]), (counted["total"], whole["properties"])]
    for area, properties in told:
        assert [area[name] for name in ("households", "dwellings", "members")] == [
            properties[name] for name in ("households", "dwellings", "members")
        ]
    assert all(each["properties"]["members"] is None for each in follow("buurten", datetime=f"{BEFORE}/.."))


def test_a_viewers_key_opens_it_as_token_or_as_password(store_settings: StoreSettings) -> None:
    viewer, form = (make_headers(store_settings.store_url, scope) for scope in (Scope.VIEWER, Scope.SIGNUP))
    with TestClient(create_app(store_settings, ServerSettings())) as anybody:
        refused = anybody.get("/ogc")
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"] == 'Bearer, Basic realm="Buurtwijzer", charset="UTF-8"'
        assert anybody.get("/ogc", headers=form).status_code == 403
        assert anybody.get("/ogc", headers=viewer).status_code == 200
        key = viewer["Authorization"].removeprefix("Bearer ")
        assert anybody.get("/ogc", auth=("gis", key)).status_code == 200
        for name in (b"geo:", "Gérard:".encode(), "Gérard:".encode("latin-1")):
            sent = b64encode(name + key.encode()).decode()
            assert anybody.get("/ogc", headers={"Authorization": f"Basic {sent}"}).status_code == 200
        assert anybody.get("/ogc", auth=("gis", key + "x")).status_code == 401
        assert anybody.get("/ogc?f=json&f=json").status_code == 401
        assert anybody.get("/ogc", headers={"Authorization": "Basic %%%"}).json()["type"].endswith("/not-authenticated")
        # What changes or tells more takes no password, which browsers send of themselves.
        assert anybody.get("/v1/municipalities", auth=("gis", key)).status_code == 401
        assert anybody.get("/ogc", params={"token": key}).json()["type"].endswith("/key-in-url")


@pytest.mark.parametrize(
    ("path", "status", "field"),
    [
        ("/ogc?f=xml", 400, "f"),
        ("/ogc?x=1", 400, "x"),
        ("/ogc/collections/houses", 404, None),
        ("/ogc/collections/sectors/items?municipaliteit=1", 400, "municipaliteit"),
        ("/ogc/collections/sectors/items?geometry=1", 400, "geometry"),
        ("/ogc/collections/sectors/items?households=many", 400, "households"),
        ("/ogc/collections/sectors/items?households=99999999999999999999", 400, "households"),
        ("/ogc/collections/sectors/items?code=a&code=b", 400, "code"),
        ("/ogc/collections/sectors/items?filter=households>9&filter=households>99", 400, "filter"),
        ("/ogc/collections/sectors/items?limit=1&bbox=4,50,5,51&bbox=1,2,3,4", 400, "bbox"),
        ("/ogc/collections/buurten/tiles/WebMercatorQuad/9/171/262?f=mvt&f=mvt", 400, "f"),
        ("/ogc?f=json&f=html", 400, "f"),
        ("/ogc/collections/plans/items?drawn=maybe", 400, "drawn"),
        ("/ogc/collections/plans/items?valid_from=2024-13-01", 400, "valid_from"),
        ("/ogc/collections/plans/items?after=x", 400, "after"),
        ("/ogc/collections/sectors/items?limit=0", 400, "limit"),
        ("/ogc/collections/sectors/items?limit=ten", 400, "limit"),
        ("/ogc/collections/sectors/items?bbox=1,2,3", 400, "bbox"),
        ("/ogc/collections/sectors/items?bbox=1,2,nan,4", 400, "bbox"),
        ("/ogc/collections/sectors/items?bbox=4,51,5,50", 400, "bbox"),
        ("/ogc/collections/sectors/items?bbox=4,50,500,51", 400, "bbox"),
        (f"/ogc/collections/sectors/items?bbox=2,1,1,2&bbox-crs={EPSG}31370", 400, "bbox"),
        ("/ogc/collections/sectors/items?bbox-crs=EPSG:31370", 400, "bbox-crs"),
        (f"/ogc/collections/sectors/items?crs={EPSG}2154", 400, "crs"),
        ("/ogc/collections/buurten/items?datetime=yesterday", 400, "datetime"),
        ("/ogc/collections/buurten/items?datetime=2024-05-01T12:00:00", 400, "datetime"),
        ("/ogc/collections/buurten/items?datetime=2025-01-01/2024-01-01", 400, "datetime"),
        ("/ogc/collections/buurten/items?datetime=../..", 400, "datetime"),
        ("/ogc/collections/buurten/items?filter-lang=cql", 400, "filter-lang"),
        ("/ogc/collections/buurten/items/99001-01?datetime=2024-01-01/..", 400, "datetime"),
        ("/ogc/collections/buurten/items/99001-01?limit=1", 400, "limit"),
        ("/ogc/collections/buurten/items/none", 404, None),
        ("/ogc/collections/plans/items/none", 404, None),
        ("/ogc/collections/sectors/items/a%20b", 404, None),
    ],
)
def test_what_is_wrong_is_named(client: TestClient, path: str, status: int, field: str | None) -> None:
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    if field is not None:
        assert answer.json()["errors"][0]["field"] == field


@pytest.mark.parametrize("tile", ["99/0/0", "-1/0/0", "5/99999999999999999999/0", "5/33/0"])
def test_a_tile_that_there_is_not_is_told_as_a_tile(client: TestClient, tile: str) -> None:
    answer = client.get(f"/ogc/collections/sectors/tiles/WebMercatorQuad/{tile}")
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (404, "no-such-tile")


def test_what_is_large_is_given_as_far_as_it_goes(client: TestClient, follow: Follow) -> None:
    page = client.get("/ogc/collections/buurten/items", params={"limit": 100_000}).json()
    assert page["numberReturned"] == page["numberMatched"]
    world = follow("sectors", bbox="-180,-90,180,90")
    assert len(world) == len(follow("sectors", bbox="170,-90,-170,90")) + len(world) == 150
    assert client.get("/ogc/collections/sectors/items?f=json").headers["content-type"] == "application/json"
    assert client.get("/ogc/collections/sectors/items", headers={"Accept": "image/png"}).status_code == 406
    assert client.get("/ogc/collections/sectors").json()["storageCrs"] == f"{EPSG}31370"
    assert client.get("/ogc/collections/sectors").json()["crs"][0] == CRS84.uri


@pytest.mark.parametrize("collection", TILED)
def test_tiles_are_those_of_the_map(client: TestClient, collection: str) -> None:
    about = client.get(f"/ogc/collections/{collection}/tiles/WebMercatorQuad").json()
    [template] = (link["href"] for link in about["links"] if link.get("templated"))
    grid = client.get("/ogc/tileMatrixSets/WebMercatorQuad").json()
    matrices = {matrix["id"]: matrix for matrix in grid["tileMatrices"]}
    limit = about["tileMatrixSetLimits"][-1]
    assert matrices[limit["tileMatrix"]]["matrixWidth"] > limit["maxTileCol"] >= limit["minTileCol"]
    filled = 0
    for row in range(limit["minTileRow"], limit["minTileRow"] + 3):
        column = (limit["minTileCol"] + limit["maxTileCol"]) // 2
        answer = client.get(template.format(tileMatrix=limit["tileMatrix"], tileRow=row, tileCol=column))
        ours = client.get(f"/tiles/{collection}/{limit['tileMatrix']}/{column}/{row}.mvt")
        assert (answer.status_code, answer.content) == (ours.status_code, ours.content)
        filled += answer.status_code == 200
        again = client.get(str(answer.url), headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304
    assert filled
    for wrong, status in (("99/0/0", 404), ("0/0/0", 404), ("10/0/99999", 404), ("10/0/0?datetime=x", 400)):
        refused = client.get(f"/ogc/collections/{collection}/tiles/WebMercatorQuad/{wrong}")
        assert refused.status_code == status, wrong
    assert client.get("/ogc/collections/plans/tiles").status_code == 404
