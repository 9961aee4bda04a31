"""Letters: never to members, files and codes together or neither, and an interrupted run that is settled."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from data.members.letters import (
    Existing,
    LetterBatch,
    LetterBuurt,
    LettersError,
    Validity,
    settle_interrupted,
    without_members,
    write_letters,
)
from data.members.sign_ups import Dwelling, ask
from data.store import Store, open_store
from data.store.household_models import Buurtcode
from households.codes import make_code
from households.dwelling_keys import HouseholdKey, HouseholdKeys
from households.eligibility import AddressFacts, Buurt, Period, RuleSet
from households.letters import Letter, LetterAddress

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
KEYS = HouseholdKeys(HouseholdKey("2026a", bytes(range(32))))
NEWER = HouseholdKeys(HouseholdKey("2026b", bytes(range(1, 33))), KEYS.all)
BUURT = LetterBuurt("25110-01", {"fr": "Centre"}, "25110")
VALIDITY = Validity(NOW, NOW + timedelta(days=60))
HOMES = [
    LetterAddress("BE", str(number), {"fr": "Rue"}, str(number), None, "1410", {}, "25110", "25110A00-")
    for number in range(1, 6)
]


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    store = open_store(store_url)
    yield store
    store.close()


def join(store: Store, address_id: str) -> None:
    facts = AddressFacts("accept", "current", None, Buurt("25110-01", Period(NOW.date())))
    with store.writing() as session:
        ask(
            session,
            KEYS,
            RuleSet(proof_required=False),
            Dwelling("BE", address_id, "25110", "25110A00-", "25110-01"),
            facts,
            f"{address_id}@example.org",
            lifetime=timedelta(1),
            now=NOW,
            make_token=lambda: secrets.token_urlsafe(18),
        )


def write(store: Store, folder: Path, fail: bool = False) -> None:
    letters = tuple(
        Letter(number, home, ("fr",), "25110-01", make_code(secrets.choice)) for number, home in enumerate(HOMES, 1)
    )

    def write_files(staged: Path) -> None:
        (staged / "letters.csv").write_text("number\n")
        if fail:
            raise OSError("the disk is full")

    write_letters(
        store, KEYS, folder, [LetterBatch(BUURT, letters, ())], VALIDITY, run="run-1", facts={}, write_files=write_files
    )


def codes_of(store: Store) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(Buurtcode)) or 0


@pytest.mark.parametrize("keys", [KEYS, NEWER])
def test_members_get_no_letter_whatever_key_they_are_known_by(store: Store, keys: HouseholdKeys) -> None:
    join(store, "3")
    with store.reading() as session:
        chosen = without_members(session, keys, HOMES, existing=Existing.REPLACE, now=NOW)
    assert [home.address_id for home in chosen] == ["1", "2", "4", "5"]


def test_letters_that_are_still_valid_are_kept_or_replaced(store: Store, tmp_path: Path) -> None:
    write(store, tmp_path / "first")
    with store.reading() as session:
        assert without_members(session, KEYS, HOMES, existing=Existing.KEEP, now=NOW) == []
        over = VALIDITY.expires_at
        assert without_members(session, KEYS, HOMES, existing=Existing.KEEP, now=over) == HOMES
    write(store, tmp_path / "second")
    assert codes_of(store) == len(HOMES)


def test_files_that_cannot_be_written_leave_no_code_and_no_folder(store: Store, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="disk is full"):
        write(store, tmp_path / "letters", fail=True)
    assert codes_of(store) == 0
    assert [path.name for path in tmp_path.iterdir() if "letters" in path.name] == []


def test_letters_are_for_their_owner_and_never_overwritten(store: Store, tmp_path: Path) -> None:
    write(store, tmp_path / "letters")
    assert (tmp_path / "letters").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "letters" / "letters.csv").stat().st_mode & 0o777 == 0o600
    with pytest.raises(LettersError, match="never overwritten"):
        write(store, tmp_path / "letters")
    assert codes_of(store) == len(HOMES)


def test_a_run_killed_after_its_commit_is_completed_and_one_before_it_removed(store: Store, tmp_path: Path) -> None:
    folder, hidden = tmp_path / "letters", tmp_path / ".letters.incoming"
    write(store, folder)
    folder.rename(hidden)  # as it was between the commit and the rename
    assert settle_interrupted(store, folder) == "completed"
    assert (folder / "letters.csv").exists()
    assert settle_interrupted(store, folder) is None
    for manifest in ('{"run": "run-2"}', '{"ru', None):
        hidden.mkdir()
        if manifest is not None:
            (hidden / "letters.json").write_text(manifest)
        assert settle_interrupted(store, folder) == "removed"
        assert not hidden.exists()
