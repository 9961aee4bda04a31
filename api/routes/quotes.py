"""`POST /v1/quotes`: previewed, priced in bulk, made, issued, answered and revised."""

import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy.orm import Session

from api.access import SalesCaller, needs
from api.quote_answers import IdempotencyKey, IfMatch, answer_once, entity_tag, json_answer, require_version
from api.quote_models import QuoteAnswer, show_quote
from api.quote_problems import described_quotes
from api.quote_requests import QuoteRequestBody, RevisionBody
from api.quoting import QuoteSources, freeze, give_pdf, issue_by_book, make_token, revised
from data.api_keys import Scope
from data.quotes import offers
from data.quotes.kept_answers import Answer
from data.quotes.offers import create_quote, entry_of, find_quote, record_bytes
from data.store import Store
from data.store.licence_models import StoredQuote

CHANGES = described_quotes(404, 409, 412, 422, 428)


def quotes_router(store: Store, sources: QuoteSources, clock: Callable[[], datetime]) -> APIRouter:
    """Build the routes."""
    router = APIRouter(prefix="/v1", tags=["quotes"], dependencies=[needs(Scope.SALES)])

    def shown(session: Session, row: StoredQuote, today: date) -> QuoteAnswer:
        return show_quote(entry_of(session, row, today), json.loads(record_bytes(session, row)))

    def made(session: Session, row: StoredQuote, today: date) -> Answer:
        tag = entity_tag(row)
        return json_answer(shown(session, row, today), 201, ETag=tag, Location=f"/v1/quotes/{row.id}")

    @router.post("/quotes", status_code=201, response_model=QuoteAnswer, responses=described_quotes(404, 409, 413, 422))
    def make_quote(body: QuoteRequestBody, caller: SalesCaller, idempotency_key: IdempotencyKey = None) -> Response:
        """Calculate a quote and keep it as a draft. Everything in it is frozen; a number comes with `:issue`."""
        now = clock()
        with store.writing() as session:

            def work() -> Answer:
                frozen = freeze(session, sources, body.wish(), now)
                row = create_quote(session, frozen, now, by=caller.key_id, make_token=make_token)
                return made(session, row, now.date())

            return answer_once(session, caller.key_id, idempotency_key, ("/v1/quotes", body, None), now, work)

    def state_change(
        quote_id: str, action: str, caller: str, key: str | None, if_match: str | None, change: Callable[..., Any]
    ) -> Response:
        now = clock()
        with store.writing() as session:

            def work() -> Answer:
                row = find_quote(session, quote_id, lock=True)
                require_version(row, if_match)
                change(session, row, now.date(), by=caller)
                return json_answer(shown(session, row, now.date()), ETag=entity_tag(row))

            path = f"/v1/quotes/{quote_id}:{action}"
            return answer_once(session, caller, key, (path, None, if_match), now, work)

    @router.post("/quotes/{quote_id}:issue", response_model=QuoteAnswer, responses=CHANGES)
    def issue_quote(
        quote_id: str, caller: SalesCaller, idempotency_key: IdempotencyKey = None, if_match: IfMatch = None
    ) -> Response:
        """Give a draft its number, without gaps in a year, and its last day; its PDF is kept."""
        answer = state_change(quote_id, "issue", caller.key_id, idempotency_key, if_match, issue_by_book)
        # After the commit, so that nobody waits for a page to be set before the next number is given.
        give_pdf(store, quote_id, clock().date())
        return answer

    @router.post("/quotes/{quote_id}:accept", response_model=QuoteAnswer, responses=CHANGES)
    def accept_quote(
        quote_id: str, caller: SalesCaller, idempotency_key: IdempotencyKey = None, if_match: IfMatch = None
    ) -> Response:
        """Accept an issued quote: its licences hold from their first day."""
        return state_change(quote_id, "accept", caller.key_id, idempotency_key, if_match, offers.accept_quote)

    @router.post("/quotes/{quote_id}:decline", response_model=QuoteAnswer, responses=CHANGES)
    def decline_quote(
        quote_id: str, caller: SalesCaller, idempotency_key: IdempotencyKey = None, if_match: IfMatch = None
    ) -> Response:
        """Decline an issued quote."""
        return state_change(quote_id, "decline", caller.key_id, idempotency_key, if_match, offers.decline_quote)

    @router.post(
        "/quotes/{quote_id}:revise",
        status_code=201,
        response_model=QuoteAnswer,
        responses=described_quotes(404, 409, 412, 413, 422, 428),
    )
    def revise_quote(
        quote_id: str,
        body: RevisionBody,
        caller: SalesCaller,
        idempotency_key: IdempotencyKey = None,
        if_match: IfMatch = None,
    ) -> Response:
        """Make a draft that takes the place of a quote and names it, with today's counts and price book."""
        now = clock()
        with store.writing() as session:

            def work() -> Answer:
                row = find_quote(session, quote_id, lock=True)
                require_version(row, if_match)
                new = revised(session, sources, row, body.changes(), now, by=caller.key_id)
                return made(session, new, now.date())

            path = f"/v1/quotes/{quote_id}:revise"
            return answer_once(session, caller.key_id, idempotency_key, (path, body, if_match), now, work)

    return router
