"""Ask the processor for a place of an array that compiled code will read a little later.

A batch reads a few lines of an array of megabytes for each question; what waits for the memory one question after the
other takes several times as long as what asks in time.
"""

from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["prefetch"]

_FOR_READING, _TO_KEEP, _DATA = 0, 3, 1


def _load(typing_context: Any, array: Any, place: Any) -> Any:
    """Begin to load the cache line that an element lies in; no place can be wrong, and nothing is changed."""
    del typing_context, place

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        held, at = arguments
        start = context.make_array(signature.args[0])(context, builder, held).data
        byte = ir.IntType(8).as_pointer()
        address = builder.bitcast(builder.gep(start, [at]), byte)
        number = ir.IntType(32)
        function = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]  # numba has no annotations here
            builder.module,
            ir.FunctionType(ir.VoidType(), [byte, number, number, number]),
            "llvm.prefetch.p0",
        )
        builder.call(function, [address, *(number(value) for value in (_FOR_READING, _TO_KEEP, _DATA))])
        return context.get_dummy_value()

    return types.void(array, types.intp), generate


prefetch = cast("Callable[[Any, Any], None]", intrinsic(_load))
