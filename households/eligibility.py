"""Decides whether somebody at an address may join: every rule's outcome, and the verdict that follows from them all."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Literal

from households.eligibility_texts import TEXTS
from households.verification import Proof


class Outcome(StrEnum):
    """What a rule found. `unknown` is neither: the sources do not say, and it is never invented."""

    PASS = "pass"  # nosec B105  # noqa: S105 -- no password
    FAIL = "fail"
    UNKNOWN = "unknown"


class Verdict(StrEnum):
    """What all rules together say."""

    ELIGIBLE = "eligible"
    NEEDS_PROOF = "needs_proof"
    NOT_ELIGIBLE = "not_eligible"
    UNKNOWN_ADDRESS = "unknown_address"


@dataclass(frozen=True, slots=True)
class Period:
    """Days from the first to the last, both included; a last day of None is open."""

    first: date
    last: date | None = None

    def covers(self, day: date) -> bool:
        """Whether a day is in it."""
        return self.first <= day and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True)
class Buurt:
    """The buurt that an address lies in, and when it is live; not live at all where the period is None."""

    code: str
    live: Period | None


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules of one municipality. The defaults are the network's."""

    admit_proposed_addresses: bool = False
    """Whether a new building counts before the register calls its addresses current."""
    home_required: bool = True
    unknown_home: Literal["admit", "prove", "refuse"] = "admit"
    """What follows where the register does not say whether it is a home, as in Belgium."""
    licence_required: bool = True
    citizens_initiatives: frozenset[str] = frozenset()
    """Codes of buurten that need no licence."""
    households_per_dwelling: int = 1
    accounts_per_household: int = 8
    proof_required: bool = True
    proofs: tuple[Proof, ...] = (Proof.BUURTCODE, Proof.MOBILE, Proof.DOCUMENT, Proof.NEIGHBOUR)
    """The proofs that are accepted, in the order in which they are offered."""

    def __post_init__(self) -> None:
        if self.households_per_dwelling < 1 or self.accounts_per_household < 1:
            raise ValueError("a dwelling has room for at least one household, and a household for one account")
        if self.proof_required and not self.proofs:
            raise ValueError("a proof is required, and none is accepted")

    @property
    def settling_proofs(self) -> tuple[Proof, ...]:
        """The proofs that settle a sign-up.

        Where none is required, one is asked for only of what the register does not know to be a home, and that a
        document alone shows.
        """
        return self.proofs if self.proof_required else (Proof.DOCUMENT,)


@dataclass(frozen=True, slots=True)
class AddressFacts:
    """What is known of an address and its dwelling, as plain values; None is unknown."""

    match: Literal["accept", "confirm", "fix"]
    """The verdict of the address match; after `fix` there is no address."""
    status: Literal["current", "proposed", "retired"] | None = None
    purpose: str | None = None
    """BAG's *gebruiksdoel*, one or several; None where the register has no such thing or leaves it empty."""
    buurt: Buurt | None = None
    licences: tuple[Period, ...] | None = None
    """The municipality's licences; None where they are not known here."""
    accounts_by_household: tuple[int, ...] | None = ()
    """Accounts of each member household of the dwelling; None where who asks may not learn of them."""
    own_household: bool = False
    """Whether the person asks for a household of their own beside those that are there."""
    email_elsewhere: bool | None = False
    """Whether an account with the same e-mail key exists; None where no e-mail address was given."""
    proof: Proof | None = None
    """A proof that was accepted already."""


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """One rule's answer, with a stable code and a text for people."""

    rule: str
    outcome: Outcome
    code: str

    def text(self, language: Literal["nl", "fr", "de", "en"]) -> str:
        """Return the sentence for a person.

        Examples
        --------
        >>> RuleOutcome("capacity", Outcome.FAIL, "household-full").text("en")
        'This household already has as many accounts as it may have.'
        """
        return TEXTS[self.code][language]


@dataclass(frozen=True, slots=True)
class Eligibility:
    """The verdict, and what it comes from."""

    verdict: Verdict
    outcomes: tuple[RuleOutcome, ...]
    buurt_code: str | None = None
    proofs: tuple[Proof, ...] = field(default=())
    """What would settle it; empty unless the verdict is `needs_proof`."""


def judge(facts: AddressFacts, rules: RuleSet, day: date) -> Eligibility:
    """Apply a municipality's rules to an address.

    Parameters
    ----------
    facts
        What is known of it.
    rules
        The municipality's rules.
    day
        The day on which the person asks.

    Returns
    -------
    Eligibility
        `unknown_address` where there is no address (no other rule is asked then); `not_eligible` if a rule fails;
        `needs_proof` if a proof is required, or would settle what is unknown; else `eligible`.

    Examples
    --------
    >>> today = date(2026, 11, 24)
    >>> home = AddressFacts(
    ...     "accept", "current", "woonfunctie", Buurt("GM0363-01", Period(today)), licences=(Period(today),)
    ... )
    >>> answer = judge(home, RuleSet(), today)
    >>> answer.verdict.value, [proof.value for proof in answer.proofs]
    ('needs_proof', ['buurtcode', 'mobile', 'document', 'neighbour'])
    """
    known = _address_known(facts)
    if known.outcome == Outcome.FAIL:
        return Eligibility(Verdict.UNKNOWN_ADDRESS, (known,))
    outcomes = (
        known,
        _address_current(facts, rules),
        _is_home(facts, rules),
        _buurt_live(facts, day),
        _licence(facts, rules, day),
        *judge_members(facts, rules),
    )
    buurt_code = facts.buurt.code if facts.buurt else None
    if any(found.outcome == Outcome.FAIL for found in outcomes):
        return Eligibility(Verdict.NOT_ELIGIBLE, outcomes, buurt_code)
    home_unknown = any(found.code == "purpose-unknown" for found in outcomes)
    if facts.proof is None and (rules.proof_required or (home_unknown and rules.unknown_home == "prove")):
        return Eligibility(Verdict.NEEDS_PROOF, outcomes, buurt_code, rules.settling_proofs)
    return Eligibility(Verdict.ELIGIBLE, outcomes, buurt_code)


def judge_members(facts: AddressFacts, rules: RuleSet) -> tuple[RuleOutcome, RuleOutcome]:
    """Apply the two rules that other people's sign-ups can change: they are asked again when a proof arrives."""
    return _capacity(facts, rules), _email_free(facts)


def _address_known(facts: AddressFacts) -> RuleOutcome:
    code = {"accept": "address-found", "confirm": "address-corrected", "fix": "address-unknown"}[facts.match]
    return RuleOutcome("address", Outcome.FAIL if facts.match == "fix" else Outcome.PASS, code)


def _address_current(facts: AddressFacts, rules: RuleSet) -> RuleOutcome:
    if facts.status is None:
        return RuleOutcome("status", Outcome.UNKNOWN, "status-unknown")
    admitted = facts.status == "current" or (facts.status == "proposed" and rules.admit_proposed_addresses)
    return RuleOutcome("status", Outcome.PASS if admitted else Outcome.FAIL, f"address-{facts.status}")


def _is_home(facts: AddressFacts, rules: RuleSet) -> RuleOutcome:
    if not rules.home_required:
        return RuleOutcome("home", Outcome.PASS, "home-not-required")
    if not facts.purpose:
        refused = rules.unknown_home == "refuse"
        return RuleOutcome("home", Outcome.FAIL if refused else Outcome.UNKNOWN, "purpose-unknown")
    # A building with a shop below and homes above has both purposes.
    home = "woonfunctie" in facts.purpose.casefold()
    return RuleOutcome("home", Outcome.PASS if home else Outcome.FAIL, "is-home" if home else "not-home")


def _buurt_live(facts: AddressFacts, day: date) -> RuleOutcome:
    if facts.buurt is None:
        return RuleOutcome("buurt", Outcome.FAIL, "no-buurt")
    live = facts.buurt.live is not None and facts.buurt.live.covers(day)
    return RuleOutcome("buurt", Outcome.PASS if live else Outcome.FAIL, "buurt-live" if live else "buurt-not-live")


def _licence(facts: AddressFacts, rules: RuleSet, day: date) -> RuleOutcome:
    if not rules.licence_required:
        return RuleOutcome("licence", Outcome.PASS, "licence-not-required")
    if facts.buurt is not None and facts.buurt.code in rules.citizens_initiatives:
        return RuleOutcome("licence", Outcome.PASS, "citizens-initiative")
    if facts.licences is None:
        return RuleOutcome("licence", Outcome.UNKNOWN, "licence-unknown")
    covered = any(period.covers(day) for period in facts.licences)
    return RuleOutcome("licence", Outcome.PASS if covered else Outcome.FAIL, "licensed" if covered else "no-licence")


def _capacity(facts: AddressFacts, rules: RuleSet) -> RuleOutcome:
    households = facts.accounts_by_household
    if households is None:
        return RuleOutcome("capacity", Outcome.UNKNOWN, "room-not-told")
    if not households or facts.own_household:
        room = len(households) < rules.households_per_dwelling
        return RuleOutcome("capacity", Outcome.PASS if room else Outcome.FAIL, "room" if room else "dwelling-full")
    room = min(households) < rules.accounts_per_household
    return RuleOutcome("capacity", Outcome.PASS if room else Outcome.FAIL, "room" if room else "household-full")


def _email_free(facts: AddressFacts) -> RuleOutcome:
    if facts.email_elsewhere is None:
        return RuleOutcome("email", Outcome.UNKNOWN, "email-not-given")
    outcome = Outcome.FAIL if facts.email_elsewhere else Outcome.PASS
    return RuleOutcome("email", outcome, "email-elsewhere" if facts.email_elsewhere else "email-free")
