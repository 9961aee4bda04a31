"""Refusals of counts of households as problem details."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI

from api.adoption_reports import UnknownAreaError
from api.problems import Kind, described, install_table
from data.plans.buurt_history import FormerBuurtError, NotYetBuurtError, UnknownBuurtError

HOUSEHOLD_PROBLEMS: Mapping[type[Exception], Kind] = {
    UnknownBuurtError: Kind(
        "unknown-buurt", "No such buurt", 404, "GET /v1/municipalities/{code}/households lists those of a municipality."
    ),
    NotYetBuurtError: Kind("buurt-not-yet", "Not a buurt yet on that day", 404, "Ask for a later day by `on`."),
    UnknownAreaError: Kind(
        "unknown-area", "Participants of no such buurt", 422, "Name buurten of the municipality's plan of that day."
    ),
    FormerBuurtError: Kind("buurt-no-longer", "No longer a buurt on that day", 410, "Ask for an earlier day by `on`."),
}


def described_counts(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return OpenAPI descriptions of the problems that a count can answer with."""
    return described(*statuses, titles_of={410: "No longer a buurt on that day", 406: "Not in that form"})


def install_household_problems(app: FastAPI) -> None:
    """Answer the refusals of counts with problem details."""
    install_table(app, HOUSEHOLD_PROBLEMS)
