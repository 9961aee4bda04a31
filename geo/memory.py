"""Load single values from memory by address, in compiled code.

A compiled function that takes an index as one address is called several times faster than one that takes its
arrays, since each array argument is unpacked anew for each call. Whoever passes an address keeps the array
alive for the time of the call.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

__all__ = ["load_float64", "load_int32", "load_int64"]


def _loader(name: str, llvm_type: ir.Type) -> Any:
    """Make the intrinsic ``name(address, i)``: the i-th value of one type from an aligned address."""

    def load(_typing: Any, _address: Any, _i: Any) -> Any:
        result = types.float64 if llvm_type == ir.DoubleType() else types.int64

        def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            base = builder.inttoptr(arguments[0], llvm_type.as_pointer())
            value = builder.load(builder.gep(base, [arguments[1]]))
            return builder.sext(value, ir.IntType(64)) if llvm_type == ir.IntType(32) else value

        return result(types.int64, types.int64), generate

    load.__name__ = load.__qualname__ = name
    return intrinsic(load)


load_float64: Callable[[int, int], float] = _loader("load_float64", ir.DoubleType())
load_int32: Callable[[int, int], int] = _loader("load_int32", ir.IntType(32))
load_int64: Callable[[int, int], int] = _loader("load_int64", ir.IntType(64))
