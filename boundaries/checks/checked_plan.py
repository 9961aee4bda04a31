"""A plan as the checks look at it: what every buurt holds, counts and borders on."""

from collections.abc import Collection

from boundaries.blocks import PlanState
from boundaries.border_graph import BorderGraph
from boundaries.checks.problems import CheckSettings


class CheckedPlan:
    """A plan with what is looked up in it again and again.

    Parameters
    ----------
    state
        The plan.
    settings
        What a good buurt is.
    borders
        The borders of exactly the plan's blocks, as a draft keeps them; None measures them.
    """

    def __init__(self, state: PlanState, settings: CheckSettings, borders: BorderGraph | None = None) -> None:
        self.state = state
        self.settings = settings
        if borders is None:
            borders = BorderGraph({code: block.shape for code, block in state.blocks.items()}, state.crs)
        self.borders = borders
        self._held: dict[str | None, list[str]] = {code: [] for code in (None, *state.buurten)}
        for code in state.blocks:
            self._held[state.buurt_of.get(code)].append(code)
        self._in_order: dict[str | None, list[str]] = {}
        self._households: dict[str, int] = {}

    def blocks_of(self, buurt: str | None) -> list[str]:
        """Return the codes of a buurt's blocks, in order; None gives those that are not assigned."""
        if buurt not in self._in_order:
            self._in_order[buurt] = sorted(self._held[buurt])
        return self._in_order[buurt]

    def households(self, blocks: Collection[str]) -> int:
        """Return the households of blocks, where they are known."""
        return sum(self.state.blocks[code].counts.households or 0 for code in blocks)

    def borders_with(self, blocks: Collection[str]) -> dict[str | None, float]:
        """Return how long a border blocks share with every other buurt, in metres."""
        inside = set(blocks)
        shared: dict[str | None, float] = {}
        for code in blocks:
            for other, length in self.borders.neighbours[code].items():
                if other not in inside:
                    buurt = self.state.buurt_of.get(other)
                    shared[buurt] = shared.get(buurt, 0.0) + length
        return shared

    def is_free(self, buurt: str) -> bool:
        """Whether the blocks that a buurt holds may be changed."""
        return not self.state.buurten[buurt].locked

    def nearest_buurt(self, blocks: Collection[str], own: str | None) -> str | None:
        """Return the unlocked buurt with which some blocks share the longest border, other than their own.

        One that stays within the band of households with them goes before one that does not.
        """
        most, added = self.settings.households_most, self.households(blocks)
        found = [
            (self._households_of(buurt) + added > most, -round(length, 3), buurt)
            for buurt, length in self.borders_with(blocks).items()
            if buurt is not None and buurt != own and self.is_free(buurt)
        ]
        return min(found)[2] if found else None

    def _households_of(self, buurt: str) -> int:
        if buurt not in self._households:
            self._households[buurt] = self.households(self._held[buurt])
        return self._households[buurt]
