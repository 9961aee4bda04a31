"""The HTTP routes, a module per resource; each builds its router from what it is given."""

from starlette.convertors import StringConvertor, register_url_convertor


class _Identifier(StringConvertor):
    """An identifier in a path ends where a verb begins, as in `/v1/plans/{plan_id}:undo`."""

    regex = "[^/:]+"


# Else `GET /v1/plans/17:undo` would ask for a plan called 17:undo, in the place of being told that this takes a POST.
register_url_convertor("identifier", _Identifier())
