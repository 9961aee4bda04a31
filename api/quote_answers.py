"""Answers to requests that change quotes: given once for an Idempotency-Key, and only to who saw the last version."""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import Header, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from api.quote_problems import NoVersionError
from data.quotes.kept_answers import Answer, claim_key, keep_answer
from data.quotes.offers import StaleQuoteError, check_version
from data.store.licence_models import StoredQuote

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="The same key with the same request gets the same answer, byte for byte, for a week.",
    ),
]
IfMatch = Annotated[
    str | None, Header(alias="If-Match", max_length=40, description="The ETag of the quote that was read.")
]
_TAG = re.compile(r'"([0-9]{1,9})"')


def entity_tag(row: StoredQuote) -> str:
    """Return the entity tag of a quote."""
    return f'"{row.version}"'


def require_version(row: StoredQuote, if_match: str | None) -> None:
    """Refuse a change of a quote by somebody who has not seen its present version.

    Raises
    ------
    NoVersionError
        They do not say which one they have seen.
    StaleQuoteError
        Another one.
    """
    if if_match is None:
        raise NoVersionError(f"If-Match is missing; the quote's ETag is {entity_tag(row)}")
    found = _TAG.fullmatch(if_match.strip())
    if found is None:
        raise StaleQuoteError(f"{if_match} is no ETag of this quote, which is {entity_tag(row)}")
    check_version(row, int(found[1]))


def json_answer(model: BaseModel, status: int = 200, **headers: str) -> Answer:
    """Return a model as an answer in JSON; underscores in the names of headers stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, named, model.model_dump_json().encode())


def answer_once(
    session: Session,
    caller: str,
    key: str | None,
    request: tuple[str, BaseModel | None, str | None],
    now: datetime,
    work: Callable[[], Answer],
) -> Response:
    """Do the work of a request and keep its answer, or give the answer that the same request got before.

    Parameters
    ----------
    session
        The writing session in which the work is done; a refusal keeps nothing.
    caller
        Identifier of the caller's key.
    key
        The Idempotency-Key; without one the work is simply done.
    request
        What tells the request from others: its path, body and If-Match.
    now
        The present instant.
    work
        What there is to do.
    """
    if key is None:
        return _response(work())
    path, body, if_match = request
    kept = claim_key(session, caller, key, request_digest(path, body, if_match), now)
    if kept is not None:
        return _response(kept)
    answer = work()
    keep_answer(session, caller, key, answer)
    return _response(answer)


def request_digest(path: str, body: BaseModel | None, if_match: str | None = None) -> str:
    """Return what tells a request from others that come with the same Idempotency-Key."""
    told = json.dumps([path, None if body is None else body.model_dump_json(), if_match])
    return hashlib.sha256(told.encode()).hexdigest()


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers), media_type="application/json")
