"""No withheld number can be found again from what is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from households.disclosure import withhold_small_numbers

COUNTS = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=3), st.integers(0, 20) | st.integers(0, 3_000), max_size=12
)


@given(COUNTS, st.integers(1, 20))
def test_nothing_small_is_shown_or_follows_from_the_total(counts: dict[str, int], threshold: int) -> None:
    column = withhold_small_numbers(counts, threshold)
    for row, shown in column.cells.items():
        assert shown is None or (shown == counts[row] and (shown == 0 or shown >= threshold))
    withheld = [row for row, shown in column.cells.items() if shown is None]
    if column.total is not None:
        rest = column.total - sum(shown for shown in column.cells.values() if shown is not None)
        assert rest == sum(counts[row] for row in withheld)
        # What is left for the withheld cells is nothing, or is shared by several and not small.
        assert (rest == 0 and not withheld) or (rest >= threshold and len(withheld) >= 2)


@given(COUNTS, st.integers(1, 20))
def test_nothing_is_withheld_without_a_small_number(counts: dict[str, int], threshold: int) -> None:
    column = withhold_small_numbers(counts, threshold)
    if all(count == 0 or count >= threshold for count in counts.values()):
        assert column.cells == counts
        assert column.total == sum(counts.values())


def test_a_lone_small_row_takes_the_total_with_it() -> None:
    column = withhold_small_numbers({"a": 4, "b": 0}, threshold=5)
    assert (column.cells, column.total) == ({"a": None, "b": 0}, None)


def test_two_small_rows_whose_sum_is_small_need_a_third() -> None:
    column = withhold_small_numbers({"a": 1, "b": 1, "c": 50, "d": 60}, threshold=10)
    assert (column.cells, column.total) == ({"a": None, "b": None, "c": None, "d": 60}, 112)


def test_a_few_that_are_not_members_are_not_told_either() -> None:
    column = withhold_small_numbers({"a": 98, "b": 20}, threshold=5, wholes={"a": 100, "b": 100})
    assert (column.cells, column.total) == ({"a": None, "b": None}, 118)


def test_a_threshold_of_one_shows_everything() -> None:
    assert withhold_small_numbers({"a": 1}, 1, wholes={"a": 1}).cells == {"a": 1}


def test_a_threshold_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        withhold_small_numbers({}, 0)
