"""What an editor of a plan may ask for, as values: the same JSON over HTTP and in the draft's stored log.

An operation says what is wanted, never what comes of it: drawn coordinates are longitudes and latitudes as a browser
sends them, and the draft makes exact shapes of them (`boundaries.draft`). Its limits are checked here, before any
geometry is touched.
"""

import unicodedata
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, TypeAdapter, model_validator

MAX_VERTICES = 5_000
MAX_BLOCKS = 5_000
MAX_BUURTEN = 500
MAX_SHAPE = 8_000_000
"""Hexadecimal digits of a shape: a quarter of a million vertices."""
DEFAULT_SNAP_M = 1.0

_FORBIDDEN = ("Cc", "Cs", "Zl", "Zp")
"""Unicode categories that are no part of a name: control characters, surrogates, line and paragraph ends."""
_DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Overrides of the writing direction: they make the text that follows a name read differently."""


def _plain_text(text: str) -> str:
    text = unicodedata.normalize("NFC", text.strip())
    if not text:
        raise ValueError("a name is not empty; null leaves it out")
    if any(unicodedata.category(letter) in _FORBIDDEN or letter in _DIRECTIONS for letter in text):
        raise ValueError("a name has no control characters")
    return text


def _all_different(codes: Sequence[str]) -> Sequence[str]:
    if len(set(codes)) != len(codes):
        raise ValueError("every code is given once")
    return codes


Language = Literal["nl", "fr", "de"]
Name = Annotated[str, Field(max_length=200), AfterValidator(_plain_text)]
Names = dict[Language, Name | None]
"""By language; null takes a name away."""
Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
BuurtCode = Annotated[str, Field(pattern=r"^[A-Z0-9]{1,12}-[0-9]{2,6}$")]
BlockCode = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[A-Z0-9_-]+(/[0-9]{1,4})*$")]
SectorCode = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[A-Z0-9_-]+$")]
BlockCodes = Annotated[
    tuple[BlockCode, ...], Field(min_length=1, max_length=MAX_BLOCKS), AfterValidator(_all_different)
]
Longitude = Annotated[float, Field(strict=True, ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(strict=True, ge=-90, le=90, allow_inf_nan=False)]
Position = tuple[Longitude, Latitude]
"""EPSG:4326, in GeoJSON's order (RFC 7946): longitude, latitude."""
Line = Annotated[tuple[Position, ...], Field(min_length=2, max_length=MAX_VERTICES)]
Ring = Annotated[tuple[Position, ...], Field(min_length=3, max_length=MAX_VERTICES)]
"""The outer ring of a polygon; its last position may repeat the first."""
SnapDistance = Annotated[float, Field(strict=True, gt=0, le=50, allow_inf_nan=False)]
"""Metres within which what was drawn is moved to a vertex of a border, else to its edge; a map may send its own."""


def _require_op(schema: dict[str, Any]) -> None:
    """Say that JSON needs `op`, by which an operation is told from others; Python's own constructors fill it in."""
    schema["required"] = ["op", *schema.get("required", [])]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Operation(_Value):
    model_config = ConfigDict(json_schema_extra=_require_op)


class _Regrouping(_Operation):
    allow_parts: StrictBool = False
    """The editor has seen that a buurt will consist of parts that do not touch, and wants it."""


class CreateBuurt(_Regrouping):
    """Add a buurt, with the blocks that it begins with."""

    op: Literal["create_buurt"] = "create_buurt"
    names: Names = {}
    code: BuurtCode | None = None
    """Null takes the next number that the draft has never used."""
    colour: Colour | None = None
    blocks: Annotated[tuple[BlockCode, ...], Field(max_length=MAX_BLOCKS), AfterValidator(_all_different)] = ()


class RenameBuurt(_Operation):
    """Give a buurt names; languages that are not given stay as they are."""

    op: Literal["rename_buurt"] = "rename_buurt"
    buurt: BuurtCode
    names: Annotated[Names, Field(min_length=1)]


class AssignBlocks(_Regrouping):
    """Put blocks into a buurt, or into none."""

    op: Literal["assign_blocks"] = "assign_blocks"
    blocks: BlockCodes
    buurt: BuurtCode | None


class MergeBuurten(_Regrouping):
    """Give all blocks of some buurten to another, and remove the emptied ones."""

    op: Literal["merge_buurten"] = "merge_buurten"
    into: BuurtCode
    others: Annotated[
        tuple[BuurtCode, ...], Field(min_length=1, max_length=MAX_BUURTEN), AfterValidator(_all_different)
    ]


class SplitBuurt(_Regrouping):
    """Cut a buurt in two, by a line right through it or by a polygon around what becomes the new one."""

    op: Literal["split_buurt"] = "split_buurt"
    buurt: BuurtCode
    line: Line | None = None
    polygon: Ring | None = None
    names: Names = {}
    """Of the new buurt. By a line that is the side with fewer households, by a polygon what lies inside."""
    code: BuurtCode | None = None
    colour: Colour | None = None
    snap_m: SnapDistance = DEFAULT_SNAP_M

    @model_validator(mode="after")
    def _one_drawing(self) -> Self:
        if (self.line is None) == (self.polygon is None):
            raise ValueError("a buurt is split by a line or by a polygon: give one of the two")
        return self


class ReshapeBorder(_Regrouping):
    """Replace a stretch of the border between two buurten by a drawn line that begins and ends on that border."""

    op: Literal["reshape_border"] = "reshape_border"
    left: BuurtCode
    right: BuurtCode
    line: Line
    snap_m: SnapDistance = DEFAULT_SNAP_M


class CutBlocks(_Regrouping):
    """Cut blocks along a line; their parts stay in their buurten."""

    op: Literal["cut_blocks"] = "cut_blocks"
    blocks: BlockCodes | None = None
    """Null cuts every block that the line crosses."""
    line: Line
    snap_m: SnapDistance = DEFAULT_SNAP_M


class JoinBlocks(_Regrouping):
    """Make the parts of a sector one block again; they must be in one buurt."""

    op: Literal["join_blocks"] = "join_blocks"
    sector: SectorCode


class Group(_Value):
    """Blocks that are to be one buurt."""

    blocks: BlockCodes
    names: Names = {}
    code: BuurtCode | None = None
    """A buurt that the draft has, or null for a new one."""


class Regroup(_Regrouping):
    """Give every block anew: a proposal that is taken, or an assignment that is read from a file.

    Blocks in no group are unassigned afterwards, and buurten that no group names are gone.
    """

    op: Literal["regroup"] = "regroup"
    groups: Annotated[tuple[Group, ...], Field(min_length=1, max_length=MAX_BUURTEN)]

    @model_validator(mode="after")
    def _nothing_twice(self) -> Self:
        _all_different([block for group in self.groups for block in group.blocks])
        _all_different([group.code for group in self.groups if group.code is not None])
        return self


class AdoptedBlock(_Value):
    """A block of a plan that is adopted."""

    code: BlockCode
    buurt: BuurtCode | None
    shape: Annotated[str, Field(pattern=r"^[0-9A-Fa-f]+$", max_length=MAX_SHAPE)] | None = None
    """Hexadecimal WKB in the draft's CRS, which keeps every bit; null is the sector as the draft has it."""


class AdoptedBuurt(_Value):
    """A buurt of a plan that is adopted."""

    code: BuurtCode
    names: Names = {}
    live: StrictBool = True
    colour: Colour | None = None
    locked: StrictBool = False


class AdoptPlan(_Operation):
    """Take a whole plan: one that was carried over from another release, or that a file holds.

    The blocks must be the draft's own sectors, whole or in parts that tile them exactly.
    """

    op: Literal["adopt_plan"] = "adopt_plan"
    source: Annotated[str, Field(max_length=200)] = ""
    """Where it is from, for the log."""
    report: dict[str, Any] = {}
    """What was found on the way, for the log: of a plan that was carried over, what a person must decide."""
    buurten: Annotated[tuple[AdoptedBuurt, ...], Field(max_length=MAX_BUURTEN)]
    blocks: Annotated[tuple[AdoptedBlock, ...], Field(min_length=1, max_length=MAX_BLOCKS)]

    @model_validator(mode="after")
    def _nothing_twice(self) -> Self:
        _all_different([block.code for block in self.blocks])
        _all_different([buurt.code for buurt in self.buurten])
        return self


class DissolveBuurt(_Operation):
    """Remove a buurt; its blocks are unassigned then."""

    op: Literal["dissolve_buurt"] = "dissolve_buurt"
    buurt: BuurtCode


class SetLive(_Operation):
    """Say whether households may join a buurt."""

    op: Literal["set_live"] = "set_live"
    buurt: BuurtCode
    live: StrictBool


class SetColour(_Operation):
    """Choose a buurt's colour on the map; null leaves it to the map."""

    op: Literal["set_colour"] = "set_colour"
    buurt: BuurtCode
    colour: Colour | None


class LockBuurt(_Operation):
    """Keep edits from changing which blocks a buurt holds, or allow them again."""

    op: Literal["lock_buurt"] = "lock_buurt"
    buurt: BuurtCode
    locked: StrictBool


Operation = Annotated[
    CreateBuurt
    | RenameBuurt
    | AssignBlocks
    | MergeBuurten
    | SplitBuurt
    | ReshapeBorder
    | CutBlocks
    | JoinBlocks
    | Regroup
    | AdoptPlan
    | DissolveBuurt
    | SetLive
    | SetColour
    | LockBuurt,
    Field(discriminator="op"),
]

OPERATION: TypeAdapter[Operation] = TypeAdapter(Operation)
"""Reads and writes any operation.

>>> OPERATION.validate_json('{"op": "assign_blocks", "blocks": ["25110A00-"], "buurt": "25110-02"}')
AssignBlocks(allow_parts=False, op='assign_blocks', blocks=('25110A00-',), buurt='25110-02')
"""
