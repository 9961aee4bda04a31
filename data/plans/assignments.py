"""A plan as CSV (RFC 4180, UTF-8): one row a block, with its share of its sector's area, its buurt and its exact shape.

A file with fewer columns, as ops staff make them in a spreadsheet, assigns the blocks that a draft has.
"""

import csv
import io
from collections.abc import Mapping
from typing import Any

import numpy as np

from boundaries.blocks import Buurt, PlanState
from boundaries.operations import MAX_SHAPE, Group, Regroup
from data.plans.features import names_of
from data.plans.plan_file import FileBlock, PlanFile, PlanFileError
from data.plans.shapes_as_text import read_shape, write_shape
from data.tables import LANGUAGES
from geo.crs import area_m2

COLUMNS = (
    *("block", "sector", "share", "buurt"),
    *(f"name_{language}" for language in LANGUAGES),
    *("live", "colour", "locked", "municipality", "release", "crs", "shape"),
)
MAX_ROWS = 5_000
_FLAGS = {"true": True, "false": False}


class AssignmentError(PlanFileError):
    """A file that is no block assignment of this plan; the message says the line."""


def write_assignment(state: PlanState, file: PlanFile) -> bytes:
    """Return a plan as CSV; a buurt without blocks has a row without a block."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    shares = _shares(state)
    rows = [(code, block.buurt) for code, block in file.blocks.items()]
    empty = sorted(file.buurten.keys() - {buurt for _, buurt in rows})
    for block, buurt in [*rows, *(("", code) for code in empty)]:
        writer.writerow(_row(block, buurt, shares.get(block), file))
    return text.getvalue().encode()


def _row(block: str, buurt: str | None, share: float | None, file: PlanFile) -> dict[str, Any]:
    of = None if buurt is None else file.buurten[buurt]
    shape = file.blocks[block].shape if block else None
    return {
        "block": block,
        "sector": block.split("/", maxsplit=1)[0],
        "share": None if share is None else round(share, 9),
        "buurt": buurt,
        **names_of(file.buurten, buurt),
        "live": None if of is None else str(of.live).lower(),
        "colour": None if of is None else of.colour,
        "locked": None if of is None else str(of.locked).lower(),
        "municipality": file.municipality_code,
        "release": file.release,
        "crs": file.crs,
        "shape": None if shape is None else write_shape(shape),
    }


def _shares(state: PlanState) -> dict[str, float]:
    """Return every block's share of its sector's area."""
    blocks = list(state.blocks.values())
    shapes = np.array([block.shape for block in blocks], dtype=object)
    areas = area_m2(shapes, state.crs).tolist()
    of_sector: dict[str, float] = {}
    for block, area in zip(blocks, areas, strict=True):
        of_sector[block.sector_code] = of_sector.get(block.sector_code, 0.0) + area
    return {block.code: area / of_sector[block.sector_code] for block, area in zip(blocks, areas, strict=True)}


def is_whole_plan(text: str) -> bool:
    """Whether a CSV is a whole plan as `write_assignment` wrote it, and no mere assignment."""
    return set(COLUMNS) <= set(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))).fieldnames or ())


def read_whole_plan(text: str) -> PlanFile:
    """Read what `write_assignment` wrote.

    Raises
    ------
    AssignmentError
        A line is not as it should be.
    """
    # The limit is the whole process's: other readers of CSV must keep theirs.
    limit = csv.field_size_limit(MAX_SHAPE)
    try:
        return _read_rows(text)
    finally:
        csv.field_size_limit(limit)


def _read_rows(text: str) -> PlanFile:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    heads: set[tuple[str, str, str]] = set()
    buurten: dict[str, Buurt] = {}
    blocks: dict[str, FileBlock] = {}
    try:
        for row in reader:
            place = f"line {reader.line_num}"
            if None in row or None in row.values():
                raise AssignmentError(f"{place}: {len(COLUMNS)} columns are needed")
            heads.add((row["municipality"], row["release"], row["crs"]))
            if len(heads) > 1:
                raise AssignmentError(f"{place}: municipality, release and crs are those of another line before")
            if row["buurt"]:
                buurt = _buurt(row, place)
                if buurten.setdefault(buurt.code, buurt) != buurt:
                    raise AssignmentError(f"{place}: buurt {buurt.code} is described otherwise on a line before")
            if row["block"]:
                if row["block"] in blocks:
                    raise AssignmentError(f"{place}: block {row['block']} is given twice")
                shape = read_shape(row["shape"], place) if row["shape"] else None
                blocks[row["block"]] = FileBlock(row["buurt"] or None, shape, place)
            if len(blocks) > MAX_ROWS:
                raise AssignmentError(f"{place}: more than {MAX_ROWS:,} blocks")
    except csv.Error as error:
        raise AssignmentError(f"line {reader.line_num}: {error}") from error
    if not blocks:
        raise AssignmentError("the file has no block")
    return PlanFile(*heads.pop(), buurten, blocks)


def _buurt(row: Mapping[str, str], place: str) -> Buurt:
    for flag in ("live", "locked"):
        if row[flag].lower() not in _FLAGS:
            raise AssignmentError(f"{place}: {flag} is true or false, not {row[flag]!r}")
    return Buurt(
        row["buurt"],
        {language: row[f"name_{language}"] or None for language in LANGUAGES},
        live=_FLAGS[row["live"].lower()],
        colour=row["colour"] or None,
        locked=_FLAGS[row["locked"].lower()],
    )


def read_assignment(text: str, state: PlanState) -> Regroup:
    """Read an assignment as the operation that gives a draft its grouping.

    Parameters
    ----------
    text
        CSV with the columns `block` (or `sector`, for whole sectors) and `buurt`; others are not read. A buurt is a
        code of the draft, or any word: each word that is no code makes a new buurt of that name.
    state
        The draft's present state: blocks that are not in the file keep their buurt.

    Raises
    ------
    AssignmentError
        A column is missing, a block is unknown or given twice, or there are too many rows.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    columns = reader.fieldnames or []
    key = "block" if "block" in columns else "sector"
    if key not in columns or "buurt" not in columns:
        there = ", ".join(columns) or "none"
        raise AssignmentError(f"line 1: the columns block (or sector) and buurt are needed; there are {there}")
    goes_to: dict[str, str | None] = {}
    for row in reader:
        block, buurt = (row[key] or "").strip(), (row["buurt"] or "").strip()
        if block not in state.blocks:
            raise AssignmentError(f"line {reader.line_num}: this draft has no block {block!r}")
        if block in goes_to:
            raise AssignmentError(f"line {reader.line_num}: block {block} is given twice")
        if len(goes_to) == MAX_ROWS:
            raise AssignmentError(f"line {reader.line_num}: more than {MAX_ROWS:,} blocks")
        goes_to[block] = buurt or None
    grouped: dict[str, list[str]] = {}
    for block in sorted(state.blocks):
        buurt = goes_to.get(block, state.buurt_of[block])
        if buurt is not None:
            grouped.setdefault(buurt, []).append(block)
    if not grouped:
        raise AssignmentError("no block is given to a buurt")
    return Regroup(
        groups=tuple(_group(buurt, blocks, state.buurten) for buurt, blocks in grouped.items()), allow_parts=True
    )


def _group(buurt: str, blocks: list[str], known: Mapping[str, object]) -> Group:
    if buurt in known:
        return Group(blocks=tuple(blocks), code=buurt)
    return Group.model_validate({"blocks": blocks, "names": {"nl": buurt[:200]}})
