"""Unknown counts are never taken for zero."""

from hypothesis import given
from hypothesis import strategies as st

from households.counts import sum_households


@given(st.lists(st.none() | st.integers(0, 10_000)))
def test_known_and_unknown_areas_are_counted_apart(counts: list[int | None]) -> None:
    total = sum_households(counts)
    assert total.areas == len(counts)
    assert total.unknown_areas == counts.count(None)
    assert total.known == sum(count or 0 for count in counts)
    assert total.complete == (None not in counts)
