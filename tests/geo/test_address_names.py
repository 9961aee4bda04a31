"""Street names read by compiled code: the same keys, kinds and numbers as the functions of spelling give."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from geo.addresses import AddressIndex
from geo.addresses.likenesses import relaxed_keys
from geo.addresses.names import LOOSER, WORDY, read_names
from geo.addresses.spelling import street_forms, street_keys, street_type_number

WORDS = ["Rue", "rue", "de", "la", "l'", "Église", "eglise", "Kerk", "straat", "Kerkstraat", "J.", "Joseph", "Wauters",
         "Limite", "Grens", "Place", "Rogier", "Brusselse", "steenweg", "str.", "av", "r", "o", "l", "v", "O.L.V.",
         "Œ", "ß", "’", "…", "½", "ŉ", "Ω", "漢", "12"]  # fmt: skip


def check(register: AddressIndex, texts: list[str]) -> int:
    """Compare what is read with the plain functions; give how many names were read."""
    inner = register._register
    array = pa.array(texts, pa.large_string())
    _, offsets, content = array.buffers()
    read = read_names(
        np.frombuffer(offsets, np.int64)[: len(texts) + 1], np.frombuffer(content or b" ", np.uint8),
        inner.street_slots, inner.street_texts, inner.first_names,
    )  # fmt: skip
    raw, count = read.text.tobytes(), 0
    for i, text in enumerate(texts):
        if read.numbers[i] == WORDY:
            continue
        count += 1
        key = raw[read.offsets[i] : read.offsets[i + 1]].decode()
        assert (key,) == street_keys(text) == street_forms(text)[0]
        assert read.numbers[i] == inner.street_keys.find(key)
        assert read.kinds[i] == street_type_number(key)
        if read.numbers[i] < 0:
            looser = read.looser[LOOSER * i : LOOSER * (i + 1)]
            assert set(looser[looser >= 0].tolist()) == set(relaxed_keys(inner, text))
    return count


@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join), min_size=1, max_size=20))
def test_names_of_words_have_the_keys_of_spelling(belgium: AddressIndex, texts: list[str]) -> None:
    check(belgium, texts)


@given(st.lists(st.text(max_size=200), max_size=5))
def test_any_text_has_the_keys_of_spelling_or_is_left_to_it(belgium: AddressIndex, texts: list[str]) -> None:
    check(belgium, texts)


def test_official_names_without_abbreviations_are_read(belgium: AddressIndex) -> None:
    names = ["Brusselsesteenweg", "CHAUSSÉE DE BRUXELLES", "rue de l’Église", "Kerk-straat", "Wauters Rue Joseph"]
    assert check(belgium, names) == len(names)


def test_names_that_may_be_shortened_are_left_to_spelling(belgium: AddressIndex) -> None:
    assert check(belgium, ["Kerkstr", "av. Rogier", "r Haute", "O L Vrouwstraat", "x" * 300, "Ωmega"]) == 0
