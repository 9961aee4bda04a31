"""Checks of a plan: what keeps it from being published, and what a person should look at."""

from boundaries.checks.buurt_checks import check_buurten
from boundaries.checks.plan_checks import check_plan
from boundaries.checks.problems import CheckSettings, Figure, Problem, Remedy, Severity

__all__ = ["CheckSettings", "Figure", "Problem", "Remedy", "Severity", "check_buurten", "check_plan"]
