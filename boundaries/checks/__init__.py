"""Checks of a plan: what keeps it from being published, and what a person should look at."""

from boundaries.checks.buurt_checks import check_buurten
from boundaries.checks.plan_checks import check_plan
from boundaries.checks.problems import CheckSettings, Figure, Problem, Remedy, Severity
from boundaries.checks.street_checks import StreetAddress
from boundaries.checks.texts import TEXT_LANGUAGES, TextLanguage, problem_text, remedy_text

__all__ = [
    "TEXT_LANGUAGES",
    "CheckSettings",
    "Figure",
    "Problem",
    "Remedy",
    "Severity",
    "StreetAddress",
    "TextLanguage",
    "check_buurten",
    "check_plan",
    "problem_text",
    "remedy_text",
]
