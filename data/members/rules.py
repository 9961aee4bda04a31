"""The eligibility rules of a municipality in the store: its own, or the network's defaults."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from data.members.audit import record
from data.store.household_models import EligibilityRules
from households.eligibility import RuleSet
from households.verification import Proof


def rules_of(session: Session, municipality_code: str) -> RuleSet:
    """Return a municipality's rules, or the defaults where it has set none."""
    row = session.get(EligibilityRules, municipality_code)
    return RuleSet() if row is None else _from_json(row.rules)


def set_rules(session: Session, municipality_code: str, rules: RuleSet, now: datetime) -> int:
    """Set a municipality's rules for sign-ups from now on, and return their version."""
    row = session.get(EligibilityRules, municipality_code)
    if row is None:
        row = EligibilityRules(municipality_code=municipality_code, version=0)
        session.add(row)
    row.rules, row.version, row.changed_at = _to_json(rules), row.version + 1, now
    record(session, "rules-set", now, municipality_code=municipality_code, version=row.version)
    return row.version


def _to_json(rules: RuleSet) -> dict[str, Any]:
    return asdict(rules) | {
        "citizens_initiatives": sorted(rules.citizens_initiatives),
        "proofs": [proof.value for proof in rules.proofs],
    }


def _from_json(stored: dict[str, Any]) -> RuleSet:
    return RuleSet(
        **stored
        | {
            "citizens_initiatives": frozenset(stored["citizens_initiatives"]),
            "proofs": tuple(Proof(proof) for proof in stored["proofs"]),
        }
    )
