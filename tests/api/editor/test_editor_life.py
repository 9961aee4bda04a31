"""From signing in to a published plan: what ops staff do in the editor, and what must not go wrong there."""

import base64
import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from data.api_keys import Scope
from tests.accessibility import violations

ROOT = Path(__file__).resolve().parents[3]


def begin(editor: Any, title: str = "A draft", municipality: str = "99001") -> Any:
    """Open a new draft, with its second half as a buurt of its own."""
    draft = editor.server.ask("POST", f"/v1/municipalities/{municipality}/plans", editor.key, json={"title": title})
    editor.draft = draft["id"]
    codes = sorted(editor.plan()["blocks"])
    half = codes[len(codes) // 2 :]
    editor.run({"op": "create_buurt", "names": {"nl": "Tweede", "fr": "Deuxième"}, "blocks": half, "allow_parts": True})
    return show(editor)


def show(editor: Any, query: str = "lang=en") -> Any:
    editor.open(f"{query}&plan={editor.draft}", municipality=None)
    editor.page.wait_for_selector(".tool")
    editor.saved()
    editor.settle()
    return editor


def test_without_a_key_there_is_only_the_door(editor: Any) -> None:
    editor.page.goto(editor.server.url + "/?lang=en")
    editor.page.get_by_role("heading", name="Sign in").wait_for()
    assert editor.page.locator("#map").count() == 0
    editor.page.get_by_label("Key").fill("bw_wrong_key")
    editor.page.get_by_role("button", name="Open the map").click()
    expect(editor.page.get_by_role("alert")).to_have_text("This key is unknown, revoked or expired.")
    assert violations(editor.page) == []
    editor.page.screenshot(path=ROOT / "web" / "screenshots" / "door.png")
    editor.page.get_by_label("Key").fill(editor.key)
    editor.page.get_by_role("button", name="Open the map").click()
    editor.page.wait_for_selector("[data-ready]")


def test_a_key_in_the_link_signs_in_and_is_gone_from_the_address(editor: Any) -> None:
    editor.open()
    assert editor.key not in editor.page.url
    assert all(editor.key not in url for url in editor.requests)
    editor.page.get_by_role("button", name="Sign out").click()
    editor.page.get_by_role("heading", name="Sign in").wait_for()


def test_a_viewer_looks_and_has_no_tools(editor: Any) -> None:
    editor.key = editor.server.key(Scope.VIEWER)
    editor.open()
    editor.page.get_by_text("Your key may look, not edit.").wait_for()
    assert editor.page.locator(".tool").count() == 0
    assert editor.page.get_by_role("tab", name="Propose").count() == 0
    editor.key = editor.server.key(Scope.SIGNUP)
    editor.page.get_by_role("button", name="Sign out").click()
    editor.page.get_by_label("Key").fill(editor.key)
    editor.page.get_by_role("button", name="Open the map").click()
    editor.page.get_by_text("This key may not look at plans").wait_for()


def test_the_link_that_serve_prints_opens_the_map(editor: Any) -> None:
    command = [sys.executable, "-c", "from api.cli import main; main()", "serve", "--port", "0", "--with-demo-key"]
    import os

    environment = os.environ | editor.server.environment
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        link = next(line.strip() for line in process.stdout if "#key=" in line)
        process.terminate()
    editor.server.await_key(link.partition("#key=")[2])
    editor.page.goto(f"{editor.server.url}/?lang=en#{link.partition('#')[2]}")
    editor.page.wait_for_selector("[data-ready]")
    editor.page.wait_for_selector(".plan-head h1")  # with the few municipalities of the demo region one opens by itself


def test_municipalities_and_addresses_are_found_by_typing(editor: Any) -> None:
    editor.open()
    page = editor.page
    search = page.get_by_role("combobox", name="Municipality or address")
    names = [one["names"] for one in editor.server.ask("GET", "/v1/municipalities", editor.key)["data"]]
    other = next(name["nl"] or name["fr"] for name in names if name["nl"] != "Demodorp")
    search.fill(other[:4].lower())
    page.get_by_role("option", name=re.compile(other)).wait_for()
    search.press("Enter")
    expect(page.locator(".plan-head h1")).to_have_text(other)

    search.fill("kerkstraat 6 demodorp")
    page.get_by_role("option", name=re.compile("Kerkstraat 6, 9993")).click()
    expect(page.locator(".plan-head h1")).to_have_text("Demodorp")
    page.get_by_text(re.compile("Kerkstraat 6.* lies in ")).wait_for()
    editor.page.wait_for_function("() => globalThis.buurtwijzer.map.getZoom() > 15")
    editor.screenshot("address")


def test_a_proposal_is_taken_and_taken_back(editor: Any) -> None:
    begin(editor)
    page = editor.page
    before = editor.plan()["blocks"]
    editor.tab("Propose")
    for name, value in (("At least", 200), ("Target", 400), ("At most", 900)):
        page.get_by_label(name, exact=True).fill(str(value))
    page.get_by_role("button", name="Propose", exact=True).click()
    page.get_by_role("heading", name="Alternative 3").wait_for()
    editor.screenshot("proposals")
    page.get_by_role("button", name="Take this one").first.click()
    page.get_by_text(re.compile(r"^\d+ buurten, 3,363 households")).wait_for()
    editor.saved()
    taken = editor.plan()
    assert len(taken["buurten"]) > 4
    assert all(200 <= one["counts"]["households"] <= 900 for one in taken["buurten"])
    editor.screenshot("proposal-taken")
    page.get_by_role("button", name="Undo").click()
    editor.saved()
    assert editor.plan()["blocks"] == before


def test_a_problem_is_shown_where_it_is(editor: Any) -> None:
    begin(editor)
    editor.tab("Problems")
    first = editor.page.locator(".problems button").first
    first.click()
    expect(first).to_have_attribute("aria-pressed", "true")
    editor.screenshot("problem")


def test_a_draft_is_compared_and_published_and_the_days_before_stay(editor: Any) -> None:
    begin(editor, municipality="99002")  # what is published here, no other test begins from
    page = editor.page
    editor.tab("Compare")
    page.get_by_role("table", name="What moves").wait_for()
    diff = editor.server.ask("GET", f"/v1/plans/{editor.draft}/diff", editor.key)["moves"]
    assert page.locator("tbody tr").count() == len(diff)
    editor.screenshot("compare")
    page.get_by_role("button", name="Publish the plan").click()
    assert page.locator("textarea:invalid").count() == 1  # a reason is required
    page.get_by_label("Reason").fill("The council wants two buurten.")
    page.get_by_role("button", name="Publish the plan").click()
    page.locator(".state.published").wait_for()
    expect(page.get_by_label("Compare with").locator("option:checked")).to_have_text("Plan 1, made by the import")
    expect(page.locator("tbody tr")).to_have_count(len(diff))  # a published plan is compared with the one before it
    published = editor.server.ask("GET", "/v1/municipalities/99002/plans", editor.key)["plans"][0]
    assert (published["drawn"], published["reason"]) == (True, "The council wants two buurten.")
    assert published["valid_from"] == datetime.now(UTC).date().isoformat()

    editor.tab("History")
    editor.screenshot("history-published")
    slider = page.get_by_role("slider", name=re.compile("Plan on a day"))
    slider.focus()
    slider.press("Home")

    # The plan of that day is not the last: a draft begins from the last, unless this one is asked for by its number.
    head = page.locator(".plan-head")
    head.get_by_text(f"A later plan was published: Plan {published['version']}").wait_for()
    assert head.get_by_role("button").count() == 2
    editor.screenshot("history")
    head.get_by_role("button", name=f"Begin a draft from plan {published['version']}").click()
    page.wait_for_selector(".tool")
    editor.draft = ""
    assert editor.plan()["plan"]["base"] == published["id"]


def test_a_draft_is_put_on_a_plan_that_was_published_meanwhile(editor: Any) -> None:
    begin(editor, municipality="99003")
    page, mine = editor.page, editor.draft
    gone = first_of(editor)
    editor.run({"op": "rename_buurt", "buurt": gone, "names": {"nl": "Verdwijnt"}})
    show(editor)
    theirs = editor.server.ask("POST", "/v1/municipalities/99003/plans", editor.key, json={"title": "Theirs"})
    editor.draft = theirs["id"]
    first = min(editor.plan()["blocks"])
    editor.run({"op": "create_buurt", "names": {"nl": "Van hen"}, "blocks": [first], "allow_parts": True})
    into = next(one["code"] for one in editor.plan()["buurten"] if one["code"] != gone)
    editor.run({"op": "merge_buurten", "into": into, "others": [gone]})
    revision = editor.plan()["plan"]["revision"]
    day, reason = datetime.now(UTC).date().isoformat(), "They were first."
    body, headers = {"valid_from": day, "reason": reason}, {"If-Match": f'"{revision}"'}
    editor.server.ask("POST", f"/v1/plans/{theirs['id']}:publish", editor.key, json=body, headers=headers)
    editor.draft = mine

    editor.tab("Compare")
    page.get_by_label("Reason").fill("The council wants two buurten.")
    page.get_by_role("button", name="Publish the plan").click()
    page.get_by_role("heading", name="Another plan was published meanwhile").wait_for()
    page.get_by_text(reason).wait_for()
    page.get_by_role("table", name="What moves").nth(1).wait_for()
    editor.screenshot("outdated")
    assert violations(editor.page) == []
    language = page.locator(".bar-end select").nth(0)
    language.select_option("fr")
    page.get_by_role("button", name="Poser mon projet dessus").click()
    conflict = page.locator(".outdated [role=alert] li")
    expect(conflict).to_have_text(f"Étape 2, un quartier renommé : Ce plan ne l'a pas ({gone})")
    editor.screenshot("rebase-conflict")
    language.select_option("en")
    page.get_by_role("button", name="Put my draft on it").click()
    expect(conflict).to_have_text(f"Step 2, a buurt renamed: this draft has no buurt '{gone}'")
    page.get_by_role("button", name="Leave them out and go on").click()
    page.get_by_text(f"Left out: a buurt renamed (this draft has no buurt '{gone}')").wait_for()
    page.get_by_text("Steps carried out again: 1.").wait_for()
    editor.screenshot("rebased")
    names = {one["names"]["nl"] for one in editor.plan()["buurten"]}
    assert {"Tweede", "Van hen"} <= names
    page.get_by_label("Reason").fill("The council wants two buurten.")
    page.get_by_role("button", name="Publish the plan").click()
    page.locator(".state.published").wait_for()


def test_another_editor_is_seen_and_both_edits_stay(editor: Any, places: Any) -> None:
    begin(editor)
    page = editor.page
    first, second = sorted(one["code"] for one in editor.plan()["buurten"])
    target = next(block for block, buurt in editor.plan()["blocks"].items() if buurt == first)
    editor.select(second)
    editor.run({"op": "rename_buurt", "buurt": first, "names": {"nl": "Van een ander"}})
    editor.tool("paint")
    page.mouse.click(*editor.at(*places(editor)[target]))
    page.get_by_role("dialog", name="Somebody else changed this draft").wait_for()
    expect(page.get_by_role("dialog")).to_contain_text("a buurt renamed")
    editor.screenshot("conflict")
    page.get_by_role("button", name="Take theirs in, put mine on top").click()
    editor.saved()
    editor.insist()
    plan = editor.plan()
    assert plan["blocks"][target] == second
    assert next(one for one in plan["buurten"] if one["code"] == first)["names"]["nl"] == "Van een ander"


def paint_one(editor: Any, places: Any) -> tuple[str, str]:
    """Give one block of the first buurt to the second; returns the block and the buurt it goes to."""
    first, second = sorted(one["code"] for one in editor.plan()["buurten"])
    target = next(block for block, buurt in editor.plan()["blocks"].items() if buurt == first)
    where = editor.at(*places(editor)[target])
    editor.select(second)
    editor.tool("paint")
    return target, second, where


def test_a_lost_network_and_a_closed_tab_lose_nothing(editor: Any, places: Any) -> None:
    begin(editor)
    target, second, where = paint_one(editor, places)
    editor.run({"op": "assign_blocks", "blocks": [target], "buurt": second, "allow_parts": True})  # it may be refused
    editor.run({"op": "assign_blocks", "blocks": [target], "buurt": first_of(editor), "allow_parts": True})
    show(editor)
    editor.select(second)
    editor.tool("paint")
    editor.page.context.set_offline(True)
    editor.page.mouse.click(*where)
    editor.page.locator("[data-saving=offline]").wait_for()
    editor.screenshot("offline")
    address = editor.page.url
    context = editor.page.context
    editor.page.close()
    context.set_offline(False)
    again = type(editor)(context.new_page(), editor.server, editor.key)
    again.page.goto(f"{address}#key={editor.key}")
    again.page.wait_for_selector(".tool")
    again.page.wait_for_function("() => globalThis.buurtwijzer.unsaved() === 0")
    again.insist()
    assert again.plan()["blocks"][target] == second


def first_of(editor: Any) -> str:
    return min(one["code"] for one in editor.plan()["buurten"])


def test_a_server_that_is_killed_and_started_again_loses_nothing(editor: Any, places: Any) -> None:
    begin(editor)
    target, second, where = paint_one(editor, places)
    editor.server.stop(signal.SIGKILL)
    editor.page.mouse.click(*where)
    editor.page.locator("[data-saving=offline]").wait_for()
    editor.server.start()
    editor.page.wait_for_function("() => globalThis.buurtwijzer.unsaved() === 0")
    editor.insist()
    assert editor.plan()["blocks"][target] == second


def test_the_plan_is_printed_and_leaves_as_files_that_come_back(editor: Any, tmp_path: Path) -> None:
    begin(editor)
    page = editor.page
    page.get_by_role("button", name="Print sheet").click()
    page.locator(".sheet-map").wait_for()
    page.screenshot(path=ROOT / "web" / "screenshots" / "sheet.png", full_page=True)
    (ROOT / "web" / "screenshots" / "sheet.pdf").write_bytes(page.pdf(format="A4"))
    assert violations(editor.page) == []
    with page.expect_download() as download:
        page.get_by_role("button", name="Picture (PNG)").click()
    assert download.value.path().read_bytes().startswith(b"\x89PNG")
    page.keyboard.press("Escape")
    assert page.locator(".sheet").count() == 0

    editor.tab("History")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download GeoJSON").click()
    file = tmp_path / "plan.geojson"
    file.write_bytes(download.value.path().read_bytes())
    before = editor.plan()["blocks"]
    page.get_by_label(re.compile("Begin a draft from a file")).set_input_files(file)
    page.wait_for_function("(id) => !location.search.includes(id)", arg=editor.draft)
    editor.draft = ""
    assert editor.plan()["blocks"] == before


OVERFLOWING = """() => [...document.querySelectorAll(".bar, .panel, .tabs, .tab-panel, .tools")]
    .filter((part) => part.scrollWidth > part.clientWidth || part.getBoundingClientRect().right > innerWidth)
    .map((part) => `${part.className} ${part.scrollWidth} > ${part.clientWidth}`)"""
LANGUAGES = {"en": "Problems", "nl": "Problemen", "fr": "Problèmes"}


def test_the_page_speaks_three_languages_and_is_open_to_everybody(editor: Any) -> None:
    begin(editor)
    page = editor.page
    language, theme = page.locator(".bar-end select").nth(0), page.locator(".bar-end select").nth(1)
    found = []
    for name, problems in LANGUAGES.items():
        language.select_option(name)
        page.get_by_role("tab", name=problems).wait_for()
        assert page.evaluate("document.documentElement.lang") == name
        for width in (1280, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate(OVERFLOWING) == []
        tabs = page.get_by_role("tab")
        for place in range(tabs.count()):
            tabs.nth(place).click()
            page.locator(".tab-panel .empty", has_text="…").wait_for(state="detached")
            page.locator(".stage .notice").wait_for(state="detached")
            editor.screenshot(f"{name}-{place}")
            # The same parts in other words: what may differ is how much room these take, and the page's language.
            if name == "en":
                found += violations(editor.page)
        theme.select_option("dark")
        editor.screenshot(f"{name}-dark")
        found += violations(editor.page)  # when colours no longer change by and by
        theme.select_option("light")
    assert found == []


def test_a_phone_can_look(editor: Any) -> None:
    editor.page.set_viewport_size({"width": 390, "height": 844})
    begin(editor)
    editor.screenshot("phone")
    wide = editor.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
    assert violations(editor.page) == []


def test_nothing_leaves_the_origin_and_the_policy_is_strict(editor: Any) -> None:
    begin(editor)
    editor.settle()
    schemes = ("data:", "blob:")
    assert [url for url in editor.requests if not url.startswith((editor.server.url, *schemes))] == []
    assert editor.page.locator(".attribution").count() == 0
    policy = editor.page.request.get(editor.server.url + "/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


TILE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@contextmanager
def other_origin(answers: dict[str, tuple[str, bytes]]) -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    """Serve a base map by the end of a path, as somebody else would; gives its origin and what was asked, with keys."""
    asked: list[tuple[str, str | None]] = []

    class Map(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers.get("Authorization")))
            found = next((answer for end, answer in answers.items() if self.path.endswith(end)), None)
            self.send_response(404 if found is None else 200)
            self.send_header("Content-Type", "text/plain" if found is None else found[0])
            self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()
            self.wfile.write(b"" if found is None else found[1])

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Map) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


@contextmanager
def on_base_map(editor: Any, make_server: Any, url: str) -> Iterator[Any]:
    """The page of a server that is set to a base map."""
    base_map = {"BUURTWIJZER_SERVER_BASE_MAP": url, "BUURTWIJZER_SERVER_BASE_MAP_ATTRIBUTION": "© <b>Somebody</b>"}
    other = make_server(editor.server.settings, editor.server.environment | base_map)
    other.start()
    try:
        yield type(editor)(editor.page, other, editor.key).open()
    finally:
        other.stop()


def test_a_base_map_that_is_set_lies_under_ours_and_gets_no_key(editor: Any, make_server: Any) -> None:
    with (
        other_origin({".png": ("image/png", TILE)}) as (origin, asked),
        on_base_map(editor, make_server, origin + "/{z}/{x}/{y}.png") as shown,
    ):
        shown.screenshot("base-map")
        expect(shown.page.locator(".attribution")).to_have_text("© <b>Somebody</b>")
        allowed = (shown.server.url, origin, "data:", "blob:")
        assert [url for url in shown.requests if not url.startswith(allowed)] == []
    assert asked
    assert {authorization for _, authorization in asked} == {None}
    assert all(re.fullmatch(r"/\d+/\d+/\d+\.png", path) for path, _ in asked)


SOMEBODYS_STYLE = {
    "version": 8,
    "glyphs": "https://fonts.example/{fontstack}/{range}.pbf",
    "sources": {
        "photo": {"type": "raster", "tiles": ["tiles/{z}/{x}/{y}.png"], "tileSize": 256},
        "places": {"type": "geojson", "data": "places.json"},
    },
    "layers": [
        {"id": "paper", "type": "background", "paint": {"background-color": "#112233"}},
        {"id": "photo", "type": "raster", "source": "photo"},
        {
            "id": "places",
            "type": "symbol",
            "source": "places",
            "layout": {"text-field": ["get", "name"], "text-font": ["Somebody Sans"], "text-size": 30},
        },
    ],
}
GREEN_ON_PAPER = [8, 144, 26, 255]
"""What the style's paper and the tile's half transparent green give together."""
PLACE = {"type": "Point", "coordinates": [4.35, 50.85]}
PLACES = {
    "type": "FeatureCollection",
    "features": [{"type": "Feature", "properties": {"name": "Elders"}, "geometry": PLACE}],
}
CORNER = """() => new Promise((done) => {
    const { map } = globalThis.buurtwijzer;
    map.once("render", () => {
        const gl = map.getCanvas().getContext("webgl2");
        const pixel = new Uint8Array(4);
        gl.readPixels(2, gl.drawingBufferHeight - 3, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
        done([...pixel]);
    });
    map.triggerRepaint();
})"""
"""The colour in the upper left corner of the map, where nothing of ours is."""


def test_a_base_map_of_a_style_is_drawn_under_ours_from_its_one_origin(editor: Any, make_server: Any) -> None:
    answers = {
        "/style.json": ("application/json", json.dumps(SOMEBODYS_STYLE).encode()),
        "/places.json": ("application/json", json.dumps(PLACES).encode()),
        ".png": ("image/png", TILE),
    }
    with (
        other_origin(answers) as (origin, asked),
        on_base_map(editor, make_server, f"{origin}/maps/style.json") as shown,
    ):
        shown.page.wait_for_function("() => globalThis.buurtwijzer.map.getLayer('base:photo') !== undefined")
        shown.settle()
        order = shown.page.evaluate("() => globalThis.buurtwijzer.map.getLayersOrder()")
        assert order[:5] == ["land", "base:paper", "base:photo", "base:places", "sector-lines"]
        assert shown.page.evaluate(CORNER) == pytest.approx(GREEN_ON_PAPER, abs=3)
        shown.page.evaluate("(at) => globalThis.buurtwijzer.map.jumpTo({ center: at, zoom: 9 })", PLACE["coordinates"])
        shown.settle()
        written = "() => globalThis.buurtwijzer.map.queryRenderedFeatures({ layers: ['base:places'] }).length"
        assert shown.page.evaluate(written) == 1
        shown.screenshot("base-map-style")
        rules = shown.page.request.get(shown.server.url + "/").headers["content-security-policy"].split("; ")
        allowed = (shown.server.url, origin, "data:", "blob:")
        assert [url for url in shown.requests if not url.startswith(allowed)] == []
    assert {rule.partition(" ")[0] for rule in rules if "http" in rule} == {"connect-src", "img-src"}
    assert {word for rule in rules for word in rule.split() if word.startswith("http")} == {origin}
    assert {authorization for _, authorization in asked} == {None}
    paths = {re.sub(r"\d+", "#", path) for path, _ in asked}
    assert paths == {"/maps/style.json", "/maps/places.json", "/maps/tiles/#/#/#.png"}
