"""Which blocks hang together by borders, and which parts of a buurt an edit has made."""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

Parts = list[frozenset[str]]
Node = TypeVar("Node", bound=Hashable)


def connected_parts(blocks: Collection[Node], neighbours: Mapping[Node, Iterable[Node]]) -> list[frozenset[Node]]:
    """Return the sets of blocks that are connected with one another, in no particular order.

    Parameters
    ----------
    blocks
        Codes, or what else stands for them.
    neighbours
        By block, the blocks with which it shares a border of some length; a common point is none.

    Examples
    --------
    >>> parts = connected_parts(["a", "b", "c"], {"a": ["b"], "b": ["a", "d"], "c": ["d"]})
    >>> sorted(sorted(part) for part in parts)
    [['a', 'b'], ['c']]
    """
    waiting = set(blocks)
    parts = []
    while waiting:
        found = {waiting.pop()}
        edge = list(found)
        while edge:
            near = waiting.intersection(neighbours[edge.pop()])
            waiting -= near
            found |= near
            edge.extend(near)
        parts.append(frozenset(found))
    return parts


def new_parts(before: Parts, after: Parts, households: Callable[[Iterable[str]], int]) -> Sequence[frozenset[str]]:
    """Return the parts that an edit has added to a buurt.

    A part goes on being what it was as long as it holds a block of it, or a part of one. Of several that come from
    the same one, the one with most households goes on. A buurt that had no blocks begins with one part.

    Examples
    --------
    >>> households = {"a": 5, "b": 9, "c": 7}
    >>> after = [frozenset("a"), frozenset("bc")]
    >>> added = new_parts([frozenset("abc")], after, lambda part: sum(households[code] for code in part))
    >>> [sorted(part) for part in added]
    [['a']]
    """
    was = {code: number for number, part in enumerate(before) for code in part}
    joined = {ancestor: number for number, part in enumerate(before) for code in part for ancestor in _lineage(code, 1)}
    claimed: set[int] = set()
    added = []
    for part in sorted(after, key=lambda part: (-households(part), min(part))):
        come_from = {was[code] for block in part for code in _lineage(block) if code in was}
        come_from |= {joined[block] for block in part if block in joined}
        if not before:
            come_from = {0}
        if come_from - claimed:
            claimed |= come_from
        else:
            added.append(part)
    return added


def _lineage(code: str, above: int = 0) -> Iterator[str]:
    """Give a block's code and those of the blocks that it was cut from, or only those above it."""
    steps = code.split("/")
    for length in range(len(steps) - above, 0, -1):
        yield "/".join(steps[:length])
