"""Other people's words on a terminal: names, titles and paths are shown as they stand, and steer nothing."""

from typing import Any
from unicodedata import category

from rich.markup import escape
from rich.table import Table
from typing_extensions import override


def literal(text: str) -> str:
    r"""Return a text for Rich to print as it stands: its markup is no markup, and a control character is told.

    Whoever names a draft, or a quote in a URL, would otherwise colour, hide or break what an operator reads.

    Examples
    --------
    >>> literal("[/x] \x1b[31mred")
    '\\[/x] \\x1b[31mred'
    """
    return escape("".join(each if _is_shown(each) else ascii(each)[1:-1] for each in text))


def _is_shown(character: str) -> bool:
    # The spaces that French and Dutch numbers have are not printable, but shown.
    return character.isprintable() or category(character) == "Zs"


class LiteralTable(Table):
    """A table whose cells are shown as they stand."""

    @override
    def add_row(self, *renderables: Any, **options: Any) -> None:
        """Add a row; every text in it is literal."""
        super().add_row(*(literal(each) if isinstance(each, str) else each for each in renderables), **options)
