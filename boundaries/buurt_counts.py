"""Sums of blocks' counts that can be added to and taken from, so that an edit recounts only what it moves."""

from collections.abc import Iterable
from dataclasses import dataclass

from boundaries.blocks import BlockCounts


@dataclass(frozen=True, slots=True)
class BuurtCounts:
    """How many live in a set of blocks."""

    blocks: int = 0
    households: int = 0
    """In the blocks whose households are known."""
    unknown: int = 0
    """Blocks whose households are unknown: the buurt has that much more, never zero more."""
    estimated: int = 0
    """Blocks whose households are an estimate."""
    dwellings: int = 0

    def plus(self, counts: BlockCounts, times: int = 1) -> "BuurtCounts":
        """Return the sums with a block more; `times=-1` takes it away again, exactly.

        Examples
        --------
        >>> sums = BuurtCounts().plus(BlockCounts(households=40, dwellings=45))
        >>> sums.households, sums.dwellings, sums.plus(BlockCounts(None, 3)).unknown
        (40, 45, 1)
        """
        return BuurtCounts(
            self.blocks + times,
            self.households + times * (counts.households or 0),
            self.unknown + times * (counts.households is None),
            self.estimated + times * counts.estimated,
            self.dwellings + times * counts.dwellings,
        )


def sum_counts(counts: Iterable[BlockCounts]) -> BuurtCounts:
    """Return the sums of blocks' counts."""
    sums = BuurtCounts()
    for of_block in counts:
        sums = sums.plus(of_block)
    return sums
