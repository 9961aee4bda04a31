"""Refusals of letters as problem details."""

from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from api.problems import FieldProblem, Kind, install_table, problem_response
from api.routes.letters import LettersGivenError, TooManyLettersError
from data.members.letters import LettersError

LETTER_PROBLEMS: Mapping[type[Exception], Kind] = {
    LettersError: Kind("no-letters", "There are no letters to make", 409, "Do what the detail says, then ask again."),
    LettersGivenError: Kind(
        "letters-given",
        "These letters were made before",
        409,
        "If they are lost, ask with a new key and `existing: replace`: new codes take the place of the lost ones.",
    ),
}
TOO_MANY = Kind("too-many-letters", "Too many letters for one answer", 422, "Take less, or use `buurtwijzer letters`.")


def install_letter_problems(app: FastAPI) -> None:
    """Answer refusals of letters with problem details."""
    install_table(app, LETTER_PROBLEMS)
    app.add_exception_handler(TooManyLettersError, _too_many)


async def _too_many(_request: Request, error: Exception) -> JSONResponse:
    return problem_response(TOO_MANY, str(error), errors=[FieldProblem(field="/form", detail=str(error))])
