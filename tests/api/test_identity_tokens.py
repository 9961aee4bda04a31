"""Tokens of a real identity provider on loopback: who gets in, who does not, and what happens while it is away."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from fastapi.testclient import TestClient
from pydantic import ValidationError

from api import identity_tokens
from api.app import create_app
from api.identity_tokens import token_caller_id
from api.settings import OidcSettings, ServerSettings, StoreSettings

AUDIENCE = "buurtwijzer"
RSA = rsa.generate_private_key(65537, 2048)
OTHER_RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
ALGORITHMS = {"rsa": ("RS256", RSA), "ec": ("ES256", EC), "ed": ("EdDSA", ED)}
PUBLIC_PEM = RSA.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def jwk(key_id: str, key: Any, **more: str) -> dict[str, Any]:
    algorithm: Any = jwt.algorithms.RSAAlgorithm
    if isinstance(key, ec.EllipticCurvePrivateKey):
        algorithm = jwt.algorithms.ECAlgorithm
    if isinstance(key, ed25519.Ed25519PrivateKey):
        algorithm = jwt.algorithms.OKPAlgorithm
    return algorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": key_id, "use": "sig"} | more


class Provider:
    """An OpenID provider: its discovery document and its keys."""

    def __init__(self) -> None:
        self.keys = [jwk(key_id, key) for key_id, (_, key) in ALGORITHMS.items()]
        self.keys += [{"kty": "oct", "kid": "shared", "k": base64.urlsafe_b64encode(b"x" * 32).decode()}]
        self.away = False
        self.asked = 0
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.asked += 1
                documents = {
                    "/.well-known/openid-configuration": {
                        "issuer": provider.issuer,
                        "jwks_uri": f"{provider.issuer}/keys",
                    },
                    "/keys": {"keys": provider.keys},
                }
                found = None if provider.away else documents.get(self.path)
                self.send_response(503 if found is None else 200)
                self.end_headers()
                self.wfile.write(json.dumps(found).encode())

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def token(self, key_id: str | None = "rsa", *, key: Any = None, algorithm: str | None = None, **claims: Any) -> str:
        usual, own = ALGORITHMS[key_id if key_id in ALGORITHMS else "rsa"]
        now = int(time.time())
        said = {"iss": self.issuer, "aud": AUDIENCE, "sub": "person-7", "exp": now + 60, "roles": ["bw-viewer"]}
        said = {name: value for name, value in (said | claims).items() if value is not None}
        headers = {} if key_id is None else {"kid": key_id}
        return jwt.encode(said, own if key is None else key, algorithm or usual, headers)


@pytest.fixture
def provider() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.server.shutdown()
    provider.server.server_close()


@pytest.fixture
def caller(provider: Provider, store_settings: StoreSettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("BUURTWIJZER_OIDC_ISSUER", provider.issuer)
    monkeypatch.setenv("BUURTWIJZER_OIDC_AUDIENCE", AUDIENCE)
    monkeypatch.setenv("BUURTWIJZER_OIDC_SCOPES", '{"bw-viewer": ["viewer"], "bw-sales": ["sales"]}')
    with TestClient(create_app(store_settings, ServerSettings())) as client:
        yield client


pytestmark = pytest.mark.parametrize("store_settings", ["sqlite"], indirect=True)


def ask(caller: TestClient, token: str, path: str = "/v1/releases") -> Any:
    return caller.get(path, headers={"Authorization": f"Bearer {token}"})


@pytest.mark.parametrize("key_id", list(ALGORITHMS))
def test_a_person_of_the_provider_may_do_what_its_claim_says(
    caller: TestClient, provider: Provider, key_id: str
) -> None:
    token = provider.token(key_id, name="Someone")
    session = ask(caller, token, "/v1/session").json()
    assert session["scopes"] == ["lookup", "signup", "viewer"]
    assert session["key"] == token_caller_id(provider.issuer, "person-7")
    assert len(session["key"]) <= 16
    assert ask(caller, token).status_code == 200
    assert ask(caller, token, "/v1/quotes").status_code == 403
    assert ask(caller, provider.token(key_id, roles="bw-sales openid"), "/v1/quotes").status_code == 200


def unsigned(provider: Provider) -> str:
    return provider.token(key="", algorithm="none")


def by_hand_with_public_key(provider: Provider) -> str:
    import hashlib
    import hmac

    head, body, _ = provider.token().split(".")
    head = (
        base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": "rsa", "typ": "JWT"}).encode()).decode().strip("=")
    )
    signature = hmac.new(PUBLIC_PEM, f"{head}.{body}".encode(), hashlib.sha256).digest()
    return f"{head}.{body}.{base64.urlsafe_b64encode(signature).decode().strip('=')}"


REFUSED = {
    "wrong issuer": lambda provider: provider.token(iss="https://other.example"),
    "wrong audience": lambda provider: provider.token(aud="another"),
    "no audience": lambda provider: provider.token(aud=None),
    "no subject": lambda provider: provider.token(sub=None),
    "no end": lambda provider: provider.token(exp=None),
    "expired": lambda provider: provider.token(exp=int(time.time()) - 31),
    "not yet": lambda provider: provider.token(nbf=int(time.time()) + 60),
    "alg none": unsigned,
    "HS256 with the public key": by_hand_with_public_key,
    "HS256 with a shared key": lambda provider: provider.token("shared", key=b"x" * 32, algorithm="HS256"),
    "unknown kid": lambda provider: provider.token("unknown"),
    "no kid of several": lambda provider: provider.token(None),
    "another's key": lambda provider: provider.token(key=OTHER_RSA),
    "algorithm that is not taken": lambda provider: provider.token(algorithm="RS512"),
    "RSA key named for EC": lambda provider: provider.token("ec", key=RSA, algorithm="RS256"),
    "no scope": lambda provider: provider.token(roles=["cleaner"]),
    "claim of another form": lambda provider: provider.token(roles={"bw-viewer": True}),
    "changed": lambda provider: provider.token()[:-4] + "AAAA",
    "too long": lambda provider: provider.token(padding="x" * 9_000),
}


def test_every_other_token_is_refused(caller: TestClient, provider: Provider) -> None:
    for what, make in REFUSED.items():
        answer = ask(caller, make(provider))
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), what
    assert ask(caller, provider.token(exp=int(time.time()) - 5)).status_code == 200, "within the leeway"
    # However many unknown keys are named, the provider is not asked for each.
    assert provider.asked <= 4


def test_a_rotated_key_is_found_and_the_old_one_is_not_taken_any_more(
    caller: TestClient, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity_tokens, "RETRY_S", 0.0)
    before = provider.token()
    assert ask(caller, before).status_code == 200
    provider.keys = [jwk("new", OTHER_RSA, alg="PS256")]
    assert ask(caller, provider.token("new", key=OTHER_RSA, algorithm="PS256")).status_code == 200
    assert ask(caller, provider.token("new", key=OTHER_RSA, algorithm="RS256")).status_code == 401
    assert ask(caller, provider.token(None, key=OTHER_RSA, algorithm="PS256")).status_code == 200
    assert ask(caller, before).status_code == 401


def test_while_the_provider_is_away_known_keys_go_on_and_nobody_is_called_a_stranger(
    caller: TestClient, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity_tokens, "RETRY_S", 0.0)
    provider.away = True
    unknown = ask(caller, provider.token())
    assert (unknown.status_code, unknown.headers["retry-after"]) == (503, "10")
    assert unknown.json()["type"].endswith("/identity-provider-unreachable")
    provider.away = False
    assert ask(caller, provider.token()).status_code == 200
    provider.away = True
    assert ask(caller, provider.token()).status_code == 200


@pytest.mark.parametrize(
    "settings",
    [
        {"issuer": "http://id.example", "audience": "a", "scopes": {"a": ("ops",)}},
        {"issuer": "https://id.example", "scopes": {"a": ("ops",)}},
        {"issuer": "https://id.example", "audience": "a"},
        {"algorithms": ("HS256",)},
        {"algorithms": ("none",)},
    ],
)
def test_settings_that_would_let_strangers_in_are_refused(
    settings: dict[str, Any], store_settings: StoreSettings
) -> None:
    with pytest.raises(ValidationError):
        OidcSettings(**settings)
