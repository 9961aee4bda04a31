"""A municipality's rules: set by one editor at a time, and the second is shown what the first one set."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from data.members.rules import RulesChangedError, StoredRules, read_rules, rules_of, set_rules
from data.store import Store, open_store
from households.eligibility import RuleSet

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    store = open_store(store_url)
    yield store
    store.close()


def put(store: Store, rules: RuleSet, expected: int) -> int:
    with store.writing() as session:
        return set_rules(session, "25110", rules, NOW, expected_version=expected)


def test_rules_come_back_as_they_were_set(store: Store) -> None:
    rules = RuleSet(proof_required=False, citizens_initiatives=frozenset({"25110-01"}))
    assert [put(store, RuleSet(), 0), put(store, rules, 1)] == [1, 2]
    with store.reading() as session:
        assert (read_rules(session, "25110"), rules_of(session, "25112")) == (StoredRules(rules, 2), RuleSet())


@pytest.mark.parametrize("expected", [0, 2])
def test_an_editor_who_saw_another_version_is_shown_the_present_one(store: Store, expected: int) -> None:
    theirs = RuleSet(accounts_per_household=3)
    put(store, theirs, 0)
    with pytest.raises(RulesChangedError) as caught:
        put(store, RuleSet(), expected)
    assert caught.value.current == StoredRules(theirs, 1)


@pytest.mark.parametrize("seen", [0, 1])
def test_of_editors_at_once_one_wins(store: Store, seen: int) -> None:
    if seen:
        put(store, RuleSet(), 0)

    def edit(accounts: int) -> bool:
        try:
            put(store, RuleSet(accounts_per_household=accounts), seen)
        except RulesChangedError:
            return False
        return True

    with ThreadPoolExecutor(8) as editors:
        assert sum(editors.map(edit, range(1, 9))) == 1
