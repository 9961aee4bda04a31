"""Text that would break out of SQL, of a path or of a page, in every parameter of every route that only reads."""

from itertools import product
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, inspect, select, table

from api.settings import StoreSettings
from data.store import open_store

CORPUS = (
    "' OR '1'='1",
    "99001'; DROP TABLE release; --",
    "1) UNION SELECT key_hash FROM api_key --",
    "../../../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "%c0%ae%c0%ae/etc/passwd",
    "file:///etc/passwd",
    "<img src=x onerror=alert(1)>",
    "{{7*7}}${7*7}",
    "%n%s%1000000d",
)
"""The classes of the OWASP testing guide (v4.2, 4.7): SQL, path traversal, markup, templates, format strings."""

LEFT_OUT = ("spatial_ref_sys", "rate_budget")


def rows_of(settings: StoreSettings) -> dict[str, int]:
    """Rows of every table, but for the budgets of requests that asking uses up."""
    store = open_store(settings.store_url)
    try:
        with store.reading() as session:
            names = [name for name in inspect(session.connection()).get_table_names() if name not in LEFT_OUT]
            return {name: session.scalar(select(func.count()).select_from(table(name))) or 0 for name in names}
    finally:
        store.close()


def reads_of(document: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Paths that can be read, with their parameters."""
    return [
        (path, [given for given in operations["get"].get("parameters", []) if given["in"] in ("path", "query")])
        for path, operations in document["paths"].items()
        if "get" in operations
    ]


def test_no_parameter_breaks_out(client: TestClient, store_settings: StoreSettings) -> None:
    before = rows_of(store_settings)
    answered = 0
    for (path, parameters), text in product(reads_of(client.get("/openapi.json").json()), CORPUS):
        for aimed in parameters:
            url = path
            for given in parameters:
                if given["in"] == "path":
                    value = quote(text, safe="") if given is aimed else "1"
                    url = url.replace(f"{{{given['name']}}}", value)
            answer = client.get(url, params={aimed["name"]: text} if aimed["in"] == "query" else None)
            answered += 1
            assert answer.status_code < 500, (url, aimed["name"], text, answer.text)
            assert b"root:" not in answer.content, (url, aimed["name"], text)
            if "html" in answer.headers.get("content-type", ""):
                assert b"<img src=x" not in answer.content, (url, aimed["name"], text)
    assert answered > 300
    assert rows_of(store_settings) == before


@pytest.mark.parametrize("text", CORPUS)
def test_no_body_breaks_out(client: TestClient, store_settings: StoreSettings, text: str) -> None:
    before = rows_of(store_settings)
    for path, body in (
        ("/v1/verifications", {"line": text}),
        ("/v1/verifications", dict.fromkeys(("street", "house_number", "box", "postcode", "municipality"), text)),
        ("/v1/reach", {"street": {"municipality": "99001", "name": text}}),
        ("/v1/reach", {"addresses": [text]}),
        ("/v1/quotes:preview", {"municipalities": [text], "title": text}),
        ("/v1/municipalities/99001/plans:propose", {"alternatives": 1, "seed": text}),
    ):
        answer = client.post(path, json=body)
        assert answer.status_code < 500, (path, answer.text)
        assert "root:" not in answer.text
    assert rows_of(store_settings) == before
