"""Complete what somebody is typing: streets first, then house numbers, then boxes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from geo.addresses.lexicon import lists_of, pool_of
from geo.addresses.spelling import typed_words

__all__ = ["write_prefixes"]

Array = npt.NDArray[Any]


def write_prefixes(names: list[str], table: Array, sizes: Array, add: Callable[[str, Array], None]) -> None:
    """Write what the beginnings of words are looked up in: each name from each of its words on, in order.

    Parameters
    ----------
    names
        Street names; the first is empty.
    table
        Street rows: the first three columns are numbers of names.
    sizes
        Number of addresses of each street row.
    add
        Takes the arrays.
    """
    tails: list[tuple[str, int, int]] = []
    for number, name in enumerate(names):
        words = typed_words(name) if name else []
        tails += [("".join(words[word:]), number, word) for word in range(len(words))]
    tails.sort()
    pool_of([tail for tail, _, _ in tails], "tail", add)
    add("tail.name", np.array([number for _, number, _ in tails], np.int32))
    add("tail.word", np.array([min(word, 255) for _, _, word in tails], np.uint8))
    rows = np.arange(len(table))
    lists_of(np.concatenate([table[:, c] for c in range(3)]), np.tile(rows, 3), len(names), "name.row", add)
    add("row.size", sizes.astype(np.int32))
