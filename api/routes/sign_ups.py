"""`/v1/sign-ups`: somebody at an address asks to join, proves it, and may leave again."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from fastapi import APIRouter, Response

from api.access import NotAllowedError, SignUpCaller, needs
from api.atlas import Atlas
from api.eligibility import address_facts
from api.member_models import ProofRequest, SignUpAnswer, SignUpRequest, SignUpState, Token
from api.member_problems import UnconfirmedAddressError, described_refusals
from api.settings import HouseholdSettings
from api.verifying import verify
from data.api_keys import Scope
from data.members.attempts import give_back_attempt, refuse_if_used_up, take_attempt
from data.members.rules import rules_of
from data.members.sign_ups import Dwelling, ask, find_sign_up, leave, prove, refuse
from data.store import Store
from households.codes import read_code
from households.dwelling_keys import read_keys
from households.eligibility import AddressFacts, RuleSet, judge
from households.verification import Proof

REVIEWED = frozenset({Proof.DOCUMENT, Proof.NEIGHBOUR})
"""Proofs that a community manager has looked at."""


def sign_ups_router(
    atlas: Callable[[], Atlas], store: Store, settings: HouseholdSettings, clock: Callable[[], datetime]
) -> APIRouter:
    """Build the routes.

    Raises
    ------
    HouseholdKeyError
        The settings have no key, or one that cannot be used.
    """
    router = APIRouter(prefix="/v1", tags=["sign-ups"], dependencies=[needs(Scope.SIGNUP)])
    keys = read_keys(settings.keys)

    @router.post("/sign-ups", responses=described_refusals(404, 409, 413, 422, 503))
    def sign_up(request: SignUpRequest) -> SignUpAnswer:
        """Judge whether somebody may join, and open a sign-up.

        `eligible`: the account is there. `needs_proof`: one of `proofs` settles it. `not_eligible`: `rules` say why.
        `unknown_address`: nothing is kept. Neither the address nor the e-mail address is stored; both are hashed.
        """
        now = clock()
        found = verify(atlas(), request.query(), lang=request.address_language, require_box=request.require_box)
        address = found.match.address
        if found.match.verdict.value == "fix" or address is None or address.address_id is None:
            unknown = judge(AddressFacts("fix"), RuleSet(), now.date())
            return SignUpAnswer.of_sign_up(unknown, None, request.language)
        if found.match.verdict.value == "confirm" and request.address_id != address.address_id:
            raise UnconfirmedAddressError("the address differs from what was given, and was not confirmed")
        dwelling = Dwelling(
            country=address.country,
            address_id=address.address_id,
            municipality_code=address.municipality_code,
            sector_code=found.place.sector_code if found.place else None,
            buurt_code=found.place.buurt.code if found.place else None,
        )
        with store.writing() as session:
            asked, eligibility = ask(
                session,
                keys,
                rules_of(session, dwelling.municipality_code),
                dwelling,
                address_facts(session, found, own_household=request.own_household),
                request.email,
                lifetime=timedelta(days=settings.sign_up_days),
                now=now,
                make_token=_make_token,
            )
        return SignUpAnswer.of_sign_up(eligibility, asked, request.language)

    @router.get("/sign-ups/{sign_up_id}", responses=described_refusals(404, 422))
    def show_sign_up(sign_up_id: Token) -> SignUpState:
        """Say where a sign-up stands."""
        with store.reading() as session:
            return SignUpState.of(find_sign_up(session, sign_up_id))

    @router.post("/sign-ups/{sign_up_id}/proofs", responses=described_refusals(404, 409, 413, 422, 429, 503))
    def bring_proof(sign_up_id: Token, request: ProofRequest, caller: SignUpCaller) -> SignUpState:
        """Settle a sign-up by a proof.

        A code comes from the person, and the caller answers for a mobile number. A document and a neighbour's word are
        looked at by a community manager: they need the scope `ops`.

        Wrong codes are limited per dwelling and per caller, over all workers; a slip of the pen, which the check
        character shows, does not count.
        """
        if request.kind in REVIEWED and Scope.OPS not in caller.scopes:
            raise NotAllowedError(f"a proof by {request.kind} needs a key with the scope {Scope.OPS}")
        now = clock()
        plain = read_code(request.code or "") if request.kind == Proof.BUURTCODE else None
        with store.reading() as session:
            dwelling_key = find_sign_up(session, sign_up_id).dwelling_key
            limits = [
                (dwelling_key, settings.dwelling_limit),
                (keys.current.hash("caller", caller.key_id), settings.caller_limit),
            ]
            if plain is not None:
                for subject, limit in limits:
                    refuse_if_used_up(session, [subject], limit, now)
        if plain is not None:
            # Committed before the code is looked at.
            with store.writing() as session:
                for subject, limit in limits:
                    take_attempt(session, subject, limit, now)
        with store.writing() as session:
            asked = find_sign_up(session, sign_up_id)
            prove(
                session,
                keys,
                rules_of(session, asked.municipality_code),
                asked,
                request.kind,
                plain_code=plain,
                neighbour_account_id=request.neighbour_account,
                buurt_today=atlas().buurt_today,
                now=now,
                make_token=_make_token,
            )
            if plain is not None:
                for subject, limit in limits:
                    give_back_attempt(session, subject, limit, now)
        return SignUpState.of(asked)

    @router.post(
        "/sign-ups/{sign_up_id}/refusal", dependencies=[needs(Scope.OPS)], responses=described_refusals(404, 409, 422)
    )
    def refuse_sign_up(sign_up_id: Token) -> SignUpState:
        """Refuse a sign-up on a community manager's word."""
        with store.writing() as session:
            asked = find_sign_up(session, sign_up_id)
            refuse(session, asked, clock())
        return SignUpState.of(asked)

    @router.delete("/accounts/{account_id}", status_code=204, responses=described_refusals(404, 422))
    def leave_account(account_id: Token) -> Response:
        """End an account; its household ends with the last one. Moving house is leaving, and signing up there."""
        with store.writing() as session:
            leave(session, account_id, clock())
        return Response(status_code=204)

    return router


def _make_token() -> str:
    return secrets.token_urlsafe(18)
