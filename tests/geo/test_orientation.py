"""The orientation predicate against exact rational arithmetic."""

import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numba import njit

from geo.orientation import orientation, orientation_by_integers, orientation_near_line
from geo.sector_blocks import locate_block

finite = st.floats(allow_nan=False, allow_infinity=False)
tiny_or_huge = st.sampled_from([0.0, -0.0, 5e-324, -5e-324, 2.3e-308, 1.7976931348623157e308, -1e300, 1.0, 0.1])
near = st.floats(min_value=149_000.0, max_value=151_000.0)
coordinate = st.one_of(finite, tiny_or_huge, near)


@njit
def compiled_orientation(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    return orientation(ax, ay, bx, by, px, py)


def exact_orientation(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    a, b, c, d, e, f = map(Fraction, (ax, ay, bx, by, px, py))
    determinant = (a - e) * (d - f) - (b - f) * (c - e)
    return (determinant > 0) - (determinant < 0)


def assert_exact(*coordinates: float) -> None:
    expected = exact_orientation(*coordinates)
    assert compiled_orientation(*coordinates) == expected
    assert orientation_near_line(*coordinates) == expected
    assert orientation_by_integers(*coordinates) == expected


@settings(max_examples=600, deadline=None)
@given(st.tuples(*[coordinate] * 6))
def test_sign_is_exact_for_any_finite_doubles(coordinates: tuple[float, ...]) -> None:
    assert_exact(*coordinates)


@settings(max_examples=600, deadline=None)
@given(st.tuples(*[st.one_of(near, finite)] * 4), st.floats(0.0, 1.0), st.integers(-2, 2), st.integers(-2, 2))
def test_sign_is_exact_within_ulps_of_the_line(ends: tuple[float, ...], t: float, dx: int, dy: int) -> None:
    ax, ay, bx, by = ends
    px, py = ax * (1.0 - t) + bx * t, ay * (1.0 - t) + by * t
    px, py = px + dx * math.ulp(px), py + dy * math.ulp(py)
    assume(math.isfinite(px) and math.isfinite(py))
    assert_exact(ax, ay, bx, by, px, py)


@pytest.mark.parametrize("kernel", [locate_block, orientation_near_line])
def test_machine_code_fuses_no_multiplication_with_an_addition(kernel: Any) -> None:
    # A fused multiply-add rounds once where the exact products count on two roundings. Code from the cache
    # cannot be inspected, so the function is compiled once more in the same way.
    again = njit(kernel.nopython_signatures[0], nogil=True, error_model="numpy")(kernel.py_func)
    assembly = "".join(again.inspect_asm().values())
    assert "mulsd" in assembly
    assert "fmadd" not in assembly
    assert "fnmadd" not in assembly
    assert "fmsub" not in assembly
