"""The eligibility rules of a municipality in the store: its own, or the network's defaults."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from data.members.audit import record
from data.store.household_models import EligibilityRules
from households.eligibility import RuleSet
from households.verification import Proof


@dataclass(frozen=True, slots=True)
class StoredRules:
    """The rules of a municipality, and how often they were set; version 0 is the network's defaults."""

    rules: RuleSet
    version: int


class RulesChangedError(RuntimeError):
    """Somebody else has set the rules since they were read; `current` is what they set."""

    def __init__(self, municipality_code: str, current: StoredRules, expected_version: int) -> None:
        self.municipality_code = municipality_code
        self.current = current
        super().__init__(
            f"the rules of {municipality_code} are at version {current.version}, not {expected_version}: "
            "somebody else has set them"
        )


def read_rules(session: Session, municipality_code: str) -> StoredRules:
    """Return a municipality's rules with their version."""
    row = session.get(EligibilityRules, municipality_code)
    return StoredRules(RuleSet(), 0) if row is None else StoredRules(_from_json(row.rules), row.version)


def rules_of(session: Session, municipality_code: str) -> RuleSet:
    """Return a municipality's rules, or the defaults where it has set none."""
    return read_rules(session, municipality_code).rules


def set_rules(session: Session, municipality_code: str, rules: RuleSet, now: datetime, *, expected_version: int) -> int:
    """Set a municipality's rules for sign-ups from now on.

    Parameters
    ----------
    session
        A writing session.
    expected_version
        The version that the editor has seen; 0 where the municipality had set none.

    Returns
    -------
    int
        The new version.

    Raises
    ------
    RulesChangedError
        There is another version by now; nothing is set then.
    """
    version = expected_version + 1
    values = {"rules": _to_json(rules), "version": version, "changed_at": now}
    # One statement compares and sets, so that of two editors at once the second is told.
    if expected_version == 0:
        insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        statement = insert(EligibilityRules).values(municipality_code=municipality_code, **values)
        done = session.execute(statement.on_conflict_do_nothing().returning(EligibilityRules.version)).first()
    else:
        seen = (EligibilityRules.municipality_code == municipality_code) & (
            EligibilityRules.version == expected_version
        )
        done = session.execute(
            update(EligibilityRules).where(seen).values(**values).returning(EligibilityRules.version)
        ).first()
    session.expire_all()
    if done is None:
        raise RulesChangedError(municipality_code, read_rules(session, municipality_code), expected_version)
    record(session, "rules-set", now, municipality_code=municipality_code, version=version)
    return version


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
