"""Plain verifications, answered before a route is looked for: they are asked thousands of times a second.

The route of verifications describes them, and answers and refuses whatever is not the plain case: another media type,
a body that came in pieces or is not as described, eligibility, a caller without the scope.
"""

from typing import Final

from pydantic import ValidationError
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as Connection

from api.access import Caller
from api.atlas import NothingActiveError
from api.coalescing import VerificationDesk
from api.member_models import VerificationQuestion
from data.api_keys import Scope

VERIFICATIONS_PATH: Final = "/v1/verifications"


class PlainVerifications:
    """ASGI middleware, the innermost: answers what it can, and passes the rest on as it came.

    Parameters
    ----------
    desk
        Answers the questions.
    """

    path_format: Final = VERIFICATIONS_PATH
    """What logs and counters call it, as they would the route."""

    def __init__(self, app: ASGIApp, desk: VerificationDesk) -> None:
        self.app = app
        self.desk = desk

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        """Answer a plain question, and pass on what is none."""
        if not _is_plain(scope):
            await self.app(scope, receive, send)
            return
        taken = await receive()
        question = _read(taken)
        try:
            answer = None if question is None else await self.desk.answer(question)
        except NothingActiveError:
            answer = None
        if answer is None:
            await self.app(scope, _again(taken, receive), send)
            return
        scope["route"] = self
        scope["state"]["verdicts"] = {answer.verdict: 1}
        headers = [(b"content-length", b"%d" % len(answer.body)), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})


def _is_plain(scope: Connection) -> bool:
    """Whether the head of a request is that of a question whose caller may ask it."""
    if scope["type"] != "http" or scope["path"] != VERIFICATIONS_PATH or scope["method"] != "POST":
        return False
    caller: Caller | None = scope["state"]["caller"]
    if caller is None or Scope.LOOKUP not in caller.scopes or scope["query_string"]:
        return False
    headers: dict[bytes, bytes] = dict(scope["headers"])
    return (
        headers.get(b"content-type") == b"application/json"
        and headers[b"authorization"][:7].lower() == b"bearer "
        # Of two of a name it is for the route to say which one counts.
        and len(headers) == len(scope["headers"])
    )


def _read(taken: Message) -> VerificationQuestion | None:
    """Return the question of a whole body, None where it is not one that can be answered here."""
    if taken["type"] != "http.request" or taken.get("more_body", False):
        return None
    try:
        question = VerificationQuestion.model_validate_json(taken["body"])
    except ValidationError:
        return None
    return None if question.eligibility else question


def _again(taken: Message, receive: Receive) -> Receive:
    """Return what gives a message once more, and then the rest."""
    waiting = [taken]

    async def receive_again() -> Message:
        return waiting.pop() if waiting else await receive()

    return receive_again
