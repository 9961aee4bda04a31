"""May somebody at an address join: the facts that the rules are asked about, and the answer without a sign-up."""

from dataclasses import replace
from datetime import date

from sqlalchemy.orm import Session

from api.atlas import BuurtFacts
from api.verifying import Verification
from data.members.rules import rules_of
from data.members.sign_ups import members_at
from data.quotes.licences import licences_of
from households.dwelling_keys import HouseholdKeys
from households.eligibility import AddressFacts, Buurt, Eligibility, Period, RuleSet, judge


def address_facts(session: Session, found: Verification, *, own_household: bool = False) -> AddressFacts:
    """Return what is known of a verified address: the register's word, its buurt, the municipality's licences."""
    address, place = found.match.address, found.place
    licences = None
    if address is not None:
        licences = licences_of(session, address.municipality_code, [place.buurt.code] if place is not None else None)
    return AddressFacts(
        match=found.match.verdict.value,
        status=address.status if address is not None else None,  # type: ignore[arg-type]  # a register's status
        purpose=address.purpose if address is not None else None,
        buurt=None if place is None else _buurt(place.buurt),
        licences=licences,
        own_household=own_household,
    )


def judge_address(session: Session, keys: HouseholdKeys | None, found: Verification, day: date) -> Eligibility:
    """Judge a verified address without a sign-up: the e-mail address is not asked for, so its rule stays open.

    Parameters
    ----------
    keys
        Keys of households; None leaves the dwelling's members out of it, for who may not learn of them.
    """
    facts = replace(address_facts(session, found), accounts_by_household=None, email_elsewhere=None)
    address = found.match.address
    if address is None or address.address_id is None:
        return judge(AddressFacts("fix"), RuleSet(), day)
    if keys is not None:
        facts = members_at(session, keys, address.country, address.address_id, facts)
    return judge(facts, rules_of(session, address.municipality_code), day)


def _buurt(buurt: BuurtFacts) -> Buurt:
    """Return a buurt as the rules see it: live from the day of its plan, or not at all."""
    return Buurt(buurt.code, Period(buurt.valid_from) if buurt.live else None)
