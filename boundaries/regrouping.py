"""Operations that move whole blocks among buurten, or change what is said of a buurt, worked out as changes."""

from collections.abc import Iterable
from dataclasses import replace
from typing import get_args

from boundaries.blocks import Buurt
from boundaries.changes import Change, Step
from boundaries.draft import Draft
from boundaries.edit_errors import CodeTakenError, NothingChangesError
from boundaries.operations import (
    AssignBlocks,
    CreateBuurt,
    DissolveBuurt,
    Language,
    LockBuurt,
    MergeBuurten,
    Names,
    Regroup,
    RenameBuurt,
    SetColour,
    SetLive,
)

NAMELESS: dict[str, str | None] = dict.fromkeys(get_args(Language))
"""A new buurt says of every language that it has no name in it, as one that comes from the store or a file does."""


def create_buurt(operation: CreateBuurt, draft: Draft) -> Change:
    """Add a buurt, and give it its first blocks."""
    buurt = new_buurt(draft, operation.code, operation.names, operation.colour)
    moves = _moves(draft, operation.blocks, buurt.code, "blocks")
    return Change(assignments=moves, buurten={buurt.code: Step(None, buurt)})


def rename_buurt(operation: RenameBuurt, draft: Draft) -> Change:
    """Give a buurt names."""
    buurt = draft.buurt(operation.buurt, "buurt")
    return _altered(buurt, replace(buurt, names={**buurt.names, **_by_language(operation.names)}), "names")


def assign_blocks(operation: AssignBlocks, draft: Draft) -> Change:
    """Move blocks to a buurt, or to none."""
    if operation.buurt is not None:
        draft.buurt(operation.buurt, "buurt")
    moves = _moves(draft, operation.blocks, operation.buurt, "blocks")
    if not moves:
        told, named = (operation.buurt, [operation.buurt]) if operation.buurt else ("no buurt", [])
        raise NothingChangesError(f"these blocks are in {told} already", "blocks", named)
    return Change(assignments=moves)


def merge_buurten(operation: MergeBuurten, draft: Draft) -> Change:
    """Give the blocks of some buurten to another."""
    draft.buurt(operation.into, "into")
    if operation.into in operation.others:
        raise NothingChangesError(f"{operation.into} cannot be merged into itself", "others", [operation.into])
    gone = {code: Step(draft.buurt(code, "others"), None) for code in operation.others}
    blocks = sorted(block for code in operation.others for block in draft.blocks_of(code))
    # The buurt that takes in is named with a step of its own, so that its lock and its parts are looked at.
    kept = {block: Step(operation.into, operation.into) for block in draft.blocks_of(operation.into)}
    return Change(assignments={**kept, **_moves(draft, blocks, operation.into, "others")}, buurten=gone)


def regroup(operation: Regroup, draft: Draft) -> Change:
    """Give every block anew."""
    number = draft.highest_number
    buurten: dict[str, Step[Buurt]] = {}
    goes_to: dict[str, str] = {}
    for group in operation.groups:
        if group.code is None:
            number += 1
            after = Buurt(f"{draft.municipality_code}-{number:02d}", {**NAMELESS, **_by_language(group.names)})
            buurten[after.code] = Step(None, after)
        else:
            before = draft.buurt(group.code, "groups")
            after = replace(before, names={**before.names, **_by_language(group.names)})
            if after != before:
                buurten[after.code] = Step(before, after)
        for block in group.blocks:
            goes_to[draft.block(block, "groups").code] = after.code
    kept = set(goes_to.values())
    buurten |= {code: Step(buurt, None) for code, buurt in draft.buurten.items() if code not in kept}
    moves = {
        block: Step(before, goes_to.get(block))
        for block, before in draft.buurt_of.items()
        if before != goes_to.get(block)
    }
    if not moves and not buurten:
        raise NothingChangesError("the draft is grouped like that already", "groups")
    return Change(assignments=moves, buurten=buurten)


def dissolve_buurt(operation: DissolveBuurt, draft: Draft) -> Change:
    """Remove a buurt, and leave its blocks unassigned."""
    buurt = draft.buurt(operation.buurt, "buurt")
    moves = _moves(draft, sorted(draft.blocks_of(buurt.code)), None, "buurt")
    return Change(assignments=moves, buurten={buurt.code: Step(buurt, None)})


def set_live(operation: SetLive, draft: Draft) -> Change:
    """Let households join, or not."""
    buurt = draft.buurt(operation.buurt, "buurt")
    return _altered(buurt, replace(buurt, live=operation.live), "live")


def set_colour(operation: SetColour, draft: Draft) -> Change:
    """Choose a colour."""
    buurt = draft.buurt(operation.buurt, "buurt")
    return _altered(buurt, replace(buurt, colour=operation.colour), "colour")


def lock_buurt(operation: LockBuurt, draft: Draft) -> Change:
    """Lock a buurt, or unlock it."""
    buurt = draft.buurt(operation.buurt, "buurt")
    return _altered(buurt, replace(buurt, locked=operation.locked), "locked")


def new_buurt(draft: Draft, code: str | None, names: Names, colour: str | None) -> Buurt:
    """Return a buurt that the draft does not have yet.

    Raises
    ------
    CodeTakenError
        The code that is asked for is not of this municipality, or was used before.
    """
    if code is None:
        code = f"{draft.municipality_code}-{draft.highest_number + 1:02d}"
    municipality, _, number = code.rpartition("-")
    if municipality != draft.municipality_code:
        raise CodeTakenError(f"a buurt of this plan is called {draft.municipality_code}-…, not {code}", "code", [code])
    if code in draft.buurten or int(number) <= draft.highest_number:
        raise CodeTakenError(
            f"{code} is or was a buurt of this plan; the next free number is {draft.highest_number + 1:02d}",
            "code",
            [code],
        )
    return Buurt(code, {**NAMELESS, **_by_language(names)}, colour=colour)


def _moves(draft: Draft, blocks: Iterable[str], buurt: str | None, field: str) -> dict[str, Step[str]]:
    """Return the assignments of blocks that are not in a buurt yet."""
    was = {code: draft.buurt_of[draft.block(code, field).code] for code in blocks}
    return {code: Step(before, buurt) for code, before in was.items() if before != buurt}


def _by_language(names: Names) -> dict[str, str | None]:
    return {str(language): name for language, name in names.items()}


def _altered(before: Buurt, after: Buurt, field: str) -> Change:
    if before == after:
        raise NothingChangesError(f"{before.code} is like that already", field, [before.code])
    return Change(buurten={before.code: Step(before, after)})
