"""Typing errors between keys, and beginnings of words with one: compared with plain definitions."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from geo.addresses.distances import FAR, LONGEST, distances, letters_of, letters_of_pool
from geo.addresses.prefixes import MOST_RANGES, find_prefix, find_prefixes_near

KEYS = st.lists(st.text("abcz09", min_size=1, max_size=12), min_size=1, max_size=30)


def pool_of(keys: list[str]) -> tuple[np.ndarray, np.ndarray]:
    offsets = np.zeros(len(keys) + 1, np.int64)
    np.cumsum([len(key) for key in keys], out=offsets[1:])
    return offsets, np.frombuffer("".join(keys).encode(), np.uint8)


@given(st.text("abcz09", min_size=1, max_size=12), KEYS, st.integers(0, 4))
def test_distances_are_those_of_the_definition(key: str, keys: list[str], most: int) -> None:
    offsets, text = pool_of(keys)
    letters = np.array([letters_of(k.encode()) for k in keys], np.uint64)
    result = np.empty(len(keys), np.uint8)
    raw = np.frombuffer(key.encode(), np.uint8)
    distances(raw, letters_of(key.encode()), most, np.arange(len(keys), dtype=np.int32), offsets, text, letters, result)
    expected = [OSA.distance(key, other) for other in keys]
    assert result.tolist() == [d if d <= most else FAR for d in expected]


def test_the_longest_key_is_compared_whole() -> None:
    key = "abcdefgh" * (LONGEST // 8)
    other = key[:-1] + "z"
    offsets, text = pool_of([key, other, "z" + key[1:]])
    letters = np.array([letters_of(k.encode()) for k in (key, other, "z" + key[1:])], np.uint64)
    result = np.empty(3, np.uint8)
    raw = np.frombuffer(key.encode(), np.uint8)
    distances(raw, letters_of(key.encode()), 2, np.arange(3, dtype=np.int32), offsets, text, letters, result)
    assert result.tolist() == [0, 1, 1]


@given(st.text("abz0", min_size=1, max_size=4), KEYS)
def test_a_prefix_is_the_range_of_the_keys_that_begin_so(prefix: str, keys: list[str]) -> None:
    ordered = sorted(keys)
    low, high = find_prefix(np.frombuffer(prefix.encode(), np.uint8), *pool_of(ordered))
    assert ordered[low:high] == [key for key in ordered if key.startswith(prefix)]


@given(st.text("abz0", min_size=2, max_size=5), KEYS)
def test_prefixes_with_one_error_are_all_found(prefix: str, keys: list[str]) -> None:
    ordered = sorted(keys)
    ranges = np.empty(2 * MOST_RANGES, np.int32)
    count = find_prefixes_near(np.frombuffer(prefix.encode(), np.uint8), *pool_of(ordered), ranges)
    found = {ordered[i] for k in range(count) for i in range(ranges[2 * k], ranges[2 * k + 1])}
    expected = {
        key
        for key in ordered
        if any(OSA.distance(prefix, key[:n]) == 1 for n in range(len(prefix) - 1, min(len(key), len(prefix) + 1) + 1))
    }
    # What begins with the prefix as typed needs no error, and a letter typed behind it is none.
    assert {k for k in expected - found if not k.startswith(prefix)} == set()


@given(st.lists(st.text("abco0~", max_size=12), max_size=6))
def test_a_pool_has_the_letters_of_each_of_its_keys(keys: list[str]) -> None:
    offsets = np.cumsum([0, *map(len, keys)]).astype(np.int64)
    letters = np.empty(len(keys), np.uint64)
    letters_of_pool(offsets, np.frombuffer("".join(keys).encode() or b" ", np.uint8), letters)
    assert letters.tolist() == [letters_of(key.encode()) for key in keys]
