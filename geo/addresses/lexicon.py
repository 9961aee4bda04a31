"""Strings in flat arrays: pools that are read by number, key tables that find a number by its string, and lists.

A key is found by 128 bits of BLAKE2b: 64 to search for and 64 to compare, so that a whole batch of keys is found with
array operations and no string is compared byte by byte.
"""

from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final

import numpy as np
import numpy.typing as npt

__all__ = ["KeyTable", "Lists", "Pool", "digest", "lists_of", "pool_of", "table_of"]

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]
Add = Callable[[str, Array], None]

_HALF: Final = (1 << 64) - 1


def digest(key: str) -> tuple[int, int]:
    """Give the two halves of a key's digest."""
    whole = int.from_bytes(blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest(), "little")
    return whole & _HALF, whole >> 64


def pool_of(texts: Sequence[str], name: str, add: Add) -> None:
    """Write a pool of strings."""
    encoded = [text.encode() for text in texts]
    offsets = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum([len(text) for text in encoded], out=offsets[1:])
    add(f"{name}.offset", offsets)
    add(f"{name}.text", np.frombuffer(b"".join(encoded), np.uint8))


class Pool:
    """Strings by number."""

    def __init__(self, arrays: Arrays, name: str) -> None:
        self.offsets = arrays[f"{name}.offset"]
        self.text = arrays[f"{name}.text"]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, number: int) -> str:
        return self.raw(number).decode()

    def raw(self, number: int) -> bytes:
        """Give the bytes of a string."""
        return self.text[self.offsets[number] : self.offsets[number + 1]].tobytes()


def table_of(keys: Sequence[str], name: str, add: Add) -> None:
    """Write a key table; a key's number is its place in `keys`."""
    halves = np.array([digest(key) for key in keys], np.uint64).reshape(-1, 2)
    order = np.argsort(halves[:, 0], kind="stable")
    add(f"{name}.hash", halves[order, 0])
    add(f"{name}.check", halves[order, 1])
    add(f"{name}.number", order.astype(np.int32))


class KeyTable:
    """Numbers by key."""

    def __init__(self, arrays: Arrays, name: str) -> None:
        self._hash = arrays[f"{name}.hash"]
        self._check = arrays[f"{name}.check"]
        self._number = arrays[f"{name}.number"]

    def find(self, key: str) -> int:
        """Give the number of a key, or -1."""
        first, second = digest(key)
        place = int(self._hash.searchsorted(np.uint64(first)))
        while place < len(self._hash) and int(self._hash[place]) == first:
            if int(self._check[place]) == second:
                return int(self._number[place])
            place += 1
        return -1

    def find_many(self, keys: Sequence[str]) -> npt.NDArray[np.int32]:
        """Give the numbers of keys, -1 for those that are not in the table."""
        content = b"".join([blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest() for key in keys])
        halves = np.frombuffer(content, "<u8").reshape(-1, 2)
        found = np.full(len(halves), -1, np.int32)
        if len(self._hash) == 0:
            return found
        place = np.minimum(self._hash.searchsorted(halves[:, 0]), len(self._hash) - 1)
        hit = (self._hash[place] == halves[:, 0]) & (self._check[place] == halves[:, 1])
        found[hit] = self._number[place[hit]]
        # Two keys that share the searched half: as good as never, and then the slow way is right too.
        doubled = ~hit & (self._hash[place] == halves[:, 0])
        if doubled.any():
            for number in np.flatnonzero(doubled).tolist():
                found[number] = self.find(keys[number])
        return found


def lists_of(owner: Array, member: Array, owners: int, name: str, add: Add) -> None:
    """Write for each of `owners` its members, in ascending order and each once."""
    pairs = np.unique(np.stack([np.asarray(owner, np.int64), np.asarray(member, np.int64)], axis=1), axis=0)
    starts = np.searchsorted(pairs[:, 0], np.arange(owners + 1))
    add(f"{name}.start", starts.astype(np.int32))
    add(f"{name}.member", pairs[:, 1].astype(np.int32))


class Lists:
    """A list of numbers for each owner."""

    def __init__(self, arrays: Arrays, name: str) -> None:
        self.start: npt.NDArray[np.int32] = arrays[f"{name}.start"]
        self.member: npt.NDArray[np.int32] = arrays[f"{name}.member"]

    def __getitem__(self, owner: int) -> npt.NDArray[np.int32]:
        return self.member[self.start[owner] : self.start[owner + 1]]

    def members(self, owners: Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Give the members of several owners one behind the other, and the place in `owners` of each one's owner."""
        start = self.start[owners].astype(np.int64)
        count = self.start[owners + 1] - start
        which = np.repeat(np.arange(len(owners)), count)
        place = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
        return self.member[start[which] + place].astype(np.int64), which
