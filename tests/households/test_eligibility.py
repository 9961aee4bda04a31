"""Every rule passes, fails or does not know; and the verdict follows from all of them."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from households.eligibility import AddressFacts, Buurt, Outcome, Period, RuleSet, Verdict, judge
from households.eligibility_texts import TEXTS
from households.verification import Proof

TODAY = date(2026, 11, 24)
YEAR = Period(date(2026, 1, 1), date(2026, 12, 31))
HOME = AddressFacts(
    match="accept",
    status="current",
    purpose="woonfunctie",
    buurt=Buurt("25110-01", Period(date(2026, 1, 1))),
    licences=(YEAR,),
)
RULES = RuleSet()
FREE = RuleSet(proof_required=False)


@pytest.mark.parametrize(
    ("facts", "rules", "rule", "outcome", "code"),
    [
        (HOME, RULES, "address", "pass", "address-found"),
        (replace(HOME, match="confirm"), RULES, "address", "pass", "address-corrected"),
        (HOME, RULES, "status", "pass", "address-current"),
        (replace(HOME, status="proposed"), RULES, "status", "fail", "address-proposed"),
        (
            replace(HOME, status="proposed"),
            RuleSet(admit_proposed_addresses=True),
            "status",
            "pass",
            "address-proposed",
        ),
        (replace(HOME, status="retired"), RuleSet(admit_proposed_addresses=True), "status", "fail", "address-retired"),
        (replace(HOME, status=None), RULES, "status", "unknown", "status-unknown"),
        (HOME, RULES, "home", "pass", "is-home"),
        (replace(HOME, purpose="Winkelfunctie,Woonfunctie"), RULES, "home", "pass", "is-home"),
        (replace(HOME, purpose="kantoorfunctie"), RULES, "home", "fail", "not-home"),
        (replace(HOME, purpose=None), RULES, "home", "unknown", "purpose-unknown"),
        (replace(HOME, purpose=None), RuleSet(unknown_home="refuse"), "home", "fail", "purpose-unknown"),
        (replace(HOME, purpose="kantoorfunctie"), RuleSet(home_required=False), "home", "pass", "home-not-required"),
        (HOME, RULES, "buurt", "pass", "buurt-live"),
        (replace(HOME, buurt=None), RULES, "buurt", "fail", "no-buurt"),
        (replace(HOME, buurt=Buurt("x", None)), RULES, "buurt", "fail", "buurt-not-live"),
        (replace(HOME, buurt=Buurt("x", Period(TODAY + timedelta(1)))), RULES, "buurt", "fail", "buurt-not-live"),
        (HOME, RULES, "licence", "pass", "licensed"),
        (replace(HOME, licences=None), RULES, "licence", "unknown", "licence-unknown"),
        (replace(HOME, licences=()), RULES, "licence", "fail", "no-licence"),
        (replace(HOME, licences=(Period(TODAY, TODAY),)), RULES, "licence", "pass", "licensed"),
        (replace(HOME, licences=(Period(TODAY + timedelta(1)),)), RULES, "licence", "fail", "no-licence"),
        (replace(HOME, licences=()), RuleSet(licence_required=False), "licence", "pass", "licence-not-required"),
        (
            replace(HOME, licences=()),
            RuleSet(citizens_initiatives=frozenset({"25110-01"})),
            "licence",
            "pass",
            "citizens-initiative",
        ),
        (HOME, RULES, "capacity", "pass", "room"),
        (replace(HOME, accounts_by_household=(7,)), RULES, "capacity", "pass", "room"),
        (replace(HOME, accounts_by_household=None), RULES, "capacity", "unknown", "room-not-told"),
        (replace(HOME, accounts_by_household=(8,)), RULES, "capacity", "fail", "household-full"),
        (replace(HOME, accounts_by_household=(1,), own_household=True), RULES, "capacity", "fail", "dwelling-full"),
        (
            replace(HOME, accounts_by_household=(1,), own_household=True),
            RuleSet(households_per_dwelling=2),
            "capacity",
            "pass",
            "room",
        ),
        (HOME, RULES, "email", "pass", "email-free"),
        (replace(HOME, email_elsewhere=True), RULES, "email", "fail", "email-elsewhere"),
    ],
)
def test_a_rule_says_what_it_found(facts: AddressFacts, rules: RuleSet, rule: str, outcome: str, code: str) -> None:
    answer = judge(facts, rules, TODAY)
    [found] = [found for found in answer.outcomes if found.rule == rule]
    assert (found.outcome.value, found.code) == (outcome, code)
    assert (answer.verdict == Verdict.NOT_ELIGIBLE) == any(each.outcome == Outcome.FAIL for each in answer.outcomes)


def test_no_other_rule_is_asked_about_an_unknown_address() -> None:
    answer = judge(AddressFacts("fix"), RULES, TODAY)
    assert answer.verdict == Verdict.UNKNOWN_ADDRESS
    assert [found.code for found in answer.outcomes] == ["address-unknown"]


@pytest.mark.parametrize(
    ("facts", "rules", "verdict", "proofs"),
    [
        (HOME, RULES, Verdict.NEEDS_PROOF, RULES.proofs),
        (HOME, RuleSet(proofs=(Proof.DOCUMENT,)), Verdict.NEEDS_PROOF, (Proof.DOCUMENT,)),
        (replace(HOME, proof=Proof.BUURTCODE), RULES, Verdict.ELIGIBLE, ()),
        (HOME, FREE, Verdict.ELIGIBLE, ()),
        (replace(HOME, purpose=None), FREE, Verdict.ELIGIBLE, ()),
        (replace(HOME, purpose=None), replace(FREE, unknown_home="prove"), Verdict.NEEDS_PROOF, (Proof.DOCUMENT,)),
        (replace(HOME, status="retired"), FREE, Verdict.NOT_ELIGIBLE, ()),
    ],
)
def test_the_verdict_names_the_proofs_that_would_settle_it(
    facts: AddressFacts, rules: RuleSet, verdict: Verdict, proofs: tuple[Proof, ...]
) -> None:
    answer = judge(facts, rules, TODAY)
    assert (answer.verdict, answer.proofs) == (verdict, proofs)
    assert answer.buurt_code == "25110-01"


def test_every_outcome_has_a_text_in_four_languages() -> None:
    for code, texts in TEXTS.items():
        assert set(texts) == {"nl", "fr", "de", "en"}, code
        assert len({*texts.values()}) == 4, code
        assert all(text[0].isupper() and text.endswith(".") for text in texts.values()), code


def test_rules_that_admit_nobody_are_refused() -> None:
    with pytest.raises(ValueError, match="room for at least one"):
        RuleSet(households_per_dwelling=0)
    with pytest.raises(ValueError, match="none is accepted"):
        RuleSet(proofs=())
