"""Traces as a real collector on loopback receives them: requests with their statements, and nothing personal."""

import secrets
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import HouseholdSettings, ServerSettings, StoreSettings

KEYS = "2026a:" + bytes(pow(3, n, 257) % 256 for n in range(32)).hex()
TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def received() -> Iterator[tuple[str, list[bytes]]]:
    """Address of a collector, and what it gets."""
    bodies: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1/traces", bodies
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("store_settings", ["sqlite"], indirect=True)
def test_a_request_and_its_statements_are_traced_and_nothing_that_somebody_entered(
    received: tuple[str, list[bytes]],
    store_settings: StoreSettings,
    admin: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    messages = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
    endpoint, bodies = received
    monkeypatch.setenv("BUURTWIJZER_TRACING_ENDPOINT", endpoint)
    email = f"{secrets.token_hex(6)}@example.org"
    address = {"street": "Kerkstraat", "house_number": "6", "postcode": "9993"}
    application = create_app(store_settings, ServerSettings(), HouseholdSettings(keys=KEYS))
    with TestClient(application, headers=admin) as client:
        parent = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
        asked = client.post("/v1/sign-ups", json=address | {"email": email}, headers=parent)
        client.get("/v1/addresses/suggest", params={"q": "kerkstraat", "email": email})
        client.get(f"/v1/{email}/kerkstraat")
    spans = []
    for body in bodies:
        request = messages.ExportTraceServiceRequest.FromString(body)
        spans += [span for one in request.resource_spans for scope in one.scope_spans for span in scope.spans]
    by_name = {span.name: span for span in spans}
    signing = by_name["POST /v1/sign-ups"]
    told = {attribute.key: attribute.value for attribute in signing.attributes}
    assert told["http.response.status_code"].int_value == asked.status_code == 200
    assert told["buurtwijzer.request_id"].string_value == asked.headers["x-request-id"]
    assert signing.trace_id.hex() == TRACE
    statements = [span for span in spans if span.parent_span_id == signing.span_id]
    assert {"SELECT", "INSERT"} <= {span.name for span in statements}
    assert "GET other" in by_name
    sent = b"".join(bodies).decode("latin-1").casefold()
    secret = admin["Authorization"].rpartition("_")[2]
    assert [each for each in (email, email.partition("@")[0], "kerkstraat", secret) if each in sent] == []
