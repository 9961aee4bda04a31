"""Refusals of sign-ups as problem details: one table from an error's class to what a client sees."""

from collections.abc import Mapping
from math import ceil
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from api.problems import Kind, described, problem_response
from data.members.attempts import TooManyAttemptsError
from data.members.codes import WrongCodeError
from data.members.sign_ups import ProofNotAcceptedError, UnknownSignUpError
from households.codes import CodeError
from households.verification import TransitionError


class UnconfirmedAddressError(ValueError):
    """The address was corrected, and the person has not confirmed it."""


MEMBER_PROBLEMS: Mapping[type[Exception], Kind] = {
    UnknownSignUpError: Kind("unknown-sign-up", "No such sign-up or account", 404, "Sign up anew."),
    UnconfirmedAddressError: Kind(
        "address-to-confirm",
        "The address was corrected",
        409,
        "Show the corrected address of POST /v1/verifications, and send its address_id once the person confirms it.",
    ),
    TransitionError: Kind("sign-up-settled", "The sign-up is settled already", 409, "Sign up anew where need be."),
    CodeError: Kind("malformed-code", "This is no code", 422, "Compare it with the letter, character by character."),
    WrongCodeError: Kind(
        "wrong-code", "The code is not valid here", 422, "Ask for a new letter, or use another proof."
    ),
    ProofNotAcceptedError: Kind("proof-not-accepted", "The proof is not accepted", 422, "Use one of `proofs`."),
}
TOO_MANY_ATTEMPTS = Kind("too-many-attempts", "Too many codes were tried", 429, "Wait as long as Retry-After says.")


def described_refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return OpenAPI descriptions of the problems that a sign-up's route can answer with."""
    own = {409: "Not in the state for it", 429: TOO_MANY_ATTEMPTS.title}
    same = described(404)[404]
    return described(*(status for status in statuses if status not in own)) | {
        status: same | {"description": title} for status, title in own.items() if status in statuses
    }


def install_member_problems(app: FastAPI) -> None:
    """Answer the refusals of sign-ups with problem details."""
    for error_class in MEMBER_PROBLEMS:
        app.add_exception_handler(error_class, _refusal)
    app.add_exception_handler(TooManyAttemptsError, _too_many)


async def _refusal(_request: Request, error: Exception) -> JSONResponse:
    return problem_response(MEMBER_PROBLEMS[type(error)], str(error))


async def _too_many(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, TooManyAttemptsError)  # noqa: S101 -- registered for this class alone
    seconds = ceil(error.retry_after.total_seconds())
    return problem_response(TOO_MANY_ATTEMPTS, str(error), headers={"Retry-After": str(seconds)})
