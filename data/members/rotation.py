"""Rotation of keys: hashes dwellings anew by naming every one of a register; what cannot be named stays as it is."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update

from data.members.audit import record
from data.store import Store
from data.store.household_models import Account, Buurtcode, CodeBatchRow, Household, SignUp, StaffAccount
from households.dwelling_keys import HouseholdKeys, dwelling_key
from households.verification import State

_ROWS_PER_TRANSACTION = 500


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did, and what is left under older keys."""

    households: int
    """Member households that are known by the current key now."""
    codes: int
    """Codes of single dwellings that are found by the current key now."""
    households_left: int
    """Member households whose dwelling no register named; they are known by an older key alone."""
    accounts_left: int
    """Accounts known by an older key alone: they follow when their e-mail address signs up or proves anew."""
    staff_left: int
    codes_left: int
    """Codes that can still be used and were hashed with an older key; they expire by themselves."""
    sign_ups_left: int
    """Sign-ups that wait for a proof; they expire when it is brought, and are asked again."""

    @property
    def older_keys_needed(self) -> bool:
        """Whether taking the older keys away would lose anything."""
        return any((self.households_left, self.accounts_left, self.staff_left, self.codes_left, self.sign_ups_left))


def rotate_keys(
    store: Store,
    keys: HouseholdKeys,
    country: str,
    address_ids: Iterable[Sequence[str]],
    progress: Callable[[int], None],
) -> tuple[int, int]:
    """Hash the dwellings of a register with the current key, wherever an older one stands.

    Some rows are changed at a time, each in a transaction of its own, so that sign-ups go on; killed, it is run again.
    Workers that do not know the current key must not run any more: they would take a household for none.

    Parameters
    ----------
    store
        The store.
    keys
        The current key and the older ones.
    country
        The register's country.
    address_ids
        Official identifiers of all its addresses, some at a time.
    progress
        Told how many addresses were named.

    Returns
    -------
    tuple of int
        Rows of households and of codes that changed.
    """
    outstanding = _outstanding(store, keys)
    households = codes = named = 0
    found: dict[str, str] = {}
    for some in address_ids:
        for address_id in some:
            for key in keys.older:
                older = dwelling_key(key, country, address_id)
                if older in outstanding:
                    found[older] = dwelling_key(keys.current, country, address_id)
        named += len(some)
        progress(named)
        if len(found) >= _ROWS_PER_TRANSACTION:
            changed = _rewrite(store, keys, found)
            households, codes, found = households + changed[0], codes + changed[1], {}
    changed = _rewrite(store, keys, found)
    return households + changed[0], codes + changed[1]


def count_left(store: Store, keys: HouseholdKeys, now: datetime, *, households: int = 0, codes: int = 0) -> Rotated:
    """Count what older keys are still needed for, and record the rotation.

    Parameters
    ----------
    households, codes
        What `rotate_keys` changed.
    """
    current = keys.current.id
    with store.writing() as session:

        def count(model: type, *where: object) -> int:
            return session.scalar(select(func.count()).select_from(model).where(*where)) or 0  # type: ignore[arg-type]

        done = Rotated(
            households=households,
            codes=codes,
            households_left=count(Household, Household.key_id != current, Household.left_at.is_(None)),
            accounts_left=count(Account, Account.key_id != current, Account.left_at.is_(None)),
            staff_left=count(StaffAccount, StaffAccount.key_id != current, StaffAccount.revoked_at.is_(None)),
            codes_left=session.scalar(
                select(func.count())
                .select_from(Buurtcode)
                .join(CodeBatchRow, CodeBatchRow.id == Buurtcode.batch_id)
                .where(CodeBatchRow.key_id != current, CodeBatchRow.expires_at > now)
            )
            or 0,
            sign_ups_left=count(SignUp, SignUp.key_id != current, SignUp.state.in_((State.ASKED, State.NEEDS_PROOF))),
        )
        record(session, "keys-rotated", now, households=households, codes=codes, left=done.households_left)
    return done


def _outstanding(store: Store, keys: HouseholdKeys) -> set[str]:
    """Return the older hashes of dwellings that are in use."""
    older = [key.id for key in keys.older]
    with store.reading() as session:
        households = session.scalars(select(Household.dwelling_key).where(Household.key_id.in_(older)))
        scopes = session.scalars(
            select(Buurtcode.scope)
            .join(CodeBatchRow, CodeBatchRow.id == Buurtcode.batch_id)
            .where(CodeBatchRow.key_id.in_(older), Buurtcode.scope != CodeBatchRow.buurt_code)
        )
        return {*households, *scopes}


def _rewrite(store: Store, keys: HouseholdKeys, found: dict[str, str]) -> tuple[int, int]:
    households = codes = 0
    with store.writing() as session:
        for older, current in found.items():
            values = {"dwelling_key": current, "key_id": keys.current.id}
            changed = update(Household).where(Household.dwelling_key == older).values(values).returning(Household.id)
            households += len(session.execute(changed).all())
            moved = update(Buurtcode).where(Buurtcode.scope == older).values(scope=current)
            codes += len(session.execute(moved.returning(Buurtcode.code_hash)).all())
    return households, codes
