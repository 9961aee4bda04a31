"""Letters in the store: who gets one, and how files and codes come to be both there, or neither."""

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.members.audit import record
from data.members.codes import dwellings_with_code, run_was_stored, store_batch, withdraw_codes
from data.store import Store
from data.store.household_models import Household
from data.tables import LANGUAGES
from households.codes import CodeBatch, Uses
from households.dwelling_keys import HouseholdKeys, dwelling_key
from households.letter_rounds import RoundStreet
from households.letters import Letter, LetterAddress

MANIFEST = "letters.json"


class Existing(StrEnum):
    """What becomes of a dwelling whose earlier letter is still valid."""

    REPLACE = "replace"
    """It gets a new letter, and the earlier code ends."""
    KEEP = "keep"
    """It gets none."""


class LettersError(ValueError):
    """Letters that cannot be made; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class LetterBuurt:
    """The buurt that letters of a batch are for."""

    code: str
    names: Mapping[str, str | None]
    municipality_code: str


@dataclass(frozen=True, slots=True)
class LetterBatch:
    """The letters of one buurt."""

    buurt: LetterBuurt
    letters: tuple[Letter, ...]
    round: tuple[RoundStreet, ...]
    """The streets in the order of the walk."""


@dataclass(frozen=True, slots=True)
class Validity:
    """From and until when codes can be used."""

    made_at: datetime
    expires_at: datetime


def read_letter_addresses(dwellings: pa.Table, country: Literal["BE", "NL"]) -> list[LetterAddress]:
    """Return dwellings (`data.dwellings.DWELLING_SCHEMA` and more) as letters address them."""
    return [
        LetterAddress(
            country=country,
            address_id=row["address_id"],
            street={language: row[f"street_{language}"] for language in LANGUAGES},
            house_number=row["house_number"],
            box=row["box"],
            postcode=row["postcode"],
            locality={
                language: row[f"locality_{language}"] or row[f"municipality_{language}"] for language in LANGUAGES
            },
            municipality_code=row["municipality_code"],
            sector_code=row["sector_code"],
            x=row["x"],
            y=row["y"],
        )
        for row in dwellings.to_pylist()
    ]


def without_members(
    session: Session,
    keys: HouseholdKeys,
    addresses: Collection[LetterAddress],
    *,
    existing: Existing,
    now: datetime,
) -> list[LetterAddress]:
    """Return the addresses that get a letter: whose dwelling is no member's and, if so wished, has no valid code."""
    of = {
        address.address_id: [dwelling_key(key, address.country, address.address_id) for key in keys.all]
        for address in addresses
    }
    municipalities = {address.municipality_code for address in addresses}
    spoken_for = set(
        session.scalars(
            select(Household.dwelling_key).where(
                Household.municipality_code.in_(municipalities), Household.left_at.is_(None)
            )
        )
    )
    if existing == Existing.KEEP:
        spoken_for |= dwellings_with_code(session, [known for each in of.values() for known in each], now)
    return [address for address in addresses if spoken_for.isdisjoint(of[address.address_id])]


def write_letters(
    store: Store,
    keys: HouseholdKeys,
    folder: Path,
    batches: Sequence[LetterBatch],
    validity: Validity,
    *,
    run: str,
    facts: Mapping[str, Any],
    write_files: Callable[[Path], None],
) -> None:
    """Write letters to a new folder and make their codes valid: both, or neither.

    The files are written beside the folder, under a hidden name, with a manifest that names the run. Then the hashes
    are committed, and last the folder gets its name. A run that is killed before the commit leaves no valid code; one
    that is killed after it leaves complete letters under the hidden name. `settle_interrupted` tells which.

    Parameters
    ----------
    folder
        Where the letters shall be; it must not exist.
    run
        Identifier of the run, a token.
    facts
        What the manifest tells of the letters: counts, releases, days.
    write_files
        Writes the files into the folder that it is given.

    Raises
    ------
    LettersError
        The folder exists, or another run writes there.
    """
    with _held(folder):
        if folder.exists():
            raise LettersError(f"{folder} exists already; choose another folder, letters are never overwritten")
        hidden = _hidden(folder)
        if hidden.exists():
            raise LettersError(f"{hidden} is left of an interrupted run; settle it first")
        # Codes can be read here: the files are for their owner alone.
        hidden.mkdir(mode=0o700, parents=True)
        try:
            write_files(hidden)
            (hidden / MANIFEST).write_text(json.dumps({"run": run, **facts}, indent=2, ensure_ascii=False) + "\n")
            _make_durable(hidden)
        except BaseException:
            shutil.rmtree(hidden)
            raise
        with store.writing() as session:
            issue_letters(session, keys, batches, validity, run)
        hidden.rename(folder)


def settle_interrupted(store: Store, folder: Path) -> Literal["completed", "removed"] | None:
    """Settle what a killed run for a folder left.

    Returns
    -------
    str or None
        `completed`: its codes are valid, and its letters are in the folder now. `removed`: none of its codes was ever
        valid, and its files are gone. None: nothing was left.
    """
    hidden = _hidden(folder)
    if not hidden.exists():
        return None
    with _held(folder):
        manifest = hidden / MANIFEST
        stored = False
        if manifest.exists():
            try:
                run = json.loads(manifest.read_text("utf-8"))["run"]
            except ValueError:
                run = ""  # killed while it was written, so before the commit
            with store.reading() as session:
                stored = run_was_stored(session, run)
        if stored:
            hidden.rename(folder)
            return "completed"
        shutil.rmtree(hidden)
        return "removed"


def issue_letters(
    session: Session, keys: HouseholdKeys, batches: Sequence[LetterBatch], validity: Validity, run: str
) -> None:
    """Make the codes of letters valid, and end those of earlier letters to the same dwellings.

    Parameters
    ----------
    session
        A writing session: from its commit on the codes are valid.
    run
        Identifier of the run.
    """
    for batch in batches:
        _issue_batch(session, keys, batch, validity, run)


def _issue_batch(session: Session, keys: HouseholdKeys, batch: LetterBatch, validity: Validity, run: str) -> None:
    addresses = [letter.address for letter in batch.letters]
    scopes = [dwelling_key(keys.current, address.country, address.address_id) for address in addresses]
    known = [dwelling_key(key, address.country, address.address_id) for key in keys.older for address in addresses]
    withdrawn = withdraw_codes(session, [*scopes, *known])
    codes = CodeBatch(batch.buurt.code, Uses.ONCE, validity.made_at, validity.expires_at)
    store_batch(
        session,
        keys,
        codes,
        batch.buurt.municipality_code,
        scopes,
        [letter.code for letter in batch.letters],
        run=run,
    )
    record(
        session,
        "letters-written",
        validity.made_at,
        municipality_code=batch.buurt.municipality_code,
        buurt_code=batch.buurt.code,
        letters=len(scopes),
        withdrawn=withdrawn,
    )


def _hidden(folder: Path) -> Path:
    return folder.parent / f".{folder.name}.incoming"


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Hold a folder for one run; the lock goes with the process, however it ends."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    path = folder.parent / f".{folder.name}.lock"
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LettersError(f"another run is writing to {folder}; wait until it has ended") from error
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _make_durable(folder: Path) -> None:
    for path in (*sorted(folder.iterdir()), folder):
        if path.is_file():
            path.chmod(0o600)
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
