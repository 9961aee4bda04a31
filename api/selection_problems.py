"""Refusals of a selection as problem details: nothing there, or more than one thing."""

from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from api.problems import FieldProblem, Kind, install_table, problem_response
from data.selection import NoRegisterError, NoSuchBuurtError, NothingThereError, SeveralStreetsError

SELECTION_PROBLEMS: Mapping[type[Exception], Kind] = {
    NothingThereError: Kind(
        "nothing-there", "Nothing is there", 404, "Check the order (longitude, latitude), or the name in the register."
    ),
    NoSuchBuurtError: Kind("unknown-buurt", "No such buurt", 404, "GET /v1/municipalities/{code}/plans lists plans."),
    NoRegisterError: Kind(
        "no-register", "No register of addresses", 404, "Import addresses (buurtwijzer import), then ask again."
    ),
}
SEVERAL_STREETS = Kind("several-streets", "Several streets have that name", 422, "Give street_id or postcode too.")


def install_selection_problems(app: FastAPI) -> None:
    """Answer refusals of selections with problem details."""
    install_table(app, SELECTION_PROBLEMS)
    app.add_exception_handler(SeveralStreetsError, _several)


async def _several(_request: Request, error: Exception) -> JSONResponse:
    field = FieldProblem(field="/street/name", detail=str(error))
    return problem_response(SEVERAL_STREETS, str(error), errors=[field])
