"""The requests that the clients make, said once for both."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from pydantic import TypeAdapter

from buurtwijzer_client.answers import (
    Page,
    Plan,
    PlanContent,
    PlanList,
    Quote,
    SignUp,
    SignUpState,
    Suggestion,
    Verification,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """A request, and what its answer is read as.

    Attributes
    ----------
    repeatable
        Whether sending it twice does no more than once.
    """

    method: str
    path: str
    answer: TypeAdapter[T]
    params: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = True

    def after(self, cursor: str) -> "Call[T]":
        """Return the call for the page after a cursor."""
        return replace(self, params={**self.params, "after": cursor})


def suggest(text: str, language: str, limit: int) -> Call[Page[Suggestion]]:
    """Complete what somebody types."""
    params = {"q": text, "lang": language, "limit": limit}
    return Call("GET", "/v1/addresses/suggest", TypeAdapter(Page[Suggestion]), params)


def verify(address: Mapping[str, Any], *, eligibility: bool) -> Call[Verification]:
    """Find an address; nothing is kept."""
    body = {**address, "eligibility": eligibility}
    return Call("POST", "/v1/verifications", TypeAdapter(Verification), json=body)


def sign_up(address: Mapping[str, Any], email: str, address_id: str | None) -> Call[SignUp]:
    """Ask to join."""
    body = {**address, "email": email, "address_id": address_id}
    return Call("POST", "/v1/sign-ups", TypeAdapter(SignUp), json=body, repeatable=False)


def show_sign_up(sign_up_id: str) -> Call[SignUpState]:
    """Ask where a sign-up stands."""
    return Call("GET", f"/v1/sign-ups/{quote(sign_up_id, safe='')}", TypeAdapter(SignUpState))


def prove(sign_up_id: str, kind: str, code: str | None) -> Call[SignUpState]:
    """Bring a proof; a wrong code counts, so it is never sent twice."""
    path = f"/v1/sign-ups/{quote(sign_up_id, safe='')}/proofs"
    return Call("POST", path, TypeAdapter(SignUpState), json={"kind": kind, "code": code}, repeatable=False)


def make_quote(wish: Mapping[str, Any], key: str | None) -> Call[Quote]:
    """Make a quote: once, however often the request is sent."""
    headers = {"Idempotency-Key": key or secrets.token_urlsafe(18)}
    return Call("POST", "/v1/quotes", TypeAdapter(Quote), json=dict(wish), headers=headers)


def issue_quote(made: Quote) -> Call[Quote]:
    """Issue a quote at the version that the caller has seen."""
    headers = {"Idempotency-Key": secrets.token_urlsafe(18), "If-Match": f'"{made.version}"'}
    return Call("POST", f"/v1/quotes/{quote(made.id, safe='')}:issue", TypeAdapter(Quote), headers=headers)


def list_quotes(params: Mapping[str, Any]) -> Call[Page[Quote]]:
    """List quotes, the newest first."""
    return Call("GET", "/v1/quotes", TypeAdapter(Page[Quote]), params)


def list_plans(municipality: str) -> Call[PlanList]:
    """List the plans of a municipality."""
    return Call("GET", f"/v1/municipalities/{quote(municipality, safe='')}/plans", TypeAdapter(PlanList))


def plan_on(municipality: str, day: date) -> Call[Plan]:
    """Ask for the plan that holds on a day."""
    path = f"/v1/municipalities/{quote(municipality, safe='')}/plans:on"
    return Call("GET", path, TypeAdapter(Plan), {"day": str(day)})


def read_plan(plan_id: str) -> Call[PlanContent]:
    """Ask for a plan with its buurten."""
    return Call("GET", f"/v1/plans/{quote(plan_id, safe='')}", TypeAdapter(PlanContent))
