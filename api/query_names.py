"""Names of parameters that no route has are refused, and values of which one would count and the others not.

A misspelt filter that nobody looks at answers for everything, and of two days nobody is told which one was meant.
"""

from collections import Counter
from typing import Final, get_args, get_origin

from fastapi import Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from fastapi.params import ParamTypes
from fastapi.routing import APIRoute

JUDGED: Final = ("/v1/", "/tiles/")
"""How these paths begin: pages for people take what others append to links, and `/ogc` has a refusal of its own."""
_known: dict[str, dict[str, bool]] = {}
"""Whether a parameter takes several values, by the identifier of the operation: a route's names are read once."""


async def refuse_unknown_parameters(request: Request) -> None:
    """Refuse a query with a name that the route does not describe.

    Raises
    ------
    RequestValidationError
        There is one, or several; or one that takes a single value is given twice.
    """
    route = request.scope.get("route")
    if not request.scope["query_string"] or not isinstance(route, APIRoute) or not route.path.startswith(JUDGED):
        return
    # Who brings no key is told that first.
    if request.state.caller is None:
        return
    names = _known.get(route.unique_id)
    if names is None:
        fields = get_flat_params(route.dependant)
        names = {
            each.alias: _takes_several(each.field_info.annotation)
            for each in fields
            if getattr(each.field_info, "in_", None) is ParamTypes.query
        }
        _known[route.unique_id] = names
    told = {name: "there is no such parameter" for name in request.query_params if name not in names}
    told |= {name: "one value is taken" for name in repeated_names(request) if not names.get(name, True)}
    if told:
        raise RequestValidationError(
            [{"loc": ("query", name), "msg": msg, "type": "extra_forbidden"} for name, msg in told.items()]
        )


def repeated_names(request: Request) -> list[str]:
    """Return the names of parameters that a query gives several values, in its order."""
    given = Counter(name for name, _ in request.query_params.multi_items())
    return [name for name, values in given.items() if values > 1]


def _takes_several(annotation: object) -> bool:
    """Whether values of a type are lists, or may be."""
    return get_origin(annotation) in (list, tuple, set, frozenset) or any(map(_takes_several, get_args(annotation)))
