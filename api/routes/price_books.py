"""`/v1/price-books`: published price books, and publishing one for ever."""

from collections.abc import Callable
from datetime import datetime

from fastapi import APIRouter, Response

from api.access import AdminCaller, needs
from api.quote_models import BookAnswer, BookList, PublishedBookAnswer
from api.quote_problems import described_quotes
from api.quote_requests import BookBody
from data.api_keys import Scope
from data.quotes.price_books import UnknownBookError, list_books, publish_book
from data.store import Store
from data.store.licence_models import PublishedBook
from licensing.price_book_reader import read_price_book

YAML = "application/yaml"


def price_books_router(store: Store, clock: Callable[[], datetime]) -> APIRouter:
    """Build the routes."""
    router = APIRouter(prefix="/v1", tags=["price books"], dependencies=[needs(Scope.SALES)])

    @router.get("/price-books", responses=described_quotes(503))
    def list_price_books() -> BookList:
        """List the published price books by the day from which they hold."""
        with store.reading() as session:
            return BookList(data=[BookAnswer.of(row) for row in list_books(session)])

    @router.get("/price-books/{code}", responses=described_quotes(404, 422), response_class=Response)
    def show_price_book(code: str) -> Response:
        """Give a published price book in YAML, as its author wrote it."""
        with store.reading() as session:
            row = session.get(PublishedBook, code)
            if row is None:
                raise UnknownBookError(f"no published price book has the code {code!r}")
            return Response(row.source, media_type=YAML)

    @router.post("/price-books", status_code=201, responses=described_quotes(413, 422))
    def publish_price_book(body: BookBody, caller: AdminCaller) -> PublishedBookAnswer:
        """Publish a price book, in YAML. It never changes afterwards, and holds from a day that is still to come."""
        with store.writing() as session:
            reference = publish_book(session, body.yaml, clock(), by=caller.key_id)
            row = session.get_one(PublishedBook, reference.code)
            warnings = [str(warning) for warning in read_price_book(row.source).warnings]
            return PublishedBookAnswer(**BookAnswer.of(row).model_dump(), warnings=warnings)

    return router
