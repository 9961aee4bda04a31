"""Names of parameters that no route has are refused: a misspelt filter that nobody looks at answers for everything."""

from typing import Final

from fastapi import Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from fastapi.params import ParamTypes
from fastapi.routing import APIRoute

JUDGED: Final = ("/v1/", "/tiles/")
"""How these paths begin: pages for people take what others append to links, and `/ogc` has a refusal of its own."""
_known: dict[str, frozenset[str]] = {}
"""By the identifier of the operation: a route's names are read once."""


async def refuse_unknown_parameters(request: Request) -> None:
    """Refuse a query with a name that the route does not describe.

    Raises
    ------
    RequestValidationError
        There is one, or several.
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
        names = frozenset(each.alias for each in fields if getattr(each.field_info, "in_", None) is ParamTypes.query)
        _known[route.unique_id] = names
    told = {"msg": "there is no such parameter", "type": "extra_forbidden"}
    unknown = [name for name in dict.fromkeys(request.query_params) if name not in names]
    if unknown:
        raise RequestValidationError([{"loc": ("query", name), **told} for name in unknown])
