"""What plans and drafts tell of members: nothing that a cut, or the difference of two answers, could single out."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, select

from api.app import create_app
from api.settings import HouseholdSettings, ServerSettings, StoreSettings
from data.directory import DataDirectory
from data.dwellings import Dwellings
from data.releases import active_releases
from data.store import Store, open_store
from data.store.household_models import Household
from data.store.models import DraftRow, Sector
from data.tables import Kind
from geo.crs import LONLAT, transform_point
from households.dwelling_keys import dwelling_key, read_keys

CODE = "99001"
KEYS = "2026a:" + bytes(pow(3, n, 257) % 256 for n in range(32)).hex()
SMALLEST = 10
NEW_EACH_TIME = re.compile(r'd-[A-Za-z0-9_-]{16}|(?<="changed_at":")[^"]*|(?<="made_at":")[^"]*|(?<="at":")[^"]*')


@pytest.fixture(scope="module")
def store(store_settings: StoreSettings) -> Iterator[Store]:
    store = open_store(store_settings.store_url)
    yield store
    store.close()


@pytest.fixture(scope="module")
def homes(store: Store, store_settings: StoreSettings) -> pd.DataFrame:
    """The dwellings of a municipality, of which every third is a member household, but one of the first sector."""
    with store.reading() as session:
        releases = {release.table: release for release in active_releases(session)}
        sectors = releases[Kind.SECTORS]
        codes = session.scalars(
            select(Sector.code).where(Sector.release_id == sectors.id, Sector.municipality_code == CODE)
        ).all()
        dwellings = Dwellings.open(DataDirectory(store_settings.data_dir), sectors, releases[Kind.ADDRESSES])
    table = dwellings.in_sectors(codes, ["address_id", "sector_code", "x", "y"]).to_pandas()
    places = [transform_point(x, y, str(sectors.crs), LONLAT) for x, y in zip(table.x, table.y, strict=True)]
    current = read_keys(KEYS).current
    keys = [dwelling_key(current, "BE", address_id) for address_id in table.address_id]
    return table.assign(lon=[lon for lon, _ in places], lat=[lat for _, lat in places], key=keys)


@pytest.fixture(scope="module", autouse=True)
def members(store: Store, homes: pd.DataFrame) -> Iterator[None]:
    first = homes.sector_code.min()
    own, others = homes[homes.sector_code == first], homes[homes.sector_code != first]
    with store.writing() as session:
        session.add_all(
            Household(
                dwelling_key=home.key,
                key_id="2026a",
                place=1,
                country="BE",
                municipality_code=CODE,
                sector_code=home.sector_code,
                buurt_code=f"{CODE}-01",
                joined_at=datetime(2025, 6, 1, tzinfo=UTC),
            )
            for home in pd.concat([own.head(1), others.iloc[::3]]).itertuples()
        )
    yield
    with store.writing() as session:
        session.execute(delete(Household).where(Household.municipality_code == CODE))
        session.execute(delete(DraftRow))


def around(home: Any) -> list[tuple[float, float]]:
    """A square of about 10 m with a home in it."""
    return [(home.lon + x * 8e-5, home.lat + y * 5e-5) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]


def all_told(settings: StoreSettings, admin: dict[str, str], cut_off: list[Any]) -> dict[str, str]:
    """Cut homes off one by one in a new draft, and return all that a new server tells of it, but for what is new."""
    store = open_store(settings.store_url)
    with store.writing() as session:
        # So that buurten get the same numbers.
        session.execute(delete(DraftRow))
    store.close()
    application = create_app(settings, ServerSettings(), HouseholdSettings(keys=KEYS, smallest_shown=SMALLEST))
    told = {}
    with TestClient(application, headers=admin) as client:
        made = client.post(f"/v1/municipalities/{CODE}/plans", json={})
        url = made.headers["location"]
        for number, home in enumerate(cut_off):
            operation = {
                "op": "split_buurt",
                "buurt": f"{CODE}-01",
                "polygon": around(home),
                "names": {"nl": f"Huis {number}"},
                "allow_parts": True,
            }
            headers = {"If-Match": client.get(url).headers["etag"]}
            answer = client.post(f"{url}/operations", json={"operation": operation}, headers=headers)
            assert answer.status_code == 200, answer.text
            told[f"cut {number}"] = answer.text
        undone = client.post(f"{url}:undo", headers={"If-Match": answer.headers["etag"]})
        told["undo"] = undone.text
        told["redo"] = client.post(f"{url}:redo", headers={"If-Match": undone.headers["etag"]}).text
        base = str(client.get(f"/v1/municipalities/{CODE}/plans").json()["plans"][0]["id"])
        for path in (
            url,
            *(f"{url}/{name}" for name in ("blocks", "diff", "diff?f=geojson", "problems", "log")),
            *(f"{url}/export?f={form}" for form in ("csv", "geojson")),
            *(f"/v1/plans/{base}{name}" for name in ("", "/blocks", "/export?f=geojson")),
            f"/v1/plans/{base}/diff?since={url.rpartition('/')[2]}",
        ):
            answer = client.get(path)
            assert answer.status_code == 200, (path, answer.text)
            told[path.replace(url, "draft").replace(url.rpartition("/")[2], "draft")] = answer.text
        gpkg = client.get(f"{url}/export", params={"f": "gpkg"}).content
        assert b"dwellings" in gpkg
        assert b"members" not in gpkg
    return {name: NEW_EACH_TIME.sub("", text) for name, text in told.items()}


def counts_in(value: Any) -> Iterator[tuple[str, Any]]:
    """Give every number of members, and of letters, which tells of members."""
    if isinstance(value, dict):
        for name, held in value.items():
            if name in ("members", "letters"):
                yield name, held
            else:
                yield from counts_in(held)
    elif isinstance(value, list):
        for held in value:
            yield from counts_in(held)


def test_a_member_who_moves_within_a_sector_changes_no_answer_whatever_is_cut(
    store_settings: StoreSettings, admin: dict[str, str], store: Store, homes: pd.DataFrame
) -> None:
    sector = sorted(homes.sector_code.unique())[2]
    own = homes[homes.sector_code == sector].drop_duplicates(["x", "y"])
    with store.reading() as session:
        there = set(session.scalars(select(Household.dwelling_key).where(Household.sector_code == sector)))
    leaving = next(home for home in own.itertuples() if home.key in there)
    coming = next(home for home in own.itertuples() if home.key not in there)
    before = all_told(store_settings, admin, [leaving, coming])
    with store.writing() as session:
        row = session.scalars(select(Household).where(Household.dwelling_key == leaving.key)).one()
        row.dwelling_key = coming.key
    assert all_told(store_settings, admin, [leaving, coming]) == before
    with store.writing() as session:
        session.delete(session.scalars(select(Household).where(Household.dwelling_key == coming.key)).one())
    fewer = all_told(store_settings, admin, [leaving, coming])
    assert fewer["draft"] != before["draft"], "what nobody counts tells nothing"


def test_no_answer_has_a_number_of_members_below_the_threshold(
    store_settings: StoreSettings, admin: dict[str, str], homes: pd.DataFrame
) -> None:
    cut_off = [next(homes[homes.sector_code == code].itertuples()) for code in sorted(homes.sector_code.unique())[:2]]
    told = all_told(store_settings, admin, cut_off)
    found = [each for name, text in told.items() if not name.endswith("csv") for each in counts_in(json.loads(text))]
    assert {name for name, _ in found} == {"members", "letters"}
    assert any(number is None for _, number in found)
    assert any(number for _, number in found)
    assert all(number is None or number == 0 or number >= SMALLEST for _, number in found)
    assert not any(re.search(r"members|letters", text) for name, text in told.items() if name.endswith("csv"))
    assert not any(name for name, _ in counts_in(json.loads(told["draft/blocks"])))


def test_the_rates_give_the_numbers_that_are_told(store_settings: StoreSettings, admin: dict[str, str]) -> None:
    """An editor sums dwellings times rates while somebody draws, and comes to what the server says."""
    application = create_app(store_settings, ServerSettings(), HouseholdSettings(keys=KEYS, smallest_shown=SMALLEST))
    with TestClient(application, headers=admin) as client:
        plan = client.get(f"/v1/municipalities/{CODE}/plans").json()["plans"][0]["id"]
        answer = client.get(f"/v1/plans/{plan}").json()
        features = client.get(f"/v1/plans/{plan}/blocks").json()["features"]
        report = client.get(f"/v1/municipalities/{CODE}/households").json()
    rates = answer["member_rates"]["per_dwelling"]
    [buurt] = answer["buurten"]
    blocks = [feature["properties"] for feature in features]
    drawn = sum(rates[block["sector"]] * block["dwellings"] for block in blocks)
    assert buurt["counts"]["members"] == round(drawn) == report["total"]["members"]
    assert buurt["counts"]["letters"] == buurt["counts"]["dwellings"] - buurt["counts"]["members"]
