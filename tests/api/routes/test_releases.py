"""`GET /v1/releases` and `/healthz`: what answers come from; and workers that follow a change."""

import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import ServerSettings, StoreSettings
from data.api_keys import Scope, create_key
from data.demo import DemoFiles
from data.directory import DataDirectory
from data.importing import ImportRequest, import_file
from data.releases import activate, find_release
from data.store import open_store

NAMES = {"demo-sectors", "demo-sector-households", "demo-municipality-households", "demo-addresses"}


def test_releases_tell_where_they_come_from(client: TestClient) -> None:
    releases = {item["name"]: item for item in client.get("/v1/releases").json()["data"]}
    assert set(releases) == NAMES
    assert all(release["active"] for release in releases.values())
    assert releases["demo-sectors"]["crs"] == "EPSG:31370"
    assert len(releases["demo-sectors"]["source_sha256"]) == 64
    assert [finding["code"] for finding in releases["demo-addresses"]["findings"]] == ["zero-position"]


def test_health_names_the_releases_in_use(client: TestClient) -> None:
    body = client.get("/healthz").json()
    assert body["status"] == "ok"
    assert set(body["releases"]) == NAMES


def test_a_running_worker_follows_an_activation(tmp_path: Path, store_url: str, demo: DemoFiles) -> None:
    settings = StoreSettings(data_dir=tmp_path / "var", database_url=store_url)
    store, directory = open_store(store_url), DataDirectory(settings.data_dir)

    def bring_in(name: str, file: Path) -> None:
        request = ImportRequest("statbel-sectors", file, name=name)
        import_file(store, directory, request, clock=lambda: datetime.now(UTC), progress=lambda *_: None)

    copy = shutil.copy(demo.sectors, tmp_path / "again.gpkg")
    with Path(copy).open("ab") as stream:
        stream.write(b"\0")  # other bytes, so another release
    bring_in("first", demo.sectors)
    bring_in("second", Path(copy))
    shown = demo.showcase[0]
    with store.writing() as session:
        _, key = create_key(session, "test", [Scope.VIEWER], datetime.now(UTC))
    application = create_app(settings, ServerSettings(reload_seconds=0.05))
    with TestClient(application, headers={"Authorization": f"Bearer {key}"}) as client:

        def releases() -> list[str]:
            body = client.get("/v1/locate", params={"lon": shown.lon, "lat": shown.lat}).json()
            return list(body["releases"])

        assert releases() == ["first"]
        with store.writing() as session:
            activate(session, find_release(session, "second"), datetime.now(UTC))
        deadline = time.monotonic() + 20
        while releases() != ["second"]:
            assert time.monotonic() < deadline, "the worker did not follow"
            time.sleep(0.02)
    store.close()
