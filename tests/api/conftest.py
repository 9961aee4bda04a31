"""The real application on the demo region, on each of the two stores."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import create_engine, make_url, text

from api.app import create_app
from api.cli.importing import demo_requests
from api.settings import HouseholdSettings, ServerSettings, StoreSettings
from data.api_keys import Scope, create_key
from data.demo import DemoFiles, DemoSize, write_demo
from data.directory import DataDirectory
from data.importing import import_file
from data.store import open_store

HOUSEHOLD_KEYS = "2026a:" + bytes(range(32)).hex()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    return write_demo(tmp_path_factory.mktemp("demo"), DemoSize())


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgis", marks=pytest.mark.postgis)])
def store_settings(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, demo: DemoFiles
) -> Iterator[StoreSettings]:
    """Settings of a store with the demo region in it; shared by tests that only ask."""
    folder: Path = tmp_path_factory.mktemp("var")
    settings = StoreSettings(data_dir=folder)
    if request.param == "postgis":
        server = request.getfixturevalue("postgis_url")
        name = f"api_{secrets.token_hex(6)}"
        admin = create_engine(server, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        url = make_url(server).set(database=name).render_as_string(hide_password=False)
        settings = StoreSettings(data_dir=folder, database_url=url)
    store = open_store(settings.store_url)
    for item in demo_requests(demo):
        import_file(
            store,
            DataDirectory(folder),
            item,
            clock=lambda: datetime(2026, 11, 24, tzinfo=UTC),
            progress=lambda _stage, _done, _total: None,
        )
    store.close()
    yield settings
    if request.param == "postgis":
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


def make_headers(url: str, *scopes: Scope) -> dict[str, str]:
    """Return the header of a new key."""
    store = open_store(url)
    with store.writing() as session:
        _, plain = create_key(session, "test", scopes, datetime.now(UTC))
    store.close()
    return {"Authorization": f"Bearer {plain}"}


@pytest.fixture(scope="session")
def admin(store_settings: StoreSettings) -> dict[str, str]:
    """Header of a key for everything."""
    return make_headers(store_settings.store_url, Scope.ADMIN)


@pytest.fixture(scope="session")
def client(store_settings: StoreSettings, admin: dict[str, str]) -> Iterator[TestClient]:
    with TestClient(
        create_app(store_settings, ServerSettings(), HouseholdSettings(keys=HOUSEHOLD_KEYS)), headers=admin
    ) as client:
        yield client
