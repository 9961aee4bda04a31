"""`POST /v1/letters`: invitation letters with codes that are made once, and their round plan."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, time
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response

from api.access import OpsCaller
from api.letter_files import LetterFiles
from api.letter_models import LettersRequest
from api.lettering import LetterDraft, draft_letters, end_of, last_day, read_sender
from api.letters_pdf import LETTERS_A_FILE, LetterDates, render_letters
from api.member_problems import described_refusals
from api.quote_answers import request_digest
from api.settings import LetterSettings
from data.directory import DataDirectory
from data.members.letters import Validity, issue_letters
from data.quotes.kept_answers import claim_key
from data.store import Store
from households.dwelling_keys import HouseholdKeys

LETTERS_PATH = "/v1/letters"
MOST_LETTERS = 20_000
"""Of a table; the command writes as many as there are."""
_FORMS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/pdf": {"schema": {"type": "string", "format": "binary"}},
        },
        "description": "The letters, as `form` says.",
    }
}
Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="Of this run of letters: a request that comes again makes no second codes, and is refused.",
    ),
]


class TooManyLettersError(ValueError):
    """More letters than one answer may hold."""


class LettersGivenError(RuntimeError):
    """The letters of this key were made before; their codes are nowhere in the clear, so they cannot be given again."""


def letters_router(
    store: Store, directory: DataDirectory, keys: HouseholdKeys, settings: LetterSettings, clock: Callable[[], datetime]
) -> APIRouter:
    """Build the route."""
    router = APIRouter(tags=["letters"])

    @router.post(LETTERS_PATH, response_class=Response, responses=described_refusals(404, 409, 413, 422) | _FORMS)
    def make_letters(request: LettersRequest, caller: OpsCaller, idempotency_key: Key) -> Response:
        """Write letters for the dwellings that are no members', each with a code of its own.

        The codes are valid from the moment of the answer, and nothing keeps them but the answer. If it is lost, ask
        again with a new key: the codes that nobody got end, and new ones take their place.
        """
        wish, now = request.wish(), clock()
        last = last_day(request.last_day, settings, now)
        with store.reading() as session:
            draft = draft_letters(
                session,
                directory,
                keys,
                wish,
                language=request.language,
                existing=request.existing,
                now=now,
                choose=secrets.choice,
            )
        dates = LetterDates(now.date(), last)
        if request.form == "rounds":
            return _file(LetterFiles(draft.batches, None, dates, draft.sector_names).rounds_csv(), "rounds.csv")
        # Set before the codes are valid, so that a letter that cannot be set ends no earlier one.
        letters = _letters(draft, request, settings, dates)
        with store.writing() as session:
            digest = request_digest(LETTERS_PATH, request)
            if claim_key(session, caller.key_id, idempotency_key, digest, now) is not None:
                raise LettersGivenError("the letters of this Idempotency-Key were made before, and are not kept")
            issue_letters(session, keys, draft.batches, Validity(now, end_of(last)), secrets.token_urlsafe(18))
        return letters

    return router


def _letters(draft: LetterDraft, request: LettersRequest, settings: LetterSettings, dates: LetterDates) -> Response:
    if request.form == "csv":
        if draft.count > MOST_LETTERS:
            raise TooManyLettersError(
                f"these are {draft.count:,} letters, and an answer has at most {MOST_LETTERS:,}: take fewer buurten"
            )
        return _file(LetterFiles(draft.batches, None, dates, draft.sector_names).letters_csv(), "letters.csv")
    [batch, *more] = draft.batches
    if more or draft.count > LETTERS_A_FILE:
        raise TooManyLettersError(
            f"these are {draft.count:,} letters of {1 + len(more)} buurten, and a PDF holds at most {LETTERS_A_FILE:,} "
            "of one: take less, or the printer's table"
        )
    moment = datetime.combine(dates.written, time(), UTC)
    pdf = render_letters(batch.letters, batch.buurt.names, read_sender(settings), dates, moment=moment)
    return _file(pdf, "letters.pdf")


def _file(content: str | bytes, name: str) -> Response:
    media_type = "application/pdf" if name.endswith(".pdf") else "text/csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=media_type, headers=headers)
