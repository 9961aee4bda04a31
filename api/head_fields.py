"""The fields of a request's head, before there is a request object: what stands in front of the routes looks one up."""

from starlette.types import Scope


def field_of(scope: Scope, name: bytes) -> str | None:
    """Return the first value of a field, None where the head has none.

    Parameters
    ----------
    name
        In small letters, as ASGI has them.
    """
    return next((value.decode("latin-1") for field, value in scope["headers"] if field == name), None)
