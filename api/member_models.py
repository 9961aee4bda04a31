"""Bodies of the requests and answers of sign-ups."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints

from api.answers import VerificationAnswer
from api.models import VerificationRequest
from api.openapi_examples import QUESTION
from api.reason_texts import Language
from data.store.household_models import SignUp
from households.eligibility import Eligibility, Verdict
from households.verification import Proof, State

Token = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,32}$")]


_IN_EMAIL = r"[^@\x00-\x20\x7f-\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f\u3000\ufeff]"
EMAIL = rf"^ *{_IN_EMAIL}+@{_IN_EMAIL}+ *$"
"""Spaces and control characters by name: what a regular expression calls a space differs between engines."""


class SignUpRequest(VerificationRequest):
    """An address, and the e-mail address of the person who lives there."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"line": "Kerkstraat 6, 9993 Demodorp", "email": "ann@example.org"}]},
    )

    email: Annotated[str, StringConstraints(pattern=EMAIL, max_length=254)] = Field(
        description="It is hashed with a key and forgotten."
    )
    address_id: str | None = Field(
        None, max_length=200, description="Identifier of the corrected address that the person has confirmed."
    )
    own_household: StrictBool = Field(False, description="Ask for a household beside the one that the dwelling has.")


class VerificationQuestion(VerificationRequest):
    """An address, and whether to say who may join there."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                QUESTION,
                {"street": "Kerkstraat", "house_number": "6", "postcode": "9993", "municipality": "Demodorp"},
            ]
        },
    )

    eligibility: StrictBool = Field(
        False, description="Judge also whether somebody there may join; nothing is kept, no e-mail address is asked."
    )


class ProofRequest(BaseModel):
    """A proof of residence. The caller answers for a mobile number and for a document."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"kind": "mobile"}]})

    kind: Proof
    code: str | None = Field(None, max_length=100, description="With a buurtcode: what the letter says.")
    neighbour_account: Token | None = Field(None, description="With a neighbour: the account that accepts.")


class RuleAnswer(BaseModel):
    """What one rule found."""

    rule: str
    outcome: Literal["pass", "fail", "unknown"]
    code: str = Field(description="Stable.")
    text: str = Field(description="For the person, in the language asked for.")


class EligibilityAnswer(BaseModel):
    """Whether somebody at an address may join."""

    verdict: Verdict
    rules: list[RuleAnswer]
    buurt: str | None
    proofs: list[Proof] = Field(description="What would settle it.")

    @classmethod
    def of(cls, eligibility: Eligibility, language: Language) -> "EligibilityAnswer":
        """Describe a verdict."""
        return cls(
            verdict=eligibility.verdict,
            rules=[
                RuleAnswer(rule=found.rule, outcome=found.outcome.value, code=found.code, text=found.text(language))
                for found in eligibility.outcomes
            ],
            buurt=eligibility.buurt_code,
            proofs=list(eligibility.proofs),
        )


class VerificationWithEligibility(VerificationAnswer):
    """Whether an address exists, in which buurt it is, and who may join there."""

    eligibility: Annotated[EligibilityAnswer | None, Field(description="Where it was asked for.")]


class SignUpState(BaseModel):
    """Where a sign-up stands."""

    id: str
    state: State
    reason: str | None = Field(description="Code of the rule that refused it.")
    account: str | None = Field(description="The account, once verified.")
    expires_at: datetime

    @classmethod
    def of(cls, sign_up: SignUp) -> "SignUpState":
        """Describe a sign-up."""
        return cls(
            id=sign_up.id,
            state=State(sign_up.state),
            reason=sign_up.reason,
            account=sign_up.account_id,
            expires_at=sign_up.expires_at,
        )


class SignUpAnswer(EligibilityAnswer):
    """The verdict of a sign-up."""

    sign_up: SignUpState | None = Field(description="Null where there is no such address.")

    @classmethod
    def of_sign_up(cls, eligibility: Eligibility, sign_up: SignUp | None, language: Language) -> "SignUpAnswer":
        """Describe a verdict, and where the sign-up stands."""
        verdict = EligibilityAnswer.of(eligibility, language)
        return cls(**dict(verdict), sign_up=None if sign_up is None else SignUpState.of(sign_up))
