"""Staff on both databases: granted for buurten and days, counted and never named, revoked, forgotten in time."""

import secrets
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from data.members.retention import Retention, purge
from data.members.staff import (
    StaffExistsError,
    StaffRole,
    UnknownBuurtError,
    UnknownStaffError,
    WorkArea,
    buurten_on,
    count_staff,
    grant,
    revoke,
)
from data.store import Store, open_store
from data.store.household_models import Household, StaffAccount
from data.store.models import Buurt, Municipality, Plan, Release
from households.dwelling_keys import HouseholdKey, HouseholdKeys
from households.eligibility import Period

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TODAY = NOW.date()
KEY = HouseholdKey("2026a", bytes(range(32)))
KEYS = HouseholdKeys(KEY)
ONE, TWO = "25110-01", "25110-02"


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A store with a municipality of two buurten."""
    store = open_store(store_url)
    with store.writing() as session:
        release = Release(name="r", kind="sectors", country="BE", source="areas", reference_date=TODAY)
        release.imported_at, release.source_file, release.source_sha256 = NOW, "f", "0" * 64
        release.fingerprint, release.rows, release.findings, release.files = "0" * 64, 1, [], {}
        session.add(release)
        session.flush()
        session.add(Municipality(release_id=release.id, code="25110", name_fr="Waterloo"))
        session.flush()
        plan = Plan(release_id=release.id, municipality_code="25110", version=1, published_at=NOW, valid_from=TODAY)
        session.add(plan)
        session.flush()
        session.add_all([Buurt(plan_id=plan.id, code=ONE), Buurt(plan_id=plan.id, code=TWO)])
    yield store
    store.close()


def admit(
    store: Store,
    email: str = "an@example.org",
    areas: tuple[WorkArea, ...] = (WorkArea(ONE, Period(TODAY)),),
    role: StaffRole = StaffRole.ASSOCIATION,
    keys: HouseholdKeys = KEYS,
) -> str:
    with store.writing() as session:
        account = grant(
            session, keys, email, role, "25110", areas, now=NOW, make_token=lambda: secrets.token_urlsafe(18)
        )
        return account.id


def test_a_work_area_holds_from_its_first_day_to_its_last(store: Store) -> None:
    may = WorkArea(TWO, Period(date(2027, 5, 1), date(2027, 5, 31)))
    staff = admit(store, areas=(WorkArea(ONE, Period(TODAY)), may))
    with store.reading() as session:
        seen = {
            day: buurten_on(session, staff, day)
            for day in (TODAY - timedelta(1), TODAY, may.period.first, date(2027, 5, 31), date(2027, 6, 1))
        }
    assert list(seen.values()) == [[], [ONE], [ONE, TWO], [ONE, TWO], [ONE]]


def test_staff_are_counted_by_role_and_buurt_and_are_no_households(store: Store) -> None:
    both = (WorkArea(ONE, Period(TODAY)), WorkArea(TWO, Period(TODAY)))
    admit(store, "an@example.org", both)
    admit(store, "bo@example.org", role=StaffRole.NEIGHBOURHOOD_WORKER)
    with store.reading() as session:
        counted = count_staff(session, "25110", TODAY)
        assert session.scalar(select(func.count()).select_from(Household)) == 0
        kept = str(session.execute(text("SELECT * FROM staff_account")).all())
        kept += str(session.execute(text("SELECT * FROM audit_entry")).all())
    assert (counted.total, counted.by_buurt) == (2, {ONE: 2, TWO: 1})
    assert counted.by_role == {"neighbourhood-worker": 1, "association": 1, "municipality": 0}
    assert "example.org" not in kept


def test_one_person_has_one_account_of_a_municipality_whatever_the_key(store: Store) -> None:
    admit(store)
    for keys in (KEYS, HouseholdKeys(HouseholdKey("2026b", bytes(range(1, 33))), (KEY,))):
        with pytest.raises(StaffExistsError):
            admit(store, " AN@example.org", keys=keys)


def test_a_buurt_of_another_municipality_is_refused(store: Store) -> None:
    with pytest.raises(UnknownBuurtError, match="25112-01") as caught:
        admit(store, areas=(WorkArea(ONE, Period(TODAY)), WorkArea("25112-01", Period(TODAY))))
    assert caught.value.position == 1


def test_a_revoked_account_sees_nothing_and_may_be_granted_anew(store: Store) -> None:
    staff = admit(store)
    with store.writing() as session:
        revoke(session, staff, NOW)
    with store.writing() as session:
        with pytest.raises(UnknownStaffError):
            buurten_on(session, staff, TODAY)
        with pytest.raises(UnknownStaffError):
            revoke(session, staff, NOW)
    assert admit(store) != staff


def test_staff_whose_time_is_over_are_forgotten(store: Store) -> None:
    revoked = admit(store, "revoked@example.org")
    admit(store, "ended@example.org", (WorkArea(ONE, Period(TODAY, TODAY)),))
    lasting = admit(store, "lasting@example.org")
    with store.writing() as session:
        revoke(session, revoked, NOW)
        assert purge(session, Retention(), NOW + timedelta(days=364)).staff == 0
    with store.writing() as session:
        assert purge(session, Retention(), NOW + timedelta(days=366)).staff == 2
    with store.reading() as session:
        assert session.scalars(select(StaffAccount.id)).all() == [lasting]
