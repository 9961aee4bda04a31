"""`POST /v1/quotes:preview` and `:bulk`: prices that are not stored, for what-if and for the yearly review."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import TypeAdapter

from api.access import needs
from api.quote_models import BulkBody, Comparison, Preview, PreviewBody, WhatIf
from api.quote_problems import described_quotes
from api.quoting import QuoteWish, price
from data.api_keys import Scope
from data.directory import DataDirectory
from data.household_counts import read_basis
from data.quotes.price_books import read_books
from data.quotes.scopes import read_households
from data.store import Store
from licensing.bulk import price_all, write_bulk_csv
from licensing.quote_formats import write_quote
from licensing.quote_request import QuoteError


def quote_pricing_router(store: Store, directory: DataDirectory, clock: Callable[[], datetime]) -> APIRouter:
    """Build the routes."""
    router = APIRouter(prefix="/v1", tags=["quotes"], dependencies=[needs(Scope.SALES)])

    @router.post("/quotes:preview", responses=described_quotes(404, 413, 422))
    def preview(body: PreviewBody) -> Preview:
        """Price a quote and its alternatives (other price books, plans, counts), and store nothing."""
        now, wish = clock(), body.wish()
        with store.reading() as session:
            asked, _ = price(session, directory, wish, now)
            compared = []
            for other in body.what_if:
                quote, _ = price(session, directory, _alternative(wish, other), now)
                compared.append(
                    Comparison(
                        name=other.name,
                        net=quote.net,
                        difference=quote.net - asked.net,
                        households=quote.households,
                        price_per_household=quote.price_per_household,
                        quote=json.loads(write_quote(quote)),
                    )
                )
        return Preview(quote=json.loads(write_quote(asked)), what_if=compared)

    @router.post("/quotes:bulk", response_class=Response, responses=described_quotes(404, 413, 422))
    def price_everything(body: BulkBody, f: Annotated[Literal["json", "csv"], Query()] = "json") -> Response:
        """Price every municipality of a country under every published price book."""
        with store.reading() as session:
            households = read_households(session, read_basis(session, directory, body.country), body.country)
            books = read_books(session)
        prices = price_all(households, books, programmes=body.programmes, years=body.years)
        if f == "csv":
            return Response(write_bulk_csv(prices), media_type="text/csv")
        return Response(_BULK.dump_json({"data": prices}), media_type="application/json")

    return router


_BULK = TypeAdapter(dict[str, list[Any]])


def _alternative(wish: QuoteWish, other: WhatIf) -> QuoteWish:
    if other.price_book is not None:
        wish = replace(wish, book_code=other.price_book)
    if other.plan_on is not None:
        wish = replace(wish, plan_day=other.plan_on)
    if other.households is not None:
        if len(wish.scopes) > 1:
            raise QuoteError("several-municipalities", "what_if", "other counts are for a quote of one municipality")
        wish = replace(wish, scopes=(replace(wish.scopes[0], households=other.households),))
    return wish
