"""Compile a function to machine code when its module is imported, once per machine and not once per worker.

An explicit signature moves the work of the compiler from the first call to the import, and the cache keeps
the result beside the source (or in the user's cache directory, or in ``NUMBA_CACHE_DIR``). Where no directory
can be written the function is compiled in memory. Fast-math stays off: the exact predicates are proofs about
IEEE 754 rounding, and a reordered sum or a fused multiply-add would void them.

Numba dates a cached function by its own file alone. Whoever edits a compiled function that another file calls
must touch that file too (or delete ``geo/__pycache__``).
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from numba import njit, types
from numba.core.errors import NumbaError

__all__ = ["FLOATS", "FLOATS_2D", "INTS", "UINTS", "WIDE_INTS", "compiled", "inlined", "named_tuple_of", "tuple_of"]

Function = TypeVar("Function", bound=Callable[..., Any])

FLOATS = types.float64[::1]
FLOATS_2D = types.float64[:, ::1]
INTS = types.int32[::1]
UINTS = types.uint32[::1]
"""Positions: what is never below 0 is not looked at for being so whenever it is an index."""
WIDE_INTS = types.int64[::1]


def tuple_of(*members: Any) -> Any:
    """Give the numba type of a tuple."""
    return types.Tuple(members)  # type: ignore[no-untyped-call]  # numba has no annotations here


def named_tuple_of(members: tuple[Any, ...], cls: type[NamedTuple]) -> Any:
    """Give the numba type of a named tuple."""
    return types.NamedTuple(members, cls)  # type: ignore[no-untyped-call]  # numba has no annotations here


def compiled(signature: object, *, is_brief: bool = False, allocates: bool = True) -> Callable[[Function], Function]:
    """Compile for one signature, to run without the interpreter's lock.

    Parameters
    ----------
    signature
        A numba signature: types of the result and of the arguments.
    is_brief
        For a function of less than a microsecond, whose call is most of its cost: it keeps the interpreter's
        lock, and is called without numba's look at the types of its arguments. (C converts them, and raises
        TypeError where it cannot.)
    allocates
        False for a function that makes no array, nor do those that it calls: references to arrays are then not
        counted, which takes a locked instruction each time that one is handed on, and two fifths of the time where
        steps are small.

    Returns
    -------
    Callable
        A decorator; the decorated function is called like the Python function that it replaces.
    """
    options: dict[str, Any] = {"nogil": not is_brief, "error_model": "numpy", "_nrt": allocates}

    def decorate(function: Function) -> Function:
        dispatcher: Any
        try:
            dispatcher = njit(signature, cache=True, **options)(function)
        except NumbaError:
            raise
        except RuntimeError:  # numba's word for "no directory for the cache can be written"
            dispatcher = njit(signature, **options)(function)
        result: Function = dispatcher
        if is_brief:
            (overload,) = dispatcher.overloads.values()
            result = overload.entry_point
        return result

    return decorate


def inlined(function: Function) -> Function:
    """Compile as a part of each compiled function that calls it.

    Parameters
    ----------
    function
        A function that only compiled code calls.

    Returns
    -------
    Callable
        The function, for compiled callers.
    """
    dispatcher: Any = njit(nogil=True, error_model="numpy")(function)
    result: Function = dispatcher
    return result
