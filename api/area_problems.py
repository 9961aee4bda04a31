"""The refusal of a drawn area as problem details, with its place."""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from api.geojson_input import DrawnAreaError
from api.problems import FieldProblem, Kind, problem_response

UNUSABLE_AREA = Kind("unusable-area", "The area cannot be used", 422, "Correct the area at the place that is named.")


def install_area_problems(app: FastAPI) -> None:
    """Answer refusals of drawn areas with problem details."""
    app.add_exception_handler(DrawnAreaError, _unusable)


async def _unusable(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DrawnAreaError)  # noqa: S101 -- registered for this class alone
    return problem_response(UNUSABLE_AREA, str(error), errors=[FieldProblem(field=error.field, detail=error.detail)])
