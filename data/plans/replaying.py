"""Carries the operations of a draft out on another plan, one by one, and tells what that plan loses by each.

The draft as it was drawn runs along: what its editor saw before an operation is compared with what is there now.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import shapely

from boundaries.blocks import Area, Buurt
from boundaries.carry_over import CarryOverSettings
from boundaries.changes import Change
from boundaries.draft import Draft, codes_of_sector
from boundaries.edit_errors import EditError, NothingChangesError
from boundaries.editing import apply
from boundaries.operations import OPERATION
from data.store.models import DraftEntry
from geo.crs import transform_shapes

_NAMING_KEYS = ("buurt", "into", "others", "left", "right")
"""Fields of operations that hold codes of buurten."""
_SAME_RELEASE_SHARE = 1 - 1e-6
"""Of two parts of a sector that both must have, to be the same one: a neighbour's cut may put a vertex in."""
_NOWHERE = ""
"""Stands for a buurt of the draft that the newer plan does not get."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An operation that was not carried out on the newer plan.

    Attributes
    ----------
    number
        In the log before.
    why
        What the newer plan says to it.
    """

    number: int
    op: str
    by: str
    why: EditError

    @property
    def already_so(self) -> bool:
        """Whether the newer plan is as the operation asks, so that nothing is lost."""
        return isinstance(self.why, NothingChangesError)


@dataclass(frozen=True, slots=True)
class Overridden:
    """What the newer plan has changed and an operation changes again.

    Attributes
    ----------
    blocks
        That it has in another buurt than the editor of the draft saw, and that the operation moves.
    buurten
        That have other names, another colour, lock or state there, or are new, and that the operation changes so.
    """

    number: int
    op: str
    blocks: tuple[str, ...]
    buurten: tuple[str, ...]


class OtherGroundError(EditError):
    """A block whose code means other ground in the plan that the draft is put on."""


class LostBuurtError(EditError):
    """A buurt of the draft that the plan does not get, because the operation that makes it was left out."""


class Replay:
    """A draft as it was drawn, and the same operations on another plan, side by side.

    Parameters
    ----------
    drawn
        What the draft began from; it follows the log.
    draft
        The newer plan; it gets the operations.
    same_release
        Whether both are drawn on one sectors release: then a sector's code is enough to name its ground.
    highest_number
        That any buurt of the municipality's drafts has.
    """

    def __init__(self, drawn: Draft, draft: Draft, *, same_release: bool, highest_number: int) -> None:
        self._drawn = drawn
        self.draft = draft
        self._same_release = same_release
        self._highest_number = highest_number
        self._codes: dict[str, str] = {}
        """Of the buurten that the log made, the code here by the code there."""
        self.left_out: list[LeftOut] = []
        self.overridden: list[Overridden] = []

    def carry_out(self, entry: DraftEntry) -> dict[str, Any] | None:
        """Carry out an operation of the log; return the new entry without its number, or None where it is left out."""
        drawn_change = Change.from_json(entry.change)
        created = sorted(code for code, step in drawn_change.buurten.items() if step.before is None)
        asked = self._translated(entry.operation, created)
        try:
            self._refuse_lost_buurten(asked)
            self._refuse_other_ground(asked)
            change = apply(self.draft, OPERATION.validate_python(asked))
        except EditError as error:
            self.left_out.append(LeftOut(entry.number, entry.operation["op"], entry.by, error))
            self._codes |= dict.fromkeys(created, _NOWHERE)
            self._drawn.play(drawn_change)
            return None
        made = sorted(code for code, step in change.buurten.items() if step.before is None)
        blocks, buurten = tuple(sorted(self._moved_again(change))), tuple(sorted(self._changed_again(change)))
        if blocks or buurten:
            self.overridden.append(Overridden(entry.number, entry.operation["op"], blocks, buurten))
        self._codes |= dict.fromkeys(created, _NOWHERE) | dict(zip(created, made, strict=False))
        self._drawn.play(drawn_change)
        return {
            "draft_id": entry.draft_id,
            "revision": entry.revision,
            "operation": asked,
            "change": change.as_json(),
            "at": entry.at,
            "by": entry.by,
        }

    def renamed_codes(self) -> Iterator[tuple[str, str]]:
        """Give the buurten of the draft that have another code now."""
        yield from ((old, new) for old, new in self._codes.items() if new not in (old, _NOWHERE))

    def _translated(self, operation: Mapping[str, Any], created: Sequence[str]) -> dict[str, Any]:
        """Return an operation with the codes that buurten have here, and the same code for a new one if it is free."""
        asked = dict(operation)
        if asked["op"] == "adopt_plan":
            return asked
        for key in _NAMING_KEYS:
            if isinstance(asked.get(key), str):
                asked[key] = self._codes.get(asked[key], asked[key])
            elif isinstance(asked.get(key), list):
                asked[key] = [self._codes.get(code, code) for code in asked[key]]
        if "groups" in asked:
            asked["groups"] = [
                {**group, "code": self._codes.get(group["code"], group["code"])} for group in asked["groups"]
            ]
        free = all(int(code.rpartition("-")[2]) > self.draft.highest_number for code in created)
        if created and not free:
            # Numbers of other drafts are not taken either.
            self.draft.highest_number = max(self.draft.highest_number, self._highest_number)
        if created and "code" in asked:
            asked["code"] = created[0] if free else None
        return asked

    def _refuse_lost_buurten(self, asked: Mapping[str, Any]) -> None:
        """Refuse an operation on a buurt that was not made here.

        Raises
        ------
        LostBuurtError
            It names one.
        """
        named = [asked[key] for key in _NAMING_KEYS if isinstance(asked.get(key), str)]
        named += [code for key in _NAMING_KEYS if isinstance(asked.get(key), list) for code in asked[key]]
        named += [group["code"] for group in asked.get("groups", ())]
        if _NOWHERE in named:
            raise LostBuurtError("the operation that makes a buurt of it was left out", "buurt")

    def _refuse_other_ground(self, asked: Mapping[str, Any]) -> None:
        """Refuse an operation on blocks whose codes mean other ground in the newer plan.

        Parts of a sector can be cut otherwise there; on another release any code can be another sector's.

        Raises
        ------
        OtherGroundError
            The code is the same, the ground is not.
        """
        named = [each if isinstance(each, str) else each["code"] for each in asked.get("blocks") or ()]
        named += [code for group in asked.get("groups") or () for code in group["blocks"]]
        for code in named:
            here, there = self.draft.blocks.get(code), self._drawn.blocks.get(code)
            if here is not None and there is not None and not self._is_same_ground(code, here.shape, there.shape):
                raise OtherGroundError(f"block {code} is other ground in the newer plan", "blocks", [code])
        if not self._same_release and (sector := asked.get("sector")):
            here_whole, there_whole = (_sector_ground(draft, sector) for draft in (self.draft, self._drawn))
            if not self._is_same_ground(sector, here_whole, there_whole):
                raise OtherGroundError(f"sector {sector} is other ground in the newer plan", "sector", [sector])

    def _is_same_ground(self, code: str, here: shapely.Geometry, there: shapely.Geometry) -> bool:
        if self._same_release and "/" not in code:
            return True
        share = _SAME_RELEASE_SHARE if self._same_release else CarryOverSettings().same_share
        if self._drawn.crs != self.draft.crs:
            there = transform_shapes(there, self._drawn.crs, self.draft.crs)
        both, either = shapely.intersection(here, there), shapely.union(here, there)
        return bool(shapely.area(both) >= share * shapely.area(either))

    def _moved_again(self, change: Change) -> Iterator[str]:
        """Give the blocks that an operation moves away from where the editor of the draft did not see them."""
        for code, step in change.assignments.items():
            cut = change.blocks.get(code)
            if cut is not None and cut.after is None:
                continue  # its parts tell
            before = step.before
            for whole in _wholes(code) if cut is not None else ():
                if whole in change.assignments:
                    before = change.assignments[whole].before
            if before == step.after:
                continue
            seen = next((whole for whole in (code, *_wholes(code)) if whole in self._drawn.blocks), None)
            drawn = None if seen is None else self._drawn.buurt_of[seen]
            if seen is None or before != (None if drawn is None else self._codes.get(drawn, drawn)):
                yield code

    def _changed_again(self, change: Change) -> Iterator[str]:
        """Give the buurten of which an operation changes what the editor of the draft did not see."""
        there = {new: old for old, new in self._codes.items()}
        for code, step in change.buurten.items():
            if step.before is None:
                continue
            drawn = self._drawn.buurten.get(there.get(code, "" if code in self._codes else code))
            seen, after = _facts(drawn), _facts(step.after)
            if any(seen.get(fact) != value != after.get(fact) for fact, value in _facts(step.before).items()):
                yield code


def _wholes(code: str) -> Iterator[str]:
    """Give the codes of the blocks that a part was cut from, the smallest first."""
    while "/" in code:
        code = code.rpartition("/")[0]
        yield code


def _facts(buurt: Buurt | None) -> dict[str, Any]:
    if buurt is None:
        return {}
    return {"live": buurt.live, "colour": buurt.colour, "locked": buurt.locked} | {
        f"name_{language}": name for language, name in buurt.names.items()
    }


def _sector_ground(draft: Draft, sector_code: str) -> shapely.Geometry:
    parts: list[Area] = [draft.blocks[code].shape for code in codes_of_sector(draft, sector_code)]
    return shapely.union_all(parts)
