"""A bar: a measured figure, the goal that it is held to, and whether it holds. Every benchmark ends with its bars."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Bar", "report"]

# Python looks into the folder of a script first, where api.py stands in the way of the project's package.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


@dataclass(frozen=True)
class Bar:
    """A figure and its goal: at least the goal, or at most.

    Attributes
    ----------
    name
        What was measured, with its unit.
    figure, goal
        What came out, and what was to come out.
    at_least
        Whether more is better.
    note
        What is known about the goal: a bound that is proved.
    """

    name: str
    figure: float
    goal: float
    at_least: bool = True
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether the figure reaches the goal."""
        return self.figure >= self.goal if self.at_least else self.figure <= self.goal


def report(bars: Iterable[Bar]) -> int:
    """Print each bar; give the exit status: 1 where one does not hold, else 0."""
    status = 0
    print(f"\n{'bar':66}{'figure':>14}{'goal':>12}  holds")
    for bar in bars:
        goal = f"{'≥' if bar.at_least else '≤'} {bar.goal:,g}"
        print(f"{bar.name:66}{bar.figure:14,.2f}{goal:>12}  {'yes' if bar.holds else 'NO'}  {bar.note}".rstrip())
        status |= not bar.holds
    return status
