"""The block assignment of a plan as CSV: block, sector, the block's share of its sector's area, buurt."""

import csv
import io
from collections.abc import Mapping
from typing import Any

import numpy as np

from boundaries.blocks import PlanState
from boundaries.operations import Group, Regroup
from geo.crs import area_m2

COLUMNS = ("block", "sector", "share", "buurt")
MAX_ROWS = 5_000


class AssignmentError(ValueError):
    """A file that is no block assignment of this plan; the message says the line."""


def assignment_rows(state: PlanState) -> list[dict[str, Any]]:
    """Return a plan's assignment as rows, by block."""
    blocks = sorted(state.blocks.values(), key=lambda block: block.code)
    shapes = np.array([block.shape for block in blocks], dtype=object)
    areas = dict(zip([block.code for block in blocks], area_m2(shapes, state.crs).tolist(), strict=True))
    of_sector: dict[str, float] = {}
    for block in blocks:
        of_sector[block.sector_code] = of_sector.get(block.sector_code, 0.0) + areas[block.code]
    return [
        {
            "block": block.code,
            "sector": block.sector_code,
            "share": round(areas[block.code] / of_sector[block.sector_code], 9),
            "buurt": state.buurt_of[block.code],
        }
        for block in blocks
    ]


def write_assignment(state: PlanState) -> str:
    """Return a plan's assignment as CSV (RFC 4180, UTF-8)."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(assignment_rows(state))
    return text.getvalue()


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
