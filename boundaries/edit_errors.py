"""Why an edit of a draft is refused: each error names the field of the operation that is to blame."""

from collections.abc import Mapping, Sequence


class EditError(ValueError):
    """An operation that the draft refuses; the draft is as it was.

    Parameters
    ----------
    message
        What is wrong, and what may help, for the person who edits.
    field
        The operation's field to blame.
    about
        Codes of the blocks, buurten or sectors that it is about, where there are any.
    """

    def __init__(self, message: str, field: str, about: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.field = field
        self.about = tuple(about)


class UnknownCodeError(EditError):
    """A buurt, block or sector that the draft does not have."""


class CodeTakenError(EditError):
    """A code for a new buurt that the draft has, or had, or that is not of its municipality."""


class LockedBuurtError(EditError):
    """The edit would change which blocks a locked buurt holds."""


class NothingChangesError(EditError):
    """The draft is already as the operation asks."""


class DiscontiguousBuurtError(EditError):
    """The edit would leave a buurt in more parts than it had, and does not say that this is meant.

    Parameters
    ----------
    parts
        By buurt, the blocks of every part that would be cut off from the rest of it.
    """

    def __init__(self, parts: Mapping[str, Sequence[frozenset[str]]], field: str) -> None:
        self.parts = {code: tuple(sorted(part) for part in parts[code]) for code in sorted(parts)}
        told = "; ".join(
            f"{code} without a border to " + " and ".join(_told(part) for part in parts_of)
            for code, parts_of in self.parts.items()
        )
        super().__init__(f"a buurt would fall into parts: {told}; allow_parts accepts that", field, tuple(self.parts))


class LineCutsNothingError(EditError):
    """A line that crosses no block from border to border, or cuts off no more than the snapping distance."""


class NotOnBorderError(EditError):
    """A line for a border that does not begin and end on it."""


class NotJoinableError(EditError):
    """Parts of a sector that are in different buurten, or a sector that is whole."""


class UncuttableError(EditError):
    """A cut whose exact result floating point cannot hold; nothing was changed."""


def _told(part: Sequence[str]) -> str:
    shown = ", ".join(part[:5])
    return shown if len(part) <= 5 else f"{shown} and {len(part) - 5} more"
