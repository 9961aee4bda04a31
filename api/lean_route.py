"""A route that is asked thousands of times a second: what FastAPI does for every case is left out where it need not be.

It is described and refuses like any other: whatever is not the plain case goes FastAPI's way.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from typing_extensions import override

from api.access import Caller
from data.api_keys import Scope


def lean_route(question: type[BaseModel], scope: Scope) -> type[APIRoute]:
    """Return the class of a route whose function takes a question and the request, and gives the model it describes.

    Parameters
    ----------
    question
        Model of the body.
    scope
        What the caller must have, as the route's own dependency says too.
    """

    class LeanRoute(APIRoute):
        @override
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            usual, endpoint = super().get_route_handler(), self.endpoint

            async def handle(request: Request) -> Response:
                caller: Caller | None = request.state.caller
                plain = (
                    caller is not None
                    and not request.scope["query_string"]
                    and scope in caller.scopes
                    and request.headers.get("authorization", "")[:7].lower() == "bearer "
                    and request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"
                )
                if not plain:
                    return await usual(request)
                try:
                    asked = question.model_validate_json(await request.body())
                except ValidationError:
                    return await usual(request)  # which says what is wrong with it
                answer: BaseModel = await endpoint(asked, request)
                return Response(answer.model_dump_json(), media_type="application/json")

            return handle

    return LeanRoute
