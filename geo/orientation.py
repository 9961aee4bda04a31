"""On which side of a line does a point lie? Answered exactly for every finite double.

Three stages, each only when the one before cannot decide: a float64 determinant with Shewchuk's error bound;
exact products where the differences of the coordinates are exact; integer arithmetic wide enough for any six
products of doubles (Kulisch's long accumulator), which knows neither rounding nor underflow nor overflow.

Sources: J. R. Shewchuk, "Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric Predicates",
Discrete & Computational Geometry 18 (1997); U. Kulisch, "Computer Arithmetic and Validity" (2013), chapter 8.
"""

import math

import numpy as np
import numpy.typing as npt
from numba import types

from geo.compiled import compiled, inlined

__all__ = ["ERROR_BOUND", "SAFE_LARGEST", "SAFE_SMALLEST", "orientation", "side"]

ERROR_BOUND = (3.0 + 16.0 * 2.0**-53) * 2.0**-53  # Shewchuk's ccwerrboundA, for round-to-nearest float64
SAFE_SMALLEST = 2.0**-900  # above it no product below loses bits to underflow
SAFE_LARGEST = 2.0**900  # below it no product below overflows
SPLITTER = 2.0**27 + 1.0
LIMBS = 136  # of 32 bits: from 2**-2148 (two smallest subnormals) to 2**2048, and carries
LOWEST_EXPONENT = 2148
LOW_WORD = 0xFFFFFFFF


@inlined
def product_tail(a: float, b: float, product: float) -> float:
    """Give what rounding took from ``product = a * b``, exactly (Dekker's product, without a fused multiply)."""
    c = SPLITTER * a
    a_high = c - (c - a)
    a_low = a - a_high
    c = SPLITTER * b
    b_high = c - (c - b)
    b_low = b - b_high
    return a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)


@inlined
def difference_tail(a: float, b: float, difference: float) -> float:
    """Give what rounding took from ``difference = a - b``, exactly (Knuth's two-difference)."""
    b_virtual = a - difference
    a_virtual = difference + b_virtual
    return (a - a_virtual) + (b_virtual - b)


@inlined
def add_at(limbs: npt.NDArray[np.int64], part: int, shift: int, sign: int) -> None:
    """Add ``sign * part * 2**shift`` (``part`` below 2**54) to a long integer of 32-bit limbs."""
    word = shift >> 5
    bits = shift & 31
    low = (part & LOW_WORD) << bits
    high = (part >> 32) << bits
    limbs[word] += sign * (low & LOW_WORD)
    limbs[word + 1] += sign * ((low >> 32) + (high & LOW_WORD))
    limbs[word + 2] += sign * (high >> 32)


@inlined
def add_product(limbs: npt.NDArray[np.int64], a: float, b: float, sign: int) -> None:
    """Add ``sign * a * b`` to the long integer, without rounding."""
    if a == 0.0 or b == 0.0:
        return
    fraction_a, exponent_a = math.frexp(a)
    fraction_b, exponent_b = math.frexp(b)
    whole_a = int(fraction_a * 2.0**53)
    whole_b = int(fraction_b * 2.0**53)
    if whole_a < 0:
        whole_a = -whole_a
        sign = -sign
    if whole_b < 0:
        whole_b = -whole_b
        sign = -sign
    # frexp gives a subnormal fewer significant bits, and an exponent down to -1073: the lowest bit of the
    # product of two smallest subnormals would stand at 2*(-1073 - 53), so the zero bits below are shifted out.
    shift = exponent_a + exponent_b - 106 + LOWEST_EXPONENT
    while shift < 0:
        if whole_a & 1 == 0:
            whole_a >>= 1
        else:
            whole_b >>= 1
        shift += 1
    low_a = whole_a & 0x7FFFFFF
    high_a = whole_a >> 27
    low_b = whole_b & 0x7FFFFFF
    high_b = whole_b >> 27
    add_at(limbs, low_a * low_b, shift, sign)
    add_at(limbs, low_a * high_b, shift + 27, sign)
    add_at(limbs, high_a * low_b, shift + 27, sign)
    add_at(limbs, high_a * high_b, shift + 54, sign)


@compiled(types.int64(*[types.float64] * 6))
def orientation_by_integers(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    """Give the sign of the determinant in integers: exact for every finite double."""
    limbs = np.zeros(LIMBS, np.int64)
    add_product(limbs, ax, by, 1)
    add_product(limbs, ax, py, -1)
    add_product(limbs, px, by, -1)
    add_product(limbs, ay, bx, -1)
    add_product(limbs, ay, px, 1)
    add_product(limbs, py, bx, 1)
    carry = np.int64(0)
    rest = np.int64(0)
    for i in range(LIMBS):
        value = limbs[i] + carry
        carry = value >> 32
        rest |= value & LOW_WORD
    if carry < 0:
        return -1
    return 1 if rest != 0 else 0


@compiled(types.int64(*[types.float64] * 6))
def orientation_near_line(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    """Give the exact sign where the error bound could not: the rare and slow stages."""
    adx = ax - px
    bdy = by - py
    ady = ay - py
    bdx = bx - px
    if (
        difference_tail(ax, px, adx) == 0.0
        and difference_tail(by, py, bdy) == 0.0
        and difference_tail(ay, py, ady) == 0.0
        and difference_tail(bx, px, bdx) == 0.0
    ):
        left = adx * bdy
        right = ady * bdx
        left_is_safe = (adx == 0.0 or bdy == 0.0) or SAFE_SMALLEST < abs(left) < SAFE_LARGEST
        right_is_safe = (ady == 0.0 or bdx == 0.0) or SAFE_SMALLEST < abs(right) < SAFE_LARGEST
        largest = max(abs(adx), abs(bdy), abs(ady), abs(bdx))
        if left_is_safe and right_is_safe and largest < SAFE_LARGEST:
            # Rounding keeps the order of two numbers, so unequal rounded products already decide.
            if left == right:
                left = product_tail(adx, bdy, left)
                right = product_tail(ady, bdx, right)
            return int(left > right) - int(left < right)
    return orientation_by_integers(ax, ay, bx, by, px, py)


@inlined
def orientation(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    """Give the side of the directed line a → b on which p lies: 1 left, -1 right, 0 on the line; exactly."""
    left = (ax - px) * (by - py)
    right = (ay - py) * (bx - px)
    determinant = left - right
    magnitude = abs(left) + abs(right)
    if abs(determinant) > ERROR_BOUND * magnitude and SAFE_SMALLEST < magnitude < SAFE_LARGEST:
        return 1 if determinant > 0.0 else -1
    return orientation_near_line(ax, ay, bx, by, px, py)


@inlined
def side(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> bool:
    """Tell whether the point just above p, and less far to its right, lies left of the line a → b.

    The point (x + d, y + e) with infinitesimal 0 < d << e lies on no line through two doubles, so that a path
    of such points crosses an edge or it does not, and a vertex needs no case of its own (H. Edelsbrunner and
    E. P. Mücke, "Simulation of Simplicity", ACM Transactions on Graphics 9 (1990)).
    """
    sign = orientation(ax, ay, bx, by, px, py)
    if sign == 0:
        if ax != bx:
            return bx > ax
        return ay > by
    return sign > 0
