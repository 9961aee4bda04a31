"""`POST /v1/quotes:preview` and `:bulk`: prices that are not stored, for what-if and for the yearly review."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import TypeAdapter

from api.access import needs
from api.quote_comparisons import compare
from api.quote_models import Preview
from api.quote_problems import described_quotes
from api.quote_requests import BulkBody, PreviewBody
from api.quoting import QuoteSources, price, read_all_households
from data.api_keys import Scope
from data.quotes.price_books import read_books
from data.store import Store
from licensing.bulk import price_all, write_bulk_csv


def quote_pricing_router(store: Store, sources: QuoteSources, clock: Callable[[], datetime]) -> APIRouter:
    """Build the routes."""
    router = APIRouter(prefix="/v1", tags=["quotes"], dependencies=[needs(Scope.SALES)])

    @router.post("/quotes:preview", responses=described_quotes(404, 413, 422))
    def preview_quote(body: PreviewBody) -> Preview:
        """Price a quote and its alternatives (other price books, plans, counts), and store nothing."""
        now, wish = clock(), body.wish()
        with store.reading() as session:
            asked = price(session, sources, wish, now)
            compared = compare(session, sources, wish, asked, body.alternatives(), now)
        return Preview.of(asked, compared)

    @router.post("/quotes:bulk", response_class=Response, responses=described_quotes(404, 413, 422))
    def price_municipalities(body: BulkBody, f: Annotated[Literal["json", "csv"], Query()] = "json") -> Response:
        """Price every municipality of a country under every published price book."""
        with store.reading() as session:
            households = read_all_households(session, sources, body.country, clock())
            books = read_books(session)
        prices = price_all(households, books, programmes=body.programmes, years=body.years)
        if f == "csv":
            return Response(write_bulk_csv(prices), media_type="text/csv")
        return Response(_BULK.dump_json({"data": prices}), media_type="application/json")

    return router


_BULK = TypeAdapter(dict[str, list[Any]])
