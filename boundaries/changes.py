"""What an operation did to a draft, as one delta that plays forward and backward.

The log of a draft stores these and not only the operations: undo and redo put back the very same values, so no shape
is ever computed twice, and a newer GEOS cannot make an old draft come out differently.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

import shapely

from boundaries.blocks import Block, BlockCounts, Buurt

Value = TypeVar("Value")
Json = dict[str, Any]


class Step(NamedTuple, Generic[Value]):
    """A value before and after; None where there is none."""

    before: Value | None
    after: Value | None

    def inverse(self) -> "Step[Value]":
        """Return the way back."""
        return Step(self.after, self.before)


@dataclass(frozen=True, slots=True)
class Change:
    """A reversible delta of a draft. What it does not name stays as it is."""

    blocks: Mapping[str, Step[Block]] = field(default_factory=dict)
    """By block code: added, removed, given a vertex of a neighbour's cut, or counted anew."""
    assignments: Mapping[str, Step[str]] = field(default_factory=dict)
    """By block code, the buurt. A block that is not there counts as one without a buurt."""
    buurten: Mapping[str, Step[Buurt]] = field(default_factory=dict)
    """By buurt code."""

    def inverse(self) -> "Change":
        """Return the change that undoes this one, exactly."""
        return Change(*({code: step.inverse() for code, step in steps.items()} for steps in self._fields()))

    def touched_buurten(self) -> frozenset[str]:
        """Return the buurten whose blocks change: they lose, gain, or hold blocks that are cut or joined."""
        return frozenset(code for step in self.assignments.values() for code in step if code is not None)

    def as_json(self) -> Json:
        """Return plain values for the stored log; shapes as hexadecimal WKB, which keeps every bit.

        Examples
        --------
        >>> change = Change(assignments={"25110A00-": Step(None, "25110-02")})
        >>> change.as_json()["assignments"]
        {'25110A00-': [None, '25110-02']}
        >>> Change.from_json(change.as_json()) == change
        True
        """
        return {
            "blocks": _written(self.blocks, _block_json),
            "assignments": _written(self.assignments, str),
            "buurten": _written(self.buurten, _buurt_json),
        }

    @classmethod
    def from_json(cls, values: Json) -> "Change":
        """Read what `as_json` wrote."""
        return cls(
            _read(values["blocks"], _read_block),
            _read(values["assignments"], str),
            _read(values["buurten"], lambda buurt: Buurt(**buurt)),
        )

    def _fields(self) -> tuple[Mapping[str, Step[Any]], ...]:
        return self.blocks, self.assignments, self.buurten


def _written(steps: Mapping[str, Step[Value]], write: Callable[[Value], Any]) -> Json:
    return {code: [None if value is None else write(value) for value in step] for code, step in steps.items()}


def _read(values: Json, read: Callable[[Any], Value]) -> dict[str, Step[Value]]:
    return {
        code: Step(*(None if value is None else read(value) for value in (before, after)))
        for code, (before, after) in values.items()
    }


def _block_json(block: Block) -> Json:
    counts = block.counts
    return {
        "code": block.code,
        "sector_code": block.sector_code,
        "shape": shapely.to_wkb(block.shape, hex=True, byte_order=1),
        "counts": {
            "households": counts.households,
            "dwellings": counts.dwellings,
            "estimated": counts.estimated,
        },
    }


def _read_block(values: Json) -> Block:
    shape = shapely.from_wkb(values["shape"])
    if not isinstance(shape, shapely.Polygon | shapely.MultiPolygon):
        raise TypeError(f"block {values['code']} of a stored change has no area as its shape")
    return Block(values["code"], values["sector_code"], shape, BlockCounts(**values["counts"]))


def _buurt_json(buurt: Buurt) -> Json:
    return {
        "code": buurt.code,
        "names": dict(buurt.names),
        "live": buurt.live,
        "colour": buurt.colour,
        "locked": buurt.locked,
    }
