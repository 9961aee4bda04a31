"""Batches of buurtcodes: made, stored as keyed hashes, and used."""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, insert, select, true, update
from sqlalchemy.orm import Session

from data.members.audit import record
from data.store.household_models import Buurtcode, CodeBatchRow
from households.codes import CodeBatch, Uses, find_code, hash_code, make_code, read_code
from households.dwelling_keys import HouseholdKeys


class WrongCodeError(ValueError):
    """The code is none of this buurt or dwelling, or is used or expired; which of these is not told."""

    def __init__(self) -> None:
        super().__init__("this code is not valid for this address, was used already, or has expired")


def make_batch(
    session: Session,
    keys: HouseholdKeys,
    batch: CodeBatch,
    municipality_code: str,
    scopes: Sequence[str],
    choose: Callable[[str], str],
) -> list[str]:
    """Make a code for each scope and store their hashes.

    Parameters
    ----------
    session
        A writing session.
    keys
        The current one hashes the codes.
    batch
        Buurt, uses and validity.
    municipality_code
        The buurt's municipality.
    scopes
        The buurt's code once per code wanted, or the keys of dwellings.
    choose
        `secrets.choice`, or a seeded one in a test.

    Returns
    -------
    list of str
        The codes as letters print them, in the order of `scopes`. They are nowhere else.
    """
    codes = [make_code(choose) for _ in scopes]
    store_batch(session, keys, batch, municipality_code, scopes, codes)
    return codes


def store_batch(
    session: Session,
    keys: HouseholdKeys,
    batch: CodeBatch,
    municipality_code: str,
    scopes: Sequence[str],
    codes: Sequence[str],
    *,
    run: str | None = None,
) -> None:
    """Store the hashes of codes that were made: from the commit on they are valid.

    Parameters
    ----------
    scopes, codes
        What each code is for, and the codes as `make_code` gives them.
    run
        Identifier of the run that wrote the codes to files (see `run_was_stored`).
    """
    row = CodeBatchRow(
        municipality_code=municipality_code,
        buurt_code=batch.buurt_code,
        uses=batch.uses,
        codes=len(codes),
        run=run,
        key_id=keys.current.id,
        made_at=batch.made_at,
        expires_at=batch.expires_at,
    )
    session.add(row)
    session.flush()
    if codes:
        session.execute(
            insert(Buurtcode),
            [
                {
                    "batch_id": row.id,
                    "code_hash": hash_code(keys.current, scope, read_code(code)),
                    "scope": scope,
                    "hashed_for": scope,
                }
                for scope, code in zip(scopes, codes, strict=True)
            ],
        )
    record(
        session,
        "codes-made",
        batch.made_at,
        municipality_code=municipality_code,
        buurt_code=batch.buurt_code,
        codes=len(codes),
        uses=batch.uses.value,
    )


def run_was_stored(session: Session, run: str) -> bool:
    """Whether a run's codes were committed."""
    return session.scalar(select(CodeBatchRow.id).where(CodeBatchRow.run == run).limit(1)) is not None


def dwellings_with_code(session: Session, scopes: Collection[str], now: datetime) -> set[str]:
    """Return those of some dwellings' keys that have a code of their own that can be used still."""
    found: set[str] = set()
    for some in batched(scopes):
        found.update(
            session.scalars(
                select(Buurtcode.scope)
                .join(CodeBatchRow, CodeBatchRow.id == Buurtcode.batch_id)
                .where(Buurtcode.scope.in_(some), *_usable(now))
            )
        )
    return found


def withdraw_codes(session: Session, scopes: Collection[str]) -> int:
    """Take away the codes of dwellings, used or not, and return how many there were: new ones follow."""
    withdrawn = 0
    for some in batched(scopes):
        result = session.execute(delete(Buurtcode).where(Buurtcode.scope.in_(some)).returning(Buurtcode.code_hash))
        withdrawn += len(result.all())
    return withdrawn


def batched(scopes: Collection[str], size: int = 1_000) -> Iterator[list[str]]:
    """Give the scopes some at a time: a statement takes a limited number of values."""
    ordered = sorted(scopes)
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


def use_code(session: Session, keys: HouseholdKeys, scopes: Sequence[str], plain: str, now: datetime) -> None:
    """Use a code within one of the scopes that it may be for.

    Parameters
    ----------
    session
        A writing session; roll it back and the code is unused again.
    keys
        Codes of older keys are still recognised.
    scopes
        The buurt's code and the dwelling's keys.
    plain
        The code's plain characters.
    now
        The instant, in UTC.

    Raises
    ------
    WrongCodeError
        There is no such code, or it may not be used (any more).
    """
    rows = session.execute(
        select(Buurtcode.batch_id, Buurtcode.code_hash, Buurtcode.hashed_for, CodeBatchRow.uses, CodeBatchRow.key_id)
        .join(CodeBatchRow, CodeBatchRow.id == Buurtcode.batch_id)
        .where(Buurtcode.scope.in_(scopes), *_usable(now))
    ).all()
    of_key = {key.id: key for key in keys.all}
    found = None
    for key_id, hashed_for in sorted({(row.key_id, row.hashed_for) for row in rows}):
        if key_id not in of_key:
            continue
        # Every hash of every scope is compared, whether or not one was found.
        candidates = [row for row in rows if row.key_id == key_id and row.hashed_for == hashed_for]
        digest = hash_code(of_key[key_id], hashed_for, plain)
        position = find_code(digest, [row.code_hash for row in candidates])
        found = candidates[position] if position is not None else found
    if found is None:
        raise WrongCodeError
    used = session.execute(
        update(Buurtcode)
        .where(
            Buurtcode.batch_id == found.batch_id,
            Buurtcode.code_hash == found.code_hash,
            # Of two that use the same code at once, one finds it used.
            Buurtcode.used_at.is_(None) if found.uses == Uses.ONCE else true(),
        )
        .values(used_at=now)
        .returning(Buurtcode.batch_id)
    ).all()
    if not used:
        raise WrongCodeError


def _usable(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        CodeBatchRow.made_at <= now,
        CodeBatchRow.expires_at > now,
        (CodeBatchRow.uses == Uses.MANY) | Buurtcode.used_at.is_(None),
    )
