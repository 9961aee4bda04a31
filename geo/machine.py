"""Machine operations that compiled code needs and numba has no words for: loads by address, prefetch, bit scan.

A compiled function that takes an index as one address is called several times faster than one that takes its
arrays, since each array argument is unpacked anew for each call. Whoever passes an address keeps the array
alive for the time of the call.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

__all__ = ["load_float64", "load_int32", "load_int64", "lowest_bit", "prefetch"]


def _intrinsic(operation: Callable[..., Any]) -> Any:
    """Make an operation one that compiled code can call; its Python type is given where it is named."""
    return intrinsic(operation)


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
    return _intrinsic(load)


def _prefetch(_typing: Any, _address: Any, _offset: Any) -> Any:
    """Ask for the cache line at an address plus an offset in bytes, without waiting for it."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        number = ir.IntType(32)
        pointer = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [pointer, number, number, number])
        function = builder.module.globals.get("llvm.prefetch.p0")
        if function is None:
            function = ir.Function(builder.module, kind, "llvm.prefetch.p0")
        # To read (0), to stay in every cache (3), as data (1).
        builder.call(function, [builder.inttoptr(builder.add(*arguments), pointer), number(0), number(3), number(1)])
        return context.get_dummy_value()

    return types.none(types.int64, types.int64), generate


def _lowest_bit(_typing: Any, _value: Any) -> Any:
    """Give the number of the lowest set bit of an integer that has one."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.IntType(1)(1))

    return types.int64(types.int64), generate


load_float64: Callable[[int, int], float] = _loader("load_float64", ir.DoubleType())
load_int32: Callable[[int, int], int] = _loader("load_int32", ir.IntType(32))
load_int64: Callable[[int, int], int] = _loader("load_int64", ir.IntType(64))
prefetch: Callable[[int, int], None] = _intrinsic(_prefetch)
lowest_bit: Callable[[int], int] = _intrinsic(_lowest_bit)
