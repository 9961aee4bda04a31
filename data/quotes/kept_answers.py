"""Answers to requests with an Idempotency-Key: kept with the request's hash, and given again byte for byte."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from data.store.licence_models import KeptAnswer

KEPT_FOR = timedelta(days=7)
"""Long enough for any client that tries again; the offers themselves stay."""


class KeyReusedError(ValueError):
    """The same Idempotency-Key came with another request."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered with."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def claim_key(session: Session, caller: str, key: str, request_sha256: str, now: datetime) -> Answer | None:
    """Claim a key for a request, in the transaction of what the request does.

    A second request with the key waits for the first one's transaction, so that only one of them does anything.

    Returns
    -------
    Answer or None
        The answer that the same request got; None where it is new.

    Raises
    ------
    KeyReusedError
        The key was used for another request.
    """
    session.execute(delete(KeptAnswer).where(KeptAnswer.created_at < now - KEPT_FOR))
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    claimed = session.execute(
        insert(KeptAnswer)
        .values(caller=caller, key=key, request_sha256=request_sha256, created_at=now)
        .on_conflict_do_nothing(index_elements=["caller", "key"])
        .returning(KeptAnswer.key)
    ).scalar()
    if claimed is not None:
        return None
    kept = session.scalars(select(KeptAnswer).where(KeptAnswer.caller == caller, KeptAnswer.key == key)).one()
    if kept.request_sha256 != request_sha256:
        raise KeyReusedError("this Idempotency-Key was sent with another request; take a new one for each request")
    return Answer(kept.status or 200, kept.headers or {}, kept.body or b"")


def keep_answer(session: Session, caller: str, key: str, answer: Answer) -> None:
    """Keep the answer of a claimed key, before the commit."""
    kept = session.scalars(select(KeptAnswer).where(KeptAnswer.caller == caller, KeptAnswer.key == key)).one()
    kept.status, kept.headers, kept.body = answer.status, dict(answer.headers), answer.body
