"""Refusals of sign-ups as problem details: one table from an error's class to what a client sees."""

from collections.abc import Mapping
from math import ceil
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from api.problems import (
    BASE,
    INVALID_REQUEST,
    MEDIA_TYPE,
    FieldProblem,
    Kind,
    described,
    install_table,
    problem_response,
)
from api.rule_models import RulesAnswer, RulesChanged
from data.members.attempts import TooManyAttemptsError
from data.members.codes import WrongCodeError
from data.members.rules import RulesChangedError
from data.members.sign_ups import ProofNotAcceptedError, UnknownSignUpError
from data.members.staff import StaffExistsError, UnknownBuurtError, UnknownStaffError
from households.codes import CodeError
from households.verification import TransitionError


class UnconfirmedAddressError(ValueError):
    """The address was corrected, and the person has not confirmed it."""


class NoMembersError(RuntimeError):
    """A question about members, on a server that keeps none."""


MEMBER_PROBLEMS: Mapping[type[Exception], Kind] = {
    UnknownSignUpError: Kind("unknown-sign-up", "No such sign-up or account", 404, "Sign up anew."),
    UnconfirmedAddressError: Kind(
        "address-to-confirm",
        "The address was corrected",
        409,
        "Show the corrected address of POST /v1/verifications, and send its address_id once the person confirms it.",
    ),
    NoMembersError: Kind(
        "no-members-here", "This server keeps no members", 409, "Set BUURTWIJZER_HOUSEHOLDS_KEYS, or do not ask for it."
    ),
    UnknownStaffError: Kind("unknown-staff", "No such staff account", 404, "Grant one anew."),
    StaffExistsError: Kind(
        "staff-exists", "The account exists already", 409, "Revoke the account that is in force, then grant anew."
    ),
    TransitionError: Kind("sign-up-settled", "The sign-up is settled already", 409, "Sign up anew where need be."),
    CodeError: Kind("malformed-code", "This is no code", 422, "Compare it with the letter, character by character."),
    WrongCodeError: Kind(
        "wrong-code", "The code is not valid here", 422, "Ask for a new letter, or use another proof."
    ),
    ProofNotAcceptedError: Kind("proof-not-accepted", "The proof is not accepted", 422, "Use one of `proofs`."),
}
TOO_MANY_ATTEMPTS = Kind("too-many-attempts", "Too many codes were tried", 429, "Wait as long as Retry-After says.")


RULES_CHANGED = Kind(
    "rules-changed", "Somebody else has set the rules", 412, "Compare with `current`, and send its ETag as If-Match."
)
NO_IF_MATCH = Kind("if-match-missing", "If-Match is missing", 428, "Send the ETag of GET as If-Match.")


class NoIfMatchError(ValueError):
    """A change of rules that does not say which version it changes."""


def described_refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return OpenAPI descriptions of the problems that a sign-up's route can answer with."""
    own = {409: "Not in the state for it", 428: NO_IF_MATCH.title, 429: TOO_MANY_ATTEMPTS.title}
    return described(*statuses, titles_of=own)


def install_member_problems(app: FastAPI) -> None:
    """Answer the refusals of sign-ups with problem details."""
    install_table(app, MEMBER_PROBLEMS)
    app.add_exception_handler(TooManyAttemptsError, _too_many)
    app.add_exception_handler(RulesChangedError, _rules_changed)
    app.add_exception_handler(NoIfMatchError, _no_if_match)
    app.add_exception_handler(UnknownBuurtError, _unknown_buurt)


async def _too_many(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, TooManyAttemptsError)  # noqa: S101 -- registered for this class alone
    seconds = ceil(error.retry_after.total_seconds())
    return problem_response(TOO_MANY_ATTEMPTS, str(error), headers={"Retry-After": str(seconds)})


async def _rules_changed(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RulesChangedError)  # noqa: S101 -- registered for this class alone
    kind = RULES_CHANGED
    body = RulesChanged(
        type=BASE + kind.slug,
        title=kind.title,
        status=kind.status,
        detail=str(error),
        remedy=kind.remedy,
        current=RulesAnswer.of(error.municipality_code, error.current),
    )
    headers = {"ETag": f'"{error.current.version}"'}
    return JSONResponse(body.model_dump(mode="json"), kind.status, headers, media_type=MEDIA_TYPE)


async def _no_if_match(_request: Request, error: Exception) -> JSONResponse:
    return problem_response(NO_IF_MATCH, str(error))


async def _unknown_buurt(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, UnknownBuurtError)  # noqa: S101 -- registered for this class alone
    field = FieldProblem(field=f"/areas/{error.position}/buurt", detail=str(error))
    return problem_response(INVALID_REQUEST, f"{field.field}: {field.detail}", errors=[field])
