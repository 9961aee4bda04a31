"""Redrawing buurten in the browser: every tool, and the numbers that it makes."""

from typing import Any

import pytest


@pytest.fixture
def drawn(editor: Any) -> Any:
    """A draft of Demodorp in two buurten, open in the editor."""
    draft = editor.server.ask("POST", "/v1/municipalities/99001/plans", editor.key, json={"title": "Two halves"})
    editor.draft = draft["id"]
    codes = sorted(editor.plan()["blocks"])
    west = codes[: len(codes) // 2]
    editor.run({"op": "create_buurt", "names": {"nl": "West", "fr": "Ouest"}, "blocks": west, "allow_parts": True})
    return reopened(editor)


def reopened(editor: Any) -> Any:
    """The page, opened anew on its draft."""
    editor.open(f"lang=en&plan={editor.draft}", municipality=None)
    editor.page.wait_for_selector(".tool")
    editor.saved()
    # Some room around the plan, for lines that begin outside it.
    editor.page.evaluate("() => { const { map } = globalThis.buurtwijzer; map.jumpTo({ zoom: map.getZoom() - 0.4 }); }")
    editor.settle()
    return editor


def buurten(editor: Any) -> list[str]:
    return sorted(one["code"] for one in editor.plan()["buurten"])


def test_a_stroke_of_the_brush_moves_sectors_and_their_households_at_once(drawn: Any, places: Any) -> None:
    first, second = buurten(drawn)
    targets = [block for block, buurt in drawn.plan()["blocks"].items() if buurt == first]
    where = places(drawn)
    drawn.select(second)
    drawn.tool("paint")
    before = drawn.households(second)
    drawn.page.mouse.move(*drawn.at(*where[targets[0]]))
    drawn.page.mouse.down()
    drawn.page.mouse.move(*drawn.at(*where[targets[1]]), steps=6)
    drawn.page.mouse.up()
    drawn.saved()
    drawn.insist()
    after = drawn.households(second)
    assert after > before
    assert {drawn.buurt_of(block) for block in targets[:2]} == {second}
    drawn.shows_households(after)

    drawn.page.keyboard.press("Control+z")
    drawn.shows_households(before)
    drawn.saved()
    assert drawn.households(second) == before
    drawn.page.keyboard.press("Control+y")
    drawn.shows_households(after)


def test_a_rectangle_and_a_lasso_take_the_sectors_inside(drawn: Any, places: Any) -> None:
    first, second = buurten(drawn)
    where = places(drawn)
    points = [drawn.at(*place) for place in where.values()]
    left, right = min(x for x, _ in points) - 20, max(x for x, _ in points) + 20
    top, bottom = min(y for _, y in points) - 12, max(y for _, y in points) + 12
    drawn.select(second)
    drawn.tool("box")
    drawn.page.mouse.move(left, bottom)
    drawn.page.mouse.down()
    drawn.page.mouse.move(right, top, steps=4)
    drawn.screenshot("rectangle")
    drawn.page.mouse.up()
    drawn.saved()
    assert set(drawn.plan()["blocks"].values()) == {second}

    drawn.page.get_by_role("button", name="Back to all buurten").click()
    drawn.select(first)
    drawn.tool("lasso")
    middle = (left + right) / 2
    drawn.page.mouse.move(left, top)
    drawn.page.mouse.down()
    for x, y in ((middle, top), (middle, bottom), (left, bottom), (left, top)):
        drawn.page.mouse.move(x, y, steps=12)
    drawn.page.mouse.up()
    drawn.saved()
    drawn.insist()
    expected = {block for block, place in where.items() if drawn.at(*place)[0] < middle}
    assert {block for block, buurt in drawn.plan()["blocks"].items() if buurt == first} == expected


def test_a_line_cuts_sectors_and_their_households_add_up(drawn: Any, places: Any) -> None:
    before = drawn.plan()
    total = sum(one["counts"]["households"] for one in before["buurten"])
    where = places(drawn)
    points = [drawn.at(*place) for place in where.values()]
    left, right = min(x for x, _ in points) - 150, max(x for x, _ in points) + 150
    y = sorted(y for _, y in points)[len(points) // 2]
    drawn.tool("cut")
    drawn.page.mouse.click(left, y)
    drawn.page.mouse.click((left + right) / 2, y + 15)
    drawn.page.mouse.move(right, y)
    drawn.screenshot("cutting")
    drawn.page.mouse.dblclick(right, y)
    drawn.saved()
    after = drawn.plan()
    assert len(after["blocks"]) > len(before["blocks"])
    assert sum(one["counts"]["households"] for one in after["buurten"]) == total
    drawn.screenshot("cut")
    drawn.page.get_by_role("button", name="Undo").click()
    drawn.saved()
    assert drawn.plan()["blocks"] == before["blocks"]


def test_a_buurt_is_split_by_a_line(drawn: Any, places: Any) -> None:
    drawn.run({"op": "merge_buurten", "into": buurten(drawn)[0], "others": [buurten(drawn)[1]]})
    reopened(drawn)
    only = buurten(drawn)[0]
    points = [drawn.at(*place) for place in places(drawn).values()]
    x = sorted(x for x, _ in points)[len(points) // 2]
    drawn.select(only)
    drawn.tool("split")
    drawn.page.mouse.click(x, min(y for _, y in points) - 100)
    drawn.page.mouse.dblclick(x, max(y for _, y in points) + 100)
    drawn.saved()
    drawn.screenshot("split")
    assert len(buurten(drawn)) == 2


def test_a_border_is_redrawn_from_the_border_itself(drawn: Any) -> None:
    drawn.run({"op": "merge_buurten", "into": buurten(drawn)[0], "others": [buurten(drawn)[1]]})
    west, south, east, north = bounds_of(drawn)
    middle = (west + east) / 2
    line = [[middle, south - 0.01], [middle, north + 0.01]]
    drawn.run({"op": "split_buurt", "buurt": buurten(drawn)[0], "line": line, "names": {"nl": "Oost"}})
    reopened(drawn)
    before = {one["code"]: one["counts"]["households"] for one in drawn.plan()["buurten"]}
    height = north - south
    from_, via, to = (
        (middle, south + 0.3 * height),
        (middle + (east - west) / 8, south + height / 2),
        (middle, south + 0.7 * height),
    )
    drawn.tool("reshape")
    drawn.page.mouse.click(*drawn.at(*from_))
    drawn.page.mouse.click(*drawn.at(*via))
    drawn.page.mouse.dblclick(*drawn.at(*to))
    drawn.saved()
    drawn.screenshot("border-redrawn")
    after = {one["code"]: one["counts"]["households"] for one in drawn.plan()["buurten"]}
    assert after != before
    assert sum(after.values()) == sum(before.values())


def bounds_of(editor: Any) -> tuple[float, float, float, float]:
    import shapely.geometry

    features = editor.server.ask("GET", f"/v1/plans/{editor.plan_id}/blocks", editor.key)["features"]
    boxes = [shapely.geometry.shape(feature["geometry"]).bounds for feature in features]
    west, south, east, north = zip(*boxes, strict=True)
    return min(west), min(south), max(east), max(north)


def test_buurten_are_made_named_coloured_locked_merged_and_dissolved(drawn: Any) -> None:
    page = drawn.page
    page.get_by_role("button", name="New buurt").click()
    drawn.saved()
    made = buurten(drawn)[-1]
    page.wait_for_selector(".big")
    nasty = '<img src=x onerror="document.title=1">'
    page.get_by_label("Name (nl)").fill(nasty)
    page.get_by_role("button", name="Save the names").click()
    drawn.saved()
    assert next(one for one in drawn.plan()["buurten"] if one["code"] == made)["names"]["nl"] == nasty
    reopened(drawn)
    drawn.select(made)
    assert nasty in page.locator(".tab-panel h2").inner_text()
    assert page.locator("img[src=x]").count() == 0
    assert page.title() == "Demodorp · Buurtwijzer"

    page.get_by_label("Locked: its blocks stay").click()
    drawn.saved()
    page.get_by_label("Households may join").click()
    drawn.saved()
    state = next(one for one in drawn.plan()["buurten"] if one["code"] == made)
    assert (state["locked"], state["live"]) == (True, False)
    page.get_by_label("Locked: its blocks stay").click()
    drawn.saved()
    page.get_by_role("button", name="Dissolve").click()
    drawn.saved()
    assert made not in buurten(drawn)

    first, second = buurten(drawn)
    drawn.select(second)
    page.get_by_label("Merge into").select_option(first)
    page.get_by_role("button", name="Merge", exact=True).click()
    drawn.saved()
    assert buurten(drawn) == [first]
    page.wait_for_selector(f'.big[data-households="{drawn.households(first)}"]')


def test_what_is_refused_is_said_and_nothing_changes(drawn: Any) -> None:
    before = drawn.plan()
    first = buurten(drawn)[0]
    drawn.select(first)
    drawn.page.get_by_label("Locked: its blocks stay").click()
    drawn.saved()
    drawn.page.get_by_role("button", name="Dissolve").click()
    drawn.page.get_by_role("alert").get_by_text("Not done").wait_for()
    drawn.saved()
    assert drawn.plan()["blocks"] == before["blocks"]
    drawn.screenshot("refused")
    drawn.page.get_by_role("alert").get_by_role("button", name="Close").click()


def test_everything_is_possible_with_the_keyboard_alone(drawn: Any, places: Any) -> None:
    page = drawn.page
    first, second = buurten(drawn)
    where = places(drawn)
    target = next(block for block, buurt in drawn.plan()["blocks"].items() if buurt == first)
    page.locator(f'[data-buurt="{second}"]').focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".big")
    page.keyboard.press("b")  # a letter chooses a tool
    canvas = page.locator("#map canvas").first
    canvas.focus()
    page.evaluate("(place) => { globalThis.buurtwijzer.map.jumpTo({center: place}); }", list(where[target]))
    drawn.settle()
    page.keyboard.press("Space")
    drawn.saved()
    drawn.insist()
    assert drawn.buurt_of(target) == second

    before = len(drawn.plan()["blocks"])
    canvas.focus()
    page.keyboard.press("c")
    for key, times in (("ArrowLeft", 3), ("Space", 1), ("ArrowRight", 6), ("Space", 1)):
        for _ in range(times):
            page.keyboard.press(key)
            drawn.settle()
    drawn.screenshot("keyboard-cut")
    page.keyboard.press("Enter")
    drawn.saved()
    assert len(drawn.plan()["blocks"]) > before
