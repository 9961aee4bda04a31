"""What the API answers, as far as callers need it; fields that a later version adds are kept and do no harm."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

T = TypeVar("T")


class Answer(BaseModel):
    """Any answer."""

    model_config = ConfigDict(extra="allow", frozen=True)


class Names(Answer):
    """A name in the languages in which the source gives it."""

    nl: str | None = None
    fr: str | None = None
    de: str | None = None


class Area(Answer):
    """A sector, a municipality or a buurt."""

    code: str
    names: Names


class Suggestion(Answer):
    """A line of an autocompletion."""

    kind: Literal["street", "house-number", "box"]
    text: str
    street: str
    house_number: str | None
    box: str | None
    postcode: str | None
    municipality: str
    municipality_code: str
    address_id: str | None
    """Where the line is a whole address."""


class Address(Answer):
    """An address as the official register has it."""

    address_id: str | None
    formatted: str
    house_number: str
    box: str | None
    postcode: str | None


class Place(Answer):
    """The sector, the municipality and the buurt of an address."""

    sector: Area
    municipality: Area
    buurt: Area


class Rule(Answer):
    """What a rule found."""

    rule: str
    outcome: Literal["pass", "fail", "unknown"]
    code: str
    text: str
    """For the person."""


class Eligibility(Answer):
    """Whether somebody at an address may join."""

    verdict: Literal["eligible", "needs_proof", "not_eligible", "unknown_address"]
    rules: list[Rule]
    buurt: str | None
    proofs: list[str]
    """What would settle it."""


class Verification(Answer):
    """Whether an address exists, and in which buurt it is."""

    verdict: Literal["accept", "confirm", "fix"]
    address: Address | None
    place: Place | None
    alternatives: list[Address]
    eligibility: Eligibility | None = None


class SignUpState(Answer):
    """Where a sign-up stands."""

    id: str
    state: str
    account: str | None
    expires_at: datetime


class SignUp(Eligibility):
    """The verdict of a sign-up."""

    sign_up: SignUpState | None
    """None where there is no such address."""


class Quote(Answer):
    """A quote."""

    id: str
    number: str | None
    """Given at issue."""
    state: Literal["draft", "issued", "accepted", "declined", "expired"]
    version: int
    valid_until: date | None
    price_book: str
    start: date
    years: int
    households: int
    net: Decimal
    gross: Decimal


class Plan(Answer):
    """A plan of a municipality, or a draft of one, without what is in it."""

    id: str
    municipality: str
    state: Literal["draft", "in_review", "published", "discarded"]
    version: int | None = None
    valid_from: date | None = None
    drawn: bool


class PlanList(Answer):
    """The plans of a municipality."""

    drafts: list[Plan]
    plans: list[Plan]


class Page(Answer, Generic[T]):
    """A page of a list."""

    data: list[T]
    next_cursor: str | None = None


class PlanContent(Answer):
    """A plan with its buurten."""

    plan: Plan
    buurten: list[dict[str, Any]]
    blocks: dict[str, str | None]
    """The buurt of every block."""
