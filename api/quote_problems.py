"""Refusals of quotes, licences and price books as problem details."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from api.problems import FieldProblem, Kind, described, install_table, problem_response
from data.quotes.kept_answers import KeyReusedError
from data.quotes.offers import StaleQuoteError, UnknownQuoteError
from data.quotes.price_books import UnknownBookError
from licensing.price_book_reader import PriceBookError
from licensing.quote_request import QuoteError
from licensing.ubl import InvoiceError


class NoVersionError(ValueError):
    """A change was asked for without saying of which version."""


QUOTE_PROBLEMS: Mapping[type[Exception], Kind] = {
    UnknownQuoteError: Kind("unknown-quote", "No such quote", 404, "GET /v1/quotes lists them."),
    UnknownBookError: Kind("unknown-price-book", "No such price book", 404, "GET /v1/price-books lists them."),
    StaleQuoteError: Kind(
        "stale-quote", "The quote has changed", 412, "Read the quote again, and send its ETag as If-Match."
    ),
    NoVersionError: Kind(
        "version-required", "Say which version you have seen", 428, "Send the quote's ETag as If-Match."
    ),
    KeyReusedError: Kind("idempotency-key-reused", "The key belongs to another request", 409, "Take a new key."),
}
STATE_CODES = frozenset({"wrong-state", "wrong-order", "no-longer-valid", "not-revisable", "not-accepted"})
QUOTE_STATE = Kind("quote-state", "The quote is not in the state for it", 409, "Read the quote again.")
QUOTE_REFUSED = "Correct the field that is named."
BOOK_REFUSED = Kind(
    "price-book-refused", "The price book cannot be published", 422, "Correct the lines that are named."
)
INVOICE_REFUSED = Kind(
    "invoice-refused", "The network would refuse the invoice", 422, "Complete the parties, or the facts of the invoice."
)


def described_quotes(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return OpenAPI descriptions of the problems that a quote's route can answer with."""
    own = {409: QUOTE_STATE.title, 412: "The quote has changed", 428: "Say which version you have seen"}
    return described(*statuses, titles_of=own)


def install_quote_problems(app: FastAPI) -> None:
    """Answer the refusals of quotes with problem details."""
    install_table(app, QUOTE_PROBLEMS)
    app.add_exception_handler(QuoteError, _quote_refused)
    app.add_exception_handler(PriceBookError, _book_refused)
    app.add_exception_handler(InvoiceError, _invoice_refused)


async def _quote_refused(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, QuoteError)  # noqa: S101 -- registered for this class alone
    field = FieldProblem(field=error.field, detail=error.message)
    if error.code in STATE_CODES:
        return problem_response(QUOTE_STATE, str(error), errors=[field])
    kind = Kind(error.code, "This quote cannot be made", 422, QUOTE_REFUSED)
    return problem_response(kind, str(error), errors=[field])


async def _book_refused(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, PriceBookError)  # noqa: S101 -- registered for this class alone
    fields = [
        FieldProblem(field=problem.place, detail=f"{problem.code}: {problem.message}") for problem in error.problems
    ]
    return problem_response(BOOK_REFUSED, str(error.problems[0]), errors=fields)


async def _invoice_refused(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, InvoiceError)  # noqa: S101 -- registered for this class alone
    fields = [FieldProblem(field=violation.rule, detail=violation.message) for violation in error.violations]
    return problem_response(INVOICE_REFUSED, str(error), errors=fields)
