"""What an area has of a sector's households and what its complement has add up to the sector's, always."""

from hypothesis import given
from hypothesis import strategies as st

from households.counts import official_count
from households.member_table import MemberPart, MemberTable
from households.reach import PartInReach, reach


def clipped(households: int, dwellings: int | None, inside: int, area_m2: float, area_inside_m2: float) -> int:
    table = MemberTable([MemberPart("s", "b", 0, dwellings)], 10)
    part = PartInReach("s", "b", official_count(households), dwellings, inside, area_m2, area_inside_m2)
    return sum(found.households.households for found in reach([part], table, whole_buurten=False))


@given(st.integers(0, 3_000), st.integers(1, 400), st.data())
def test_by_dwellings(households: int, dwellings: int, data: st.DataObject) -> None:
    inside = data.draw(st.integers(0, dwellings))
    ground = data.draw(st.integers(1, 999))  # not half of it: then nothing but its name tells the two sides apart
    ground += ground == 500
    one = clipped(households, dwellings, inside, 1_000.0, float(ground))
    other = clipped(households, dwellings, dwellings - inside, 1_000.0, float(1_000 - ground))
    assert one + other == households


@given(st.integers(0, 3_000), st.integers(1, 999).filter(lambda ground: ground != 500))
def test_by_ground(households: int, ground: int) -> None:
    one = clipped(households, None, 0, 1_000.0, float(ground))
    assert one + clipped(households, None, 0, 1_000.0, float(1_000 - ground)) == households
