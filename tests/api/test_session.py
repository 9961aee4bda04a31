"""A key's caller can ask what it may do."""

from fastapi.testclient import TestClient


def test_a_key_says_what_it_is_called_and_may_do(client: TestClient, admin: dict[str, str]) -> None:
    answer = client.get("/v1/session", headers=admin)
    assert answer.status_code == 200
    assert answer.json()["scopes"] == ["admin", "lookup", "ops", "sales", "signup", "viewer"]
    assert answer.json()["key"] == admin["Authorization"].removeprefix("Bearer ").rsplit("_", 1)[0].removeprefix("bw_")
    assert answer.json()["base_map"] is None
    assert client.get("/v1/session", headers={"Authorization": ""}).status_code == 401
