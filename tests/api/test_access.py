"""API keys: every route has a rule, and a key opens what its scopes say, while it lasts."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.access import IMPLIED
from api.app import create_app
from api.settings import HouseholdSettings, ServerSettings, StoreSettings
from data.api_keys import KeyFormError, Scope, UnknownKeyError, create_key, list_keys, revoke_key, rotate_key
from data.store import Store, open_store

NOW = datetime(2026, 11, 24, tzinfo=UTC)
PUBLIC = {"/healthz", "/readyz"}
"""Routes that anybody may call."""


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    store = open_store(store_url)
    yield store
    store.close()


@pytest.fixture(scope="module")
def application(store_settings: StoreSettings) -> FastAPI:
    households = HouseholdSettings(keys="2026a:" + bytes(pow(3, n, 257) % 256 for n in range(32)).hex())
    return create_app(store_settings, ServerSettings(reload_seconds=0.05), households)


def operations(application: FastAPI) -> Iterator[tuple[str, str, set[str]]]:
    """Method, path and scopes of every operation."""
    for path, methods in application.openapi()["paths"].items():
        for method, described in methods.items():
            asked = described.get("security", [])
            yield method, path, {scope for scheme in asked for scopes in scheme.values() for scope in scopes}


def test_every_route_has_a_rule(application: FastAPI) -> None:
    assert {path for _, path, scopes in operations(application) if not scopes} == PUBLIC


def test_a_key_opens_the_routes_of_its_scopes_and_no_others(
    application: FastAPI, store_settings: StoreSettings
) -> None:
    store = open_store(store_settings.store_url)
    with store.writing() as session:
        keys = {scope: create_key(session, "matrix", [scope], NOW)[1] for scope in Scope}
    store.close()
    with TestClient(application) as client:
        time.sleep(0.3)  # until the worker has taken in the keys
        for method, path, wanted in operations(application):
            if not wanted:
                continue
            assert client.request(method, path).status_code == 401, (method, path)
            for scope in Scope:
                answer = client.request(method, path, headers={"Authorization": f"Bearer {keys[scope]}"})
                refused = answer.status_code == 403
                assert refused == (not wanted <= IMPLIED[scope]), (method, path, scope, answer.text)


@pytest.mark.parametrize(
    "header",
    [None, "Bearer", "Bearer secret", "Basic YTpi", "Bearer bw_00000000_" + "0" * 48, "Bearer bw_é", "bw_00000000_"],
)
def test_what_is_no_key_is_refused_with_a_problem(client: TestClient, header: str | None) -> None:
    headers = {"Authorization": "" if header is None else header.encode()}
    answer = client.get("/v1/releases", headers=headers)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json()["type"].endswith("/not-authenticated")


def test_a_worker_follows_a_revocation(application: FastAPI, store_settings: StoreSettings) -> None:
    store = open_store(store_settings.store_url)
    with store.writing() as session:
        key, plain = create_key(session, "to be revoked", [Scope.VIEWER], NOW)
    with TestClient(application, headers={"Authorization": f"Bearer {plain}"}) as client:

        def wait_for(status: int) -> None:
            deadline = time.monotonic() + 10
            while client.get("/v1/releases").status_code != status:
                assert time.monotonic() < deadline, "the worker did not follow"
                time.sleep(0.02)

        wait_for(200)
        with store.writing() as session:
            revoke_key(session, key.id, NOW)
        wait_for(401)
    store.close()


def test_an_expired_key_opens_nothing(application: FastAPI, store_settings: StoreSettings) -> None:
    store = open_store(store_settings.store_url)
    made = datetime.now(UTC) - timedelta(days=2)
    with store.writing() as session:
        _, plain = create_key(session, "expired", [Scope.ADMIN], made, made + timedelta(days=1))
    store.close()
    with TestClient(application) as client:
        time.sleep(0.3)
        assert client.get("/v1/releases", headers={"Authorization": f"Bearer {plain}"}).status_code == 401


def test_a_rotated_key_has_a_successor_with_the_same_life_and_ends_after_the_overlap(store: Store) -> None:
    with store.writing() as session:
        key, _ = create_key(session, "form", [Scope.SIGNUP], NOW, NOW + timedelta(days=90))
        successor, plain = rotate_key(session, key.id, NOW + timedelta(days=30), timedelta(days=7))
        assert key.expires_at == NOW + timedelta(days=37)
        assert (successor.name, successor.scopes) == ("form", ["signup"])
        assert successor.expires_at == NOW + timedelta(days=120)
        assert plain.startswith(f"bw_{successor.id}_")


def test_what_has_expired_has_no_successor(store: Store) -> None:
    with store.writing() as session:
        key, _ = create_key(session, "form", [Scope.SIGNUP], NOW, NOW + timedelta(days=1))
        with pytest.raises(UnknownKeyError, match="has expired; make another"):
            rotate_key(session, key.id, NOW + timedelta(days=1), timedelta(days=7))
        assert [each.id for each in list_keys(session)] == [key.id]


def test_a_secret_is_nowhere_in_the_store(store: Store) -> None:
    with store.writing() as session:
        key, plain = create_key(session, "form", [Scope.SIGNUP], NOW)
    secret = plain.rpartition("_")[2]
    with store.reading() as session:
        [kept] = list_keys(session)
    assert kept.id == key.id
    assert secret not in str(vars(kept))


@pytest.mark.parametrize(
    ("name", "scopes", "expires_at"),
    [
        ("", [Scope.OPS], None),
        ("a\nb", [Scope.OPS], None),
        ("x" * 81, [Scope.OPS], None),
        ("a", [], None),
        ("a", [Scope.OPS], NOW),
    ],
)
def test_a_key_that_nobody_could_use_is_not_made(
    store: Store, name: str, scopes: list[Scope], expires_at: datetime | None
) -> None:
    with store.writing() as session, pytest.raises(KeyFormError):
        create_key(session, name, scopes, NOW, expires_at)


def test_a_key_can_be_revoked_once(store: Store) -> None:
    with store.writing() as session:
        key, _ = create_key(session, "form", [Scope.SIGNUP], NOW)
        revoke_key(session, key.id, NOW)
        with pytest.raises(UnknownKeyError, match=key.id):
            revoke_key(session, key.id, NOW)
