"""The built editor: its files, what may be kept of them, the policy they are under, and what is said without them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import ServerSettings, StoreSettings

INDEX = '<!doctype html><script type="module" src="/assets/index-B4r2x1.js"></script>' + "<!-- buurt -->" * 100


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    built = tmp_path / "dist"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text(INDEX)
    (built / "icon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (built / "assets" / "index-B4r2x1.js").write_text("export {};")
    (built / ".secret").write_text("no")
    (tmp_path / "outside.txt").write_text("no")
    return built


@pytest.fixture
def browser(tmp_path: Path, folder: Path) -> Iterator[TestClient]:
    settings = ServerSettings(editor_dir=folder)
    with TestClient(create_app(StoreSettings(data_dir=tmp_path / "var"), settings)) as client:
        yield client


def test_the_page_is_asked_for_each_time_and_its_assets_never_again(browser: TestClient) -> None:
    page, script = browser.get("/"), browser.get("/assets/index-B4r2x1.js")
    assert page.text == browser.get("/index.html").text == INDEX
    assert (page.headers["cache-control"], page.headers["content-encoding"]) == ("no-cache", "gzip")
    assert page.headers["content-type"].startswith("text/html")
    assert script.headers["content-type"].startswith("text/javascript")
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert browser.get("/icon.svg").headers["content-type"].startswith("image/svg+xml")
    again = browser.get("/", headers={"If-None-Match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_every_file_is_under_the_policy(browser: TestClient) -> None:
    for path in ("/", "/index.html", "/icon.svg", "/assets/index-B4r2x1.js"):
        headers = browser.get(path).headers
        policy = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == policy["worker-src"] == "'self'"
        assert "unsafe" not in headers["content-security-policy"]
        assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")


TILES = "https://tiles.example:8443/{z}/{x}/{y}.png"


def test_a_base_map_opens_the_policy_to_its_origin_alone(tmp_path: Path, folder: Path) -> None:
    settings = ServerSettings(editor_dir=folder, base_map=TILES, base_map_attribution="© Example")
    with TestClient(create_app(StoreSettings(data_dir=tmp_path / "var"), settings)) as client:
        rules = client.get("/").headers["content-security-policy"].split("; ")
    assert [rule for rule in rules if "example" in rule] == [
        "img-src 'self' data: blob: https://tiles.example:8443",
        "connect-src 'self' https://tiles.example:8443",
    ]


@pytest.mark.parametrize(
    ("url", "attribution"),
    [
        ("http://tiles.example/{z}/{x}/{y}.png", "©"),
        ("https://tiles.example/{z}/{x}.png", "©"),
        ("https://tiles.example/{z}/{x}/{y}/{s}.png", "©"),
        ("https://a@tiles.example/style.json", "©"),
        ("https://tiles.example/; script-src *", "©"),
        ("https://tiles.example", "©"),
        ("ftp://tiles.example/{z}/{x}/{y}", "©"),
        (TILES, " "),
    ],
)
def test_what_is_no_base_map_is_refused_at_the_start(url: str, attribution: str) -> None:
    with pytest.raises(ValueError, match=r"base map|template"):
        ServerSettings(base_map=url, base_map_attribution=attribution)


@pytest.mark.parametrize("path", ["/.secret", "/../outside.txt", "/%2e%2e/outside.txt", "/assets/", "/assets/x.js"])
def test_nothing_else_is_served(browser: TestClient, path: str) -> None:
    answer = browser.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_the_api_keeps_its_own_refusals(browser: TestClient) -> None:
    assert browser.post("/v1/nothing").status_code == 404
    assert browser.get("/v1/releases").status_code == 401
    assert browser.get("/healthz").status_code == 200


def test_a_server_without_the_editor_says_how_to_get_it(tmp_path: Path) -> None:
    settings = ServerSettings(editor_dir=tmp_path / "nothing")
    with TestClient(create_app(StoreSettings(data_dir=tmp_path / "var"), settings)) as client:
        answer = client.get("/")
        assert answer.status_code == 503
        assert "npm run build" in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert client.get("/healthz").status_code == 200
