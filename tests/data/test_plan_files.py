"""Plans as files: every format gives back the very same plan, cuts included, and says what is wrong with a file."""

import csv
import io
import json
from collections.abc import Callable, Sequence

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from boundaries.blocks import Area, Block, BlockCounts, Buurt, PlanState
from boundaries.draft import Draft
from boundaries.edit_errors import EditError, NothingChangesError
from boundaries.editing import apply
from boundaries.operations import CreateBuurt, CutBlocks, LockBuurt, SetLive
from data.plans.assignments import write_assignment
from data.plans.plan_file import PlanFile, PlanFileError
from data.plans.plan_files import PlanFormat, read_plan_file
from data.plans.plan_geojson import write_geojson
from data.plans.plan_gpkg import write_gpkg
from data.tables import LANGUAGES
from geo.crs import LONLAT, transform_point, transform_shapes

RELEASE = "sectors-2026"
SECTORS = {
    f"S{row}{column}": shapely.box(
        150_000 + 1_000 * column, 170_000 + 1_000 * row, 151_000 + 1_000 * column, 171_000 + 1_000 * row
    )
    for row in range(3)
    for column in range(3)
}
WRITERS: dict[PlanFormat, Callable[[PlanState, PlanFile], bytes]] = {
    PlanFormat.GEOJSON: write_geojson,
    PlanFormat.GPKG: write_gpkg,
    PlanFormat.CSV: write_assignment,
}


class AreaCounter:
    """One household per hectare."""

    def count(self, sector_code: str, parts: Sequence[Area]) -> Sequence[BlockCounts]:  # noqa: ARG002 -- the protocol has it
        if len(parts) == 1:
            return [BlockCounts(100, 110)]
        return [BlockCounts(round(float(shapely.area(part)) * 1e-4), 0) for part in parts]


def new_draft(crs: str = "EPSG:31370") -> Draft:
    blocks = {
        code: Block(code, code, transform_shapes(shape, "EPSG:31370", crs), BlockCounts(100, 110))
        for code, shape in SECTORS.items()
    }
    buurten = {"11002-01": Buurt("11002-01", dict.fromkeys(LANGUAGES) | {"nl": "Alles"})}
    return Draft(PlanState("11002", crs, blocks, buurten, dict.fromkeys(blocks, "11002-01")), AreaCounter())


def sectors_of(draft: Draft) -> dict[str, Area]:
    return {code: block.shape for code, block in new_draft(draft.crs).blocks.items()}


def drawn(cuts: Sequence[tuple[float, float, float, float]], name: str = "Zuid", crs: str = "EPSG:31370") -> Draft:
    draft = new_draft(crs)
    for x1, y1, x2, y2 in cuts:
        ends = ((150_000 + x1, 170_000 + y1), (150_000 + x2, 170_000 + y2))
        try:
            apply(draft, CutBlocks(line=tuple(transform_point(x, y, "EPSG:31370", LONLAT) for x, y in ends)))
        except EditError:
            continue
    south = tuple(sorted(draft.blocks)[: len(draft.blocks) // 2])
    apply(
        draft, CreateBuurt(names={"nl": name, "fr": None, "de": None}, blocks=south, allow_parts=True, colour="#12ab9f")
    )
    apply(draft, CreateBuurt(names={"nl": "Leeg", "fr": "Vide", "de": None}))
    apply(draft, SetLive(buurt="11002-02", live=False))
    apply(draft, LockBuurt(buurt="11002-01", locked=True))
    return draft


def written(draft: Draft, form: PlanFormat) -> bytes:
    state = draft.state
    return WRITERS[form](state, PlanFile.of(state, sectors_of(draft), RELEASE))


def read(content: bytes, form: PlanFormat, crs: str = "EPSG:31370", release: str = RELEASE) -> Draft:
    draft = new_draft(crs)
    apply(draft, read_plan_file(content, form, draft, sectors_of(draft), release, source="test"))
    return draft


metres = st.floats(-50, 3_050)
names = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20)


@pytest.mark.parametrize("form", PlanFormat)
@pytest.mark.parametrize("crs", ["EPSG:31370", "EPSG:4326"])
@settings(max_examples=12, deadline=None)
@given(cuts=st.lists(st.tuples(metres, metres, metres, metres), max_size=4), name=names)
def test_a_plan_comes_back_bit_for_bit(
    form: PlanFormat, crs: str, cuts: list[tuple[float, float, float, float]], name: str
) -> None:
    draft = drawn(cuts, name, crs)
    again = read(written(draft, form), form, crs)
    assert again.state == draft.state
    assert all(shapely.equals_identical(again.blocks[code].shape, block.shape) for code, block in draft.blocks.items())
    assert written(again, form) == written(draft, form) or form == PlanFormat.GPKG  # which holds the time of writing


@pytest.mark.parametrize("form", PlanFormat)
def test_a_file_replaces_the_cuts_of_another_draft(form: PlanFormat) -> None:
    content = written(drawn([(500, -50, 520, 3_050)]), form)
    draft = drawn([(-50, 600, 3_050, 640), (100, -50, 130, 3_050)])
    apply(draft, LockBuurt(buurt="11002-01", locked=False))
    apply(draft, read_plan_file(content, form, draft, sectors_of(draft), RELEASE, source="test"))
    assert draft.state == read(content, form).state
    with pytest.raises((NothingChangesError, EditError)):
        apply(draft, read_plan_file(content, form, draft, sectors_of(draft), RELEASE, source="test"))


@pytest.mark.parametrize("form", PlanFormat)
def test_another_release_or_municipality_is_refused(form: PlanFormat) -> None:
    content = written(drawn([]), form)
    with pytest.raises(PlanFileError, match="drawn on the sectors sectors-2026"):
        read(content, form, release="sectors-2027")
    draft = new_draft()
    draft.municipality_code = "11007"
    with pytest.raises(PlanFileError, match="a plan of 11002"):
        read_plan_file(content, form, draft, sectors_of(draft), RELEASE, source="test")


def test_a_border_that_was_redrawn_in_geojson_is_not_passed_over() -> None:
    collection = json.loads(written(drawn([(500, -50, 520, 3_050)]), PlanFormat.GEOJSON))
    feature = next(each for each in collection["features"] if each["properties"]["shape"])

    def changed(degrees: float) -> bytes:
        moved = shapely.transform(shapely.from_geojson(json.dumps(feature["geometry"])), lambda at: at + degrees)
        features = [
            each if each["id"] != feature["id"] else each | {"geometry": json.loads(shapely.to_geojson(moved))}
            for each in collection["features"]
        ]
        return json.dumps(collection | {"features": features}).encode()

    assert read(changed(1e-8), PlanFormat.GEOJSON).state == read(changed(0), PlanFormat.GEOJSON).state
    with pytest.raises(PlanFileError, match=f"block {feature['id']} is drawn elsewhere"):
        read(changed(1e-5), PlanFormat.GEOJSON)


@pytest.mark.parametrize(
    ("form", "content", "said"),
    [
        (PlanFormat.GEOJSON, b"", "no plan as GeoJSON"),
        (PlanFormat.GEOJSON, b'{"type": "FeatureCollection", "features": []}', "areas drawn elsewhere"),
        (PlanFormat.GPKG, b"nothing", "no plan as GeoPackage"),
        (PlanFormat.GPKG, b"SQLite format 3\x00" + bytes(2_000), "no plan as GeoPackage"),
        (PlanFormat.CSV, b"", "columns"),
        (PlanFormat.CSV, b"block,buurt\nS00,\xff\n", "UTF-8"),
        (PlanFormat.CSV, b"block,buurt\nS00,Noord\nS00,Noord\n", "line 3: block S00 is given twice"),
        (PlanFormat.CSV, b"block,buurt\nS99,Noord\n", "line 2: this draft has no block"),
    ],
)
def test_what_is_no_plan_says_so(form: PlanFormat, content: bytes, said: str) -> None:
    with pytest.raises(PlanFileError, match=said):
        read(content, form)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("live", "perhaps", "line 2: live is true or false"),
        ("shape", "00FF", "line 2: the shape is no hexadecimal WKB"),
        ("shape", shapely.to_wkb(shapely.Point(0, 0), hex=True), "line 2: the shape is no area"),
        ("release", "sectors-1999", "line 3: municipality, release and crs"),
        ("colour", "red", "line 3: buurt 11002-02 is described otherwise"),
        ("name_nl", "another", "described otherwise"),
        ("block", "S02", "given twice"),
        ("buurt", "Zuid", "code: String should match pattern"),
    ],
)
def test_a_bad_line_is_named(column: str, value: str, said: str) -> None:
    rows = list(csv.DictReader(io.StringIO(written(drawn([]), PlanFormat.CSV).decode())))
    rows[0][column] = value
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0].keys())
    writer.writeheader()
    writer.writerows(rows)
    with pytest.raises((PlanFileError, EditError), match=said):
        read(text.getvalue().encode(), PlanFormat.CSV)


def test_a_short_csv_assigns_the_blocks_that_there_are() -> None:
    draft = read(b"sector;buurt\n".replace(b";", b",") + b"S00,Noord\nS01,Noord\nS02,11002-01\n", PlanFormat.CSV)
    assert {draft.buurt_of["S00"], draft.buurt_of["S01"]} == {"11002-02"}
    assert draft.buurten["11002-02"].names["nl"] == "Noord"
