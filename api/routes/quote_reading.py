"""`GET /v1/quotes`: listed, and given as JSON, as PDF, as CSV and as an invoice in UBL; drift since a quote."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from api.access import needs
from api.models import Day
from api.quote_answers import entity_tag
from api.quote_invoices import invoice_year
from api.quote_models import DriftList, QuotePage, show_quote
from api.quote_problems import described_quotes
from api.quoting import QuoteSources, drift_since, give_pdf
from data.api_keys import Scope
from data.quotes.offers import (
    QuoteFilter,
    entry_of,
    find_quote,
    list_quotes,
    offer_of,
    record_bytes,
    record_of,
)
from data.store import Store
from licensing.offers import OfferState
from licensing.quote_formats import write_quote_csv

Form = Literal["json", "record", "pdf", "csv", "ubl"]
_QUOTE = {"$ref": "#/components/schemas/QuoteAnswer"}
_RECORD = {"type": "object", "description": "The frozen record, with `f=record`."}
_FORMS: dict[str, Any] = {
    "description": "The quote in the form that `f` names.",
    "content": {
        "application/json": {"schema": {"anyOf": [_QUOTE, _RECORD]}},
        "application/pdf": {"schema": {"type": "string", "format": "binary"}},
        "text/csv": {"schema": {"type": "string"}},
        "application/xml": {"schema": {"type": "string"}},
    },
}


def quote_reading_router(store: Store, sources: QuoteSources, clock: Callable[[], datetime]) -> APIRouter:
    """Build the routes."""
    router = APIRouter(prefix="/v1", tags=["quotes"], dependencies=[needs(Scope.SALES)])

    @router.get("/quotes", responses=described_quotes(404, 422))
    def show_quotes(
        state: OfferState | None = None,
        municipality: Annotated[str | None, Query(max_length=40, description="Official code.")] = None,
        country: Literal["BE", "NL"] | None = None,
        price_book: Annotated[str | None, Query(max_length=60)] = None,
        year: Annotated[int | None, Query(ge=2000, le=9998, description="Year of issue.")] = None,
        valid_until_before: Day | None = None,
        after: Annotated[str | None, Query(max_length=40, description="`next_cursor` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> QuotePage:
        """List quotes, the newest first."""
        wanted = QuoteFilter(state, municipality, country, price_book, year, valid_until_before)
        with store.reading() as session:
            return QuotePage.of(list_quotes(session, wanted, clock().date(), after=after, limit=limit))

    def pdf_answer(quote_id: str) -> Response:
        pdf, number = give_pdf(store, quote_id, clock().date())
        disposition = {"Content-Disposition": f'inline; filename="{number or "draft"}.pdf"'}
        return Response(pdf, headers=disposition, media_type="application/pdf")

    @router.get("/quotes/{quote_id}.pdf", response_class=Response, responses=described_quotes(404, 422))
    def show_quote_pdf(quote_id: str) -> Response:
        """Give the PDF of a quote: once issued, the same bytes for ever."""
        return pdf_answer(quote_id)

    @router.get("/quotes/{quote_id}/drift", responses=described_quotes(404, 422))
    def show_quote_drift(quote_id: str) -> DriftList:
        """Compare the counts of a quote with today's, and say how far the next tier of its price book is."""
        with store.reading() as session:
            row = find_quote(session, quote_id)
            return DriftList.of(drift_since(session, sources, row, clock()), row)

    @router.get(
        "/quotes/{quote_id:identifier}", response_model=None, responses=described_quotes(404, 409, 422) | {200: _FORMS}
    )
    def read_quote(
        quote_id: str,
        f: Annotated[Form, Query(description="`record` gives the frozen bytes, `ubl` an invoice.")] = "json",
        year: Annotated[int, Query(ge=1, le=10, description="Year of the licence that is invoiced.")] = 1,
        invoice_number: Annotated[str | None, Query(max_length=60, description="Unset, made of the quote's.")] = None,
        issued: Annotated[Day | None, Query(description="Day of the invoice; unset, the first of the year.")] = None,
        buyer_reference: Annotated[str | None, Query(max_length=60, description="Unset, the quote's number.")] = None,
        exemption_reason: Annotated[str | None, Query(max_length=200)] = None,
    ) -> Response:
        """Give a quote by its identifier or number."""
        if f == "pdf":
            return pdf_answer(quote_id)
        today = clock().date()
        with store.reading() as session:
            row = find_quote(session, quote_id)
            tag = {"ETag": entity_tag(row)}
            if f == "record":
                digest = {"ETag": f'"{row.record_sha256}"'}
                return Response(record_bytes(session, row), headers=digest, media_type="application/json")
            if f == "csv":
                return Response(write_quote_csv(record_of(session, row).quote), headers=tag, media_type="text/csv")
            if f == "json":
                return Response(
                    show_quote(entry_of(session, row, today), json.loads(record_bytes(session, row))).model_dump_json(),
                    headers=tag,
                    media_type="application/json",
                )
            record, offer = record_of(session, row), offer_of(row, today)
        invoice = invoice_year(
            record,
            offer,
            year,
            number=invoice_number,
            issued=issued,
            buyer_reference=buyer_reference,
            exemption_reason=exemption_reason,
        )
        return Response(invoice, media_type="application/xml")

    return router
