"""Member households of areas that somebody draws, told from one fixed table, so that no two areas single anybody out.

Members are known per dwelling. If drawn areas were answered from that, somebody could draw one dwelling more and see
whether the number goes up (differencing: Duke-Williams and Rees, *International Journal of Geographical Information
Science* 12 (6), 1998). Withholding small numbers does not help, because both numbers can be large; nor does rounding,
because the dwelling that tips a rounded number over is a member; and noise gives way to enough questions (Dinur and
Nissim 2003, doi:10.1145/773153.773173).

So every answer is worked out from a table that may be told by itself: a municipality's members by buurt and, in the
buurten that are not withheld, by part (a sector or a block), with the small numbers of both levels withheld
(`households.disclosure`). The parts of a buurt that are withheld are one cell, which has what the others leave. An area
has of each cell the share of the cell's dwellings that lie inside. Dwellings are public, so that whatever is
asked, nobody learns more than the table says. A cell that lies inside as a whole gives its number exactly; one that is
cut, an estimate.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from households.disclosure import SafeColumn, withhold_small_numbers


@dataclass(frozen=True, slots=True)
class MemberPart:
    """A part of a buurt, and its member households."""

    key: str
    """One of its own in the municipality."""
    buurt_code: str
    members: int
    dwellings: int | None
    """None where no register is active."""


@dataclass(frozen=True, slots=True)
class PartInside:
    """How much of a part lies in an area."""

    dwellings: int
    share: Fraction
    """Of its ground, for cells without a dwelling."""


@dataclass(frozen=True, slots=True)
class _Cell:
    parts: tuple[str, ...]
    members: int
    dwellings: int

    def inside(self, inside: Mapping[str, PartInside]) -> Fraction:
        found = [inside[key] for key in self.parts if key in inside]
        if self.dwellings:
            return Fraction(self.members * sum(part.dwellings for part in found), self.dwellings)
        return self.members * sum((part.share for part in found), Fraction()) / len(self.parts)

    @property
    def per_dwelling(self) -> Fraction | None:
        if self.dwellings:
            return Fraction(self.members, self.dwellings)
        return None if self.members else Fraction()


@dataclass(frozen=True, slots=True)
class MembersInside:
    """Member households in the part of a buurt that an area holds."""

    exact: Fraction | None
    """Before rounding, so that the parts of an area add up to it; None where the buurt is withheld."""
    estimated: bool
    """A cell of the table is cut by the area, or shared with what lies outside."""
    shown: int | None
    """In whole households; None is withheld."""


class MemberTable:
    """The members of a municipality by buurt and by part, without what would single anybody out.

    Parameters
    ----------
    parts
        What the municipality is made of.
    threshold
        The smallest number that is shown, zero apart.

    Attributes
    ----------
    buurten : SafeColumn
        Member households by buurt, and in all.

    Examples
    --------
    >>> parts = [MemberPart(key, "b", members, 100) for key, members in (("p", 40), ("q", 3), ("r", 12))]
    >>> table = MemberTable(parts, 10)
    >>> table.buurten
    SafeColumn(cells={'b': 55}, total=55)
    >>> half = {"q": PartInside(50, Fraction(1, 2)), "p": PartInside(100, Fraction(1))}
    >>> table.inside(half)["b"].shown  # 40, and a quarter of the 15 of q and r
    44
    """

    def __init__(self, parts: Sequence[MemberPart], threshold: int) -> None:
        self._threshold = threshold
        by_buurt: dict[str, list[MemberPart]] = {}
        for part in parts:
            by_buurt.setdefault(part.buurt_code, []).append(part)
        self._buurt_of = {part.key: part.buurt_code for part in parts}
        self.buurten: SafeColumn = withhold_small_numbers(
            {code: sum(part.members for part in own) for code, own in by_buurt.items()},
            threshold,
            _wholes({code: [part.dwellings for part in own] for code, own in by_buurt.items()}),
        )
        self._cells: dict[str, list[_Cell]] = {
            code: _cells(own, threshold) for code, own in by_buurt.items() if self.buurten.cells[code] is not None
        }

    def inside(self, inside: Mapping[str, PartInside]) -> dict[str, MembersInside]:
        """Return the members of an area by buurt.

        Parameters
        ----------
        inside
            The parts that the area holds or cuts, by key.
        """
        answers = {}
        for code in sorted({self._buurt_of[key] for key in inside}):
            if code not in self._cells:
                answers[code] = MembersInside(None, estimated=False, shown=None)
                continue
            touched = [cell for cell in self._cells[code] if cell.members and any(key in inside for key in cell.parts)]
            shares = [(cell, cell.inside(inside)) for cell in touched]
            exact = sum((share for _, share in shares), Fraction())
            cut = any(share not in (0, cell.members) for cell, share in shares)
            answers[code] = MembersInside(exact, cut, self.shown(exact))
        return answers

    def per_dwelling(self) -> dict[str, Fraction | None]:
        """Return the members per dwelling of the cell that every part is in; None is withheld or unknown."""
        found: dict[str, Fraction | None] = dict.fromkeys(self._buurt_of)
        for cells in self._cells.values():
            for cell in cells:
                found |= dict.fromkeys(cell.parts, cell.per_dwelling)
        return found

    def shown(self, exact: Fraction) -> int | None:
        """Return a number as it may be shown: rounded half up, and none that is small; zero only where it is exact."""
        whole = (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)
        return None if exact > 0 and (whole < self._threshold or whole == 0) else whole


def _wholes(dwellings: Mapping[str, Sequence[int | None]]) -> dict[str, int] | None:
    known = {code: [number for number in numbers if number is not None] for code, numbers in dwellings.items()}
    if any(len(known[code]) < len(numbers) for code, numbers in dwellings.items()):
        return None
    return {code: sum(numbers) for code, numbers in known.items()}


def _cells(parts: Sequence[MemberPart], threshold: int) -> list[_Cell]:
    safe = withhold_small_numbers(
        {part.key: part.members for part in parts}, threshold, _wholes({part.key: [part.dwellings] for part in parts})
    )
    # The buurt's own number is told. Where it would tell a withheld part's, no part is told, not even one of nobody.
    shown = [] if safe.total is None else [part for part in parts if safe.cells[part.key] is not None]
    pooled = [part for part in parts if part not in shown]
    groups = [[part] for part in shown] + ([pooled] if pooled else [])
    return [
        _Cell(
            tuple(part.key for part in group),
            sum(part.members for part in group),
            sum(part.dwellings or 0 for part in group),
        )
        for group in groups
    ]
