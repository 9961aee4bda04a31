"""Codes survive how people type, and no slip of one or two characters makes another valid code."""

from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from households.codes import (
    ALPHABET,
    CodeBatch,
    CodeError,
    Uses,
    find_code,
    hash_code,
    make_code,
    read_code,
    write_code,
)
from households.dwelling_keys import HouseholdKey

CODES = st.integers(0, 2**64).map(lambda seed: make_code(Random(seed).choice))
KEY = HouseholdKey("2026a", bytes(range(32)))


def test_the_alphabet_is_prime_and_has_no_characters_that_look_alike() -> None:
    assert len(ALPHABET) == len(set(ALPHABET)) == 29
    assert not set(ALPHABET) & set("01OILUV")


@given(CODES, st.sampled_from([str.lower, str.upper, lambda code: code.replace("-", " "), lambda code: f" {code}\n"]))
def test_a_code_is_read_as_people_type_it(code: str, typed: object) -> None:
    plain = code.replace("-", "")
    assert read_code(typed(code)) == plain  # type: ignore[operator]
    assert write_code(plain) == code


@given(CODES)
def test_every_wrong_character_is_noticed(code: str) -> None:
    plain = code.replace("-", "")
    for place in range(len(plain)):
        for other in set(ALPHABET) - {plain[place]}:
            with pytest.raises(CodeError):
                read_code(plain[:place] + other + plain[place + 1 :])


@given(CODES)
def test_every_exchange_of_two_characters_is_noticed(code: str) -> None:
    plain = code.replace("-", "")
    for left in range(len(plain)):
        for right in range(left + 1, len(plain)):
            if plain[left] != plain[right]:
                exchanged = list(plain)
                exchanged[left], exchanged[right] = exchanged[right], exchanged[left]
                with pytest.raises(CodeError):
                    read_code("".join(exchanged))


@given(
    st.text(min_size=9, max_size=200).filter(lambda text: len(text.split()) == 1 and len(text.replace("-", "")) != 10)
)
def test_anything_else_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(CodeError) as caught:
        read_code(text)
    assert text not in str(caught.value)


def test_hashes_depend_on_the_scope_and_are_found_wherever_they_are() -> None:
    stored = [hash_code(KEY, "25110-01", plain) for plain in ("AAAAAAAAAA", "BBBBBBBBBB", "CCCCCCCCCC")]
    assert [find_code(hash_code(KEY, "25110-01", plain), stored) for plain in ("AAAAAAAAAA", "CCCCCCCCCC")] == [0, 2]
    assert find_code(hash_code(KEY, "25110-02", "AAAAAAAAAA"), stored) is None


def test_a_batch_is_valid_from_its_making_until_it_expires() -> None:
    made, expires = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    batch = CodeBatch("25110-01", Uses.ONCE, made, expires)
    assert [batch.valid_at(day) for day in (datetime(2026, 10, 31, tzinfo=UTC), made, expires)] == [False, True, False]
