"""The example of a sign-up form in a browser: on an origin of its own, against a real server on the demo region."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs

import httpx2
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Route, expect

from api.settings import StoreSettings
from buurtwijzer_client import Client
from data.api_keys import Scope, create_key
from data.members.rules import read_rules, set_rules
from data.store import open_store
from households.eligibility import RuleSet
from tests.accessibility import violations
from tests.api.conftest import RealServer, served
from tests.waiting import wait_until

FORM = Path(__file__).resolve().parents[2] / "docs" / "examples" / "sign-up-form"
SCREENSHOTS = Path(__file__).resolve().parents[2] / "web" / "screenshots"
pytestmark = pytest.mark.parametrize("store_settings", ["sqlite"], indirect=True, scope="session")
WAIT_MS = 20_000
"""How long the page may take for one thing on two busy cores; no test measures time."""
TRUSTED = "base-uri 'none'; require-trusted-types-for 'script'"
"""What a page that wrote an answer as HTML would be stopped by."""
OPEN, CLOSED = "99001", "99003"
"""Municipalities: in the one who lives there may join, in the other a home must be known to be one."""


class Site(ThreadingHTTPServer):
    """The web server of a site with the form on it, as strict as a careful one; its host name makes its origin."""

    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), partial(_Handler, directory=str(FORM)))
        self.origin = f"http://localhost:{self.server_port}"
        self.api = self.key = ""
        self.signed_up: list[dict[str, str]] = []

    def __enter__(self) -> "Site":
        Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Handler(SimpleHTTPRequestHandler):
    server: Site
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path != "/settings.js":
            super().do_GET()
            return
        settings = (
            f"export const API = {json.dumps(self.server.api)};\nexport const KEY = {json.dumps(self.server.key)};"
        )
        self._answer("text/javascript", settings)

    def do_POST(self) -> None:
        sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode(), keep_blank_values=True)
        self.server.signed_up.append({name: values[0] for name, values in sent.items()})
        self._answer("text/html", "<!doctype html><title>Signed up</title>")

    def _answer(self, media_type: str, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def end_headers(self) -> None:
        policy = f"default-src 'none'; script-src 'self'; style-src 'self'; connect-src {self.server.api}"
        self.send_header("Content-Security-Policy", f"{policy}; form-action 'self'; {TRUSTED}")
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, *_: object) -> None: ...


@dataclass
class Visit:
    """Somebody with the form open."""

    page: Page
    site: Site
    errors: list[str] = field(default_factory=list)

    def hear(self, told: ConsoleMessage | Error) -> None:
        if isinstance(told, Error) or told.type in ("error", "warning"):
            self.errors.append(str(told) if isinstance(told, Error) else told.text)

    def open(self, language: str = "en") -> None:
        self.page.goto(f"{self.site.origin}/?lang={language}")
        expect(self.page.locator("html")).to_have_attribute("lang", language)

    def check(self, line: str, house_number: str = "", box: str = "") -> None:
        for label, text in (("line", line), ("house_number", house_number), ("box", box)):
            self.page.locator(f"#{label}").fill(text)
        self.page.locator("#check").click()

    def answered(self, title: str | re.Pattern[str]) -> None:
        heading = self.page.locator("#answer-title")
        expect(heading).to_have_text(title)
        expect(heading).to_be_focused()

    def screenshot(self, name: str) -> None:
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"form-{name}.png", full_page=True)


def ask(site: Site) -> httpx2.Response:
    """Ask the server with a site's key."""
    return httpx2.get(f"{site.api}/v1/session", headers={"Authorization": f"Bearer {site.key}"})


@pytest.fixture(scope="module")
def sites() -> Iterator[tuple[Site, Site]]:
    """A site whose origin the server names, and one that it does not name."""
    with Site() as named, Site() as other:
        yield named, other


@pytest.fixture(scope="module")
def server(store_settings: StoreSettings, sites: tuple[Site, Site]) -> Iterator[RealServer]:
    """The server, with keys for the sites, and rules in two municipalities that are the network's again afterwards."""
    now = datetime.now(UTC)
    rules = {OPEN: RuleSet(licence_required=False), CLOSED: RuleSet(licence_required=False, unknown_home="refuse")}

    def set_all(rules: dict[str, RuleSet]) -> None:
        with store.writing() as session:
            for code, own in rules.items():
                set_rules(session, code, own, now, expected_version=read_rules(session, code).version)

    store = open_store(store_settings.store_url)
    set_all(rules)
    with store.writing() as session:
        _, key = create_key(session, "sign-up page", [Scope.LOOKUP], now)
    named, _ = sites
    try:
        with served(store_settings, 1, BUURTWIJZER_SERVER_CORS_ORIGINS=json.dumps([named.origin])) as server:
            for site in sites:
                site.api, site.key = server.url, key
            yield server
    finally:
        set_all({code: RuleSet() for code in rules})
        store.close()


@pytest.fixture(scope="module")
def page(chromium: Browser, server: RealServer) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, locale="en-GB", has_touch=True)
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    expect.set_options(timeout=WAIT_MS)
    yield page
    context.close()


@pytest.fixture
def visit(page: Page, sites: tuple[Site, Site]) -> Iterator[Visit]:
    visit = Visit(page, sites[0])
    listen = visit.hear
    page.on("console", listen)
    page.on("pageerror", listen)
    yield visit
    page.remove_listener("console", listen)
    page.remove_listener("pageerror", listen)
    assert [error for error in visit.errors if "favicon" not in error] == []


def test_a_street_is_chosen_by_keyboard_and_who_lives_there_signs_up(visit: Visit, admin: dict[str, str]) -> None:
    visit.open()
    assert violations(visit.page) == []
    page = visit.page
    line = page.get_by_role("combobox", name="Street and municipality")
    line.press_sequentially("kerkstrat dem")
    options = page.get_by_role("option")
    expect(options).to_have_text(["Kerkstraat, 9993 Demodorp", "Kerkstraat, 9994 Demodorp"])
    expect(page.get_by_role("status")).to_have_text("2 suggestions. Choose with the arrow keys.")
    line.press("ArrowUp")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    line.press("ArrowDown")
    assert line.get_attribute("aria-activedescendant") is None
    line.press("ArrowDown")
    assert line.get_attribute("aria-activedescendant") == options.nth(0).get_attribute("id")
    visit.screenshot("suggestions")
    assert violations(page) == []
    line.press("Escape")
    expect(options).to_have_count(0)
    line.press("ArrowDown")
    line.press("Enter")
    expect(line).to_have_value("Kerkstraat, 9993 Demodorp")
    number = page.get_by_label("House number")
    expect(number).to_be_focused()
    number.fill("6")
    number.press("Enter")
    visit.answered(re.compile("You can join .+"))
    expect(page.locator("#answer")).to_contain_text("Your address: Kerkstraat 6, 9993 Demodorp")
    expect(page.locator("#answer li")).to_have_count(4)
    assert violations(page) == []
    email = page.get_by_label("E-mail address")
    email.press("Enter")
    expect(email).to_be_focused()
    expect(email).to_have_accessible_description("Fill in an e-mail address, such as ann@example.org.")
    visit.screenshot("eligible")
    email.fill("form@example.org")
    email.press("Enter")
    expect(page).to_have_title("Signed up")
    [sent] = visit.site.signed_up
    assert set(sent) == {"line", "house_number", "box", "language", "email", "address_id"}
    # What the site's own server does with it.
    address = {name: sent[name] for name in ("line", "house_number", "box", "language") if sent[name]}
    with Client(visit.site.api, admin["Authorization"].removeprefix("Bearer ")) as buurtwijzer:
        asked = buurtwijzer.sign_up(address, email=sent["email"], address_id=sent["address_id"])
    assert asked.verdict == "needs_proof"


def test_a_corrected_address_is_confirmed_and_a_change_takes_it_back(visit: Visit) -> None:
    visit.open("nl")
    visit.check("Kerkstrat, 9993 Demodorp", "6")
    visit.answered("Is dit je adres?")
    expect(visit.page.locator("#answer")).to_contain_text("De straatnaam was fout gespeld of onvolledig.")
    assert violations(visit.page) == []
    visit.screenshot("confirm")
    visit.page.get_by_role("button", name="Ja: Kerkstraat 6, 9993 Demodorp").click()
    visit.answered(re.compile("Je kunt lid worden van .+"))
    expect(visit.page.locator("#line")).to_have_value("Kerkstraat, 9993 Demodorp")
    visit.page.get_by_label("Huisnummer").press_sequentially("0")
    expect(visit.page.locator("#answer")).to_be_hidden()
    assert visit.page.locator("#address_id").input_value() == ""


def test_a_missing_box_is_chosen_and_what_does_not_exist_is_said_at_its_field(visit: Visit) -> None:
    visit.open("fr")
    page = visit.page
    visit.check("Kerkstraat, 9993 Demodorp", "999")
    number = page.get_by_label("Numéro")
    expect(number).to_be_focused()
    expect(number).to_have_attribute("aria-invalid", "true")
    expect(number).to_have_accessible_description("La rue n'a pas ce numéro dans le registre.")
    assert violations(page) == []
    visit.screenshot("fix")
    visit.check("Kerkstraat, 9993 Demodorp", "4")
    visit.answered("Quelle adresse voulez-vous dire ?")
    expect(page.get_by_label("Boîte")).to_have_accessible_description("Le bâtiment a plusieurs boîtes : laquelle ?")
    visit.screenshot("choose")
    page.get_by_role("button", name=re.compile("Kerkstraat 4 .*0002, 9993")).click()
    visit.answered(re.compile("Vous pouvez rejoindre .+"))
    expect(page.get_by_label("Boîte")).to_have_value("0002")


def test_who_may_not_join_is_told_why(visit: Visit) -> None:
    visit.open()
    visit.page.emulate_media(color_scheme="dark")
    visit.check("Kerkstraat 2, 9995 Proefstad")
    visit.answered("You cannot join at present")
    expect(visit.page.locator("#answer li")).to_have_text("The register does not say whether this is a home.")
    expect(visit.page.get_by_label("E-mail address")).to_be_hidden()
    assert violations(visit.page) == []
    visit.screenshot("refused")
    visit.page.emulate_media(color_scheme="light")


def test_what_is_typed_in_one_go_is_asked_once_and_an_answer_that_is_too_late_is_given_up(visit: Visit) -> None:
    visit.page.route(re.compile("q=kerkp"), lambda _never_answered: None)
    visit.open()
    line = visit.page.locator("#line")
    with visit.page.expect_request(re.compile("q=kerkp")):
        line.fill("kerkp")
    with visit.page.expect_event("requestfailed", lambda request: "q=kerkp" in request.url):
        line.fill("kerks")
    expect(visit.page.get_by_role("option").first).to_contain_text("Kerkstraat")
    visit.page.unroute_all()
    asked: list[str] = []
    visit.page.on("request", lambda request: asked.append(request.url))
    line.evaluate(
        """(input) => {
            for (const letter of "traat 6, 9993 dem") {
                input.value += letter;
                input.dispatchEvent(new InputEvent("input"));
            }
        }"""
    )
    expect(visit.page.get_by_role("option").first).to_have_text("Kerkstraat 6, 9993 Demodorp")
    assert len(asked) == 1


def test_a_server_that_is_away_for_a_moment_is_asked_again(visit: Visit) -> None:
    visit.open()
    refused: list[str] = []

    def refuse_once(route: Route) -> None:
        if route.request.method == "POST" and not refused:
            refused.append(route.request.url)
            headers = {"Access-Control-Allow-Origin": visit.site.origin, "Retry-After": "1"}
            route.fulfill(status=503, headers=headers, body="{}")
        else:
            route.continue_()

    visit.page.route("**/v1/verifications", refuse_once)
    visit.check("Kerkstraat 6, 9993 Demodorp")
    visit.answered(re.compile("You can join .+"))
    assert len(refused) == 1
    visit.page.unroute_all()
    visit.errors.clear()  # which are Chromium's own words about the 503


def test_beyond_the_rate_of_the_key_and_without_a_network_the_page_says_so(
    visit: Visit, store_settings: StoreSettings
) -> None:
    usual = visit.site.key
    store = open_store(store_settings.store_url)
    with store.writing() as session:
        _, visit.site.key = create_key(session, "used up", [Scope.LOOKUP], datetime.now(UTC), rate_per_minute=1)
    store.close()
    visit.open()
    wait_until(lambda: ask(visit.site).status_code != 401)
    wait_until(lambda: ask(visit.site).status_code == 429)
    visit.check("Kerkstraat 6, 9993 Demodorp")
    expect(visit.page.get_by_role("alert")).to_have_text(re.compile(r"Too many people are asking. Try again in \d+ s"))
    visit.screenshot("busy")
    visit.site.key = usual

    visit.open()
    visit.page.context.set_offline(True)
    visit.check("Kerkstraat 6, 9993 Demodorp")
    expect(visit.page.get_by_role("alert")).to_contain_text("You are offline.")
    assert violations(visit.page) == []
    visit.page.context.set_offline(False)
    expect(visit.page.get_by_role("alert")).to_have_text("")
    visit.page.locator("#check").click()
    visit.answered(re.compile("You can join .+"))
    visit.errors.clear()  # which are Chromium's own words about 429 and the network


def test_a_site_that_the_server_does_not_name_says_that_it_reaches_nothing(
    visit: Visit, sites: tuple[Site, Site]
) -> None:
    visit.site = sites[1]
    visit.open()
    visit.check("Kerkstraat 6, 9993 Demodorp")
    expect(visit.page.get_by_role("alert")).to_contain_text("We cannot reach the address service.")
    assert any("CORS policy" in error for error in visit.errors)
    visit.errors.clear()
