"""Carries out operations on a draft: each becomes one change, which stands as a whole or not at all."""

from collections.abc import Callable, Mapping
from typing import Any

from boundaries import adopting, drawn_edits, regrouping
from boundaries.changes import Change
from boundaries.draft import Draft
from boundaries.operations import Operation, SplitBuurt

_RULES: Mapping[str, tuple[Callable[[Any, Draft], Change], str]] = {
    "create_buurt": (regrouping.create_buurt, "blocks"),
    "rename_buurt": (regrouping.rename_buurt, "buurt"),
    "assign_blocks": (regrouping.assign_blocks, "blocks"),
    "merge_buurten": (regrouping.merge_buurten, "others"),
    "split_buurt": (drawn_edits.split_buurt, "line"),
    "reshape_border": (drawn_edits.reshape_border, "line"),
    "cut_blocks": (drawn_edits.cut_blocks, "line"),
    "join_blocks": (drawn_edits.join_blocks, "sector"),
    "regroup": (regrouping.regroup, "groups"),
    "adopt_plan": (adopting.adopt_plan, "blocks"),
    "dissolve_buurt": (regrouping.dissolve_buurt, "buurt"),
    "set_live": (regrouping.set_live, "buurt"),
    "set_colour": (regrouping.set_colour, "buurt"),
    "lock_buurt": (regrouping.lock_buurt, "buurt"),
}
"""By operation: what works it out, and the field to blame where the outcome may not stand."""


def apply(draft: Draft, operation: Operation) -> Change:
    """Carry out an operation.

    Parameters
    ----------
    draft
        Changed in place, or left as it is where the operation is refused.
    operation
        What is asked for.

    Returns
    -------
    Change
        What it did; `draft.play(change.inverse())` undoes it exactly.

    Raises
    ------
    EditError
        The operation cannot be carried out: its `field` is to blame.
    """
    work_out, field = _RULES[operation.op]
    if isinstance(operation, SplitBuurt) and operation.polygon is not None:
        field = "polygon"
    change = work_out(operation, draft)
    draft.try_out(change, allow_parts=getattr(operation, "allow_parts", True), field=field)
    return change
