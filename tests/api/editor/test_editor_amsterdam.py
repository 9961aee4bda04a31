"""The real Amsterdam, 518 sectors with their official households, redrawn by hand into a publishable plan."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from api.settings import StoreSettings
from data.api_keys import Scope
from tests.waiting import wait_until

pytestmark = pytest.mark.realdata
HOUSEHOLDS = 515_225
AREAS = (
    "import areas --country NL --date 2022-03-24 -c sector_code=buurtcode -c name_nl=buurtnaam "
    "-c municipality_code:=GM0363 -c municipality_nl:=Amsterdam"
)
COUNTS = "import counts --country NL --level sector --date 2024 -c area_code=buurtcode -c households=huishoudens"


@pytest.fixture(scope="module")
def server(  # overrides the one on the demo region
    tmp_path_factory: pytest.TempPathFactory, real_data: Path, browser: Browser, make_server: Any
) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("amsterdam")
    environment = {"BUURTWIJZER_DATA_DIR": str(folder)}
    netherlands = real_data / "netherlands"
    for command, file in (
        (AREAS, netherlands / "amsterdam-2022" / "buurten.gpkg"),
        (COUNTS, netherlands / "cbs-kerncijfers-2024" / "buurten.csv.gz"),
    ):
        arguments = [sys.executable, "-c", "from api.cli import main; main()", *command.split(), str(file)]
        subprocess.run(arguments, env=os.environ | environment, check=True, capture_output=True)
    server = make_server(StoreSettings(data_dir=folder), environment)
    server.start()
    yield server
    server.stop()


def spent(editor: Any) -> int:
    """Return the processor time of the server so far, in ticks."""
    fields = Path(f"/proc/{editor.server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def cancel_proposals(editor: Any) -> int:
    """Ask for eight alternatives, give up when the work is under way, and return what the server took for it."""
    page, before, last = editor.page, spent(editor), -1
    page.get_by_label("Alternatives").fill("8")
    page.get_by_role("button", name="Propose", exact=True).click()
    page.wait_for_function("() => document.querySelector('.running progress')?.value > 0")
    page.get_by_role("button", name="Cancel").click()
    page.locator(".running").wait_for(state="detached")

    def is_idle() -> bool:
        nonlocal last
        page.wait_for_timeout(500)
        before, last = last, spent(editor)
        return last == before

    wait_until(is_idle, patience_s=120)
    assert page.get_by_role("heading", name="Alternative 1").count() == 0
    assert page.get_by_role("alert").count() == 0
    return last - before


def test_amsterdam_is_proposed_painted_cut_and_published(editor: Any, places: Any) -> None:
    editor.open(municipality="GM0363")
    page = editor.page
    editor.begin()
    editor.tab("Propose")
    cancelled = cancel_proposals(editor)
    before_one = spent(editor)
    page.get_by_label("Alternatives").fill("1")
    page.get_by_role("button", name="Propose", exact=True).click()
    page.get_by_role("heading", name="Alternative 1").wait_for(timeout=60_000)
    # All eight would have taken some eight times as long as one.
    assert cancelled < 4 * (spent(editor) - before_one)
    page.get_by_role("button", name="Take this one").first.click(timeout=60_000)
    page.get_by_text(re.compile(r"^\d+ buurten, 515,225 households")).wait_for(timeout=60_000)
    editor.saved()
    editor.settle()
    editor.screenshot("amsterdam-proposal")
    before = editor.plan()
    assert len(before["buurten"]) > 200

    # By hand: a sector on a border goes to the buurt beside it.
    border = page.evaluate(
        """() => {
            const { map } = globalThis.buurtwijzer;
            const canvas = map.getCanvas();
            const blocks = (x, y) => map.queryRenderedFeatures([x, y], { layers: ["blocks"] })[0]?.properties.block;
            const found = [];
            for (let y = 200; y < canvas.clientHeight - 60; y += 21) {
                for (let x = 60; x < canvas.clientWidth - 60; x += 21) {
                    const [here, there] = [blocks(x, y), blocks(x + 7, y)];
                    if (here && there && here !== there) found.push([here, there]);
                }
            }
            return found;
        }"""
    )
    where = places(editor)
    moved = 0
    for here, there in border:
        target, source = before["blocks"][there], before["blocks"][here]
        # A buurt that loses its last sector would have to be dissolved before the plan can be published.
        if source == target or moved == 3 or list(before["blocks"].values()).count(source) < 3:
            continue
        editor.select(target)
        editor.tool("paint")
        page.mouse.click(*editor.at(*where[here]))
        editor.saved()
        if page.locator("[data-refusal]").count():  # it would fall apart: nothing is done
            page.get_by_role("alert").get_by_role("button", name="Close").click()
        else:
            moved += 1
            assert editor.buurt_of(here) == target
            editor.shows_households(editor.households(target))
        before = editor.plan()
    assert moved == 3
    after = editor.plan()
    assert sum(one["counts"]["households"] for one in after["buurten"]) == HOUSEHOLDS
    assert after["unassigned"]["blocks"] == 0
    editor.screenshot("amsterdam-painted")

    editor.tab("Compare")
    page.get_by_label("Reason").fill("A first plan of Amsterdam, by official sectors.")
    page.get_by_role("button", name="Publish the plan").click()
    page.locator(".state.published").wait_for(timeout=60_000)
    [published, *_] = editor.server.ask("GET", "/v1/municipalities/GM0363/plans", editor.key)["plans"]
    assert published["drawn"] is True
    editor.screenshot("amsterdam-published")


def test_a_viewer_sees_amsterdam(editor: Any) -> None:
    editor.key = editor.server.key(Scope.VIEWER)
    editor.open(municipality="GM0363")
    editor.page.locator(".plan-head h1", has_text="Amsterdam").wait_for()
