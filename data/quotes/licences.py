"""Licences in the store: the periods that eligibility reads, the list, and the renewals that are due."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.store.licence_models import StoredLicence
from households.eligibility import Period
from licensing.licences import Licence, renewals_due
from licensing.price_book import Programme


def licences_of(
    session: Session, municipality_code: str, buurt_codes: Collection[str] | None = None
) -> tuple[Period, ...]:
    """Return the days on which a municipality is licensed, by their first.

    Parameters
    ----------
    session
        A session on the store.
    municipality_code
        The municipality.
    buurt_codes
        Only licences that cover one of these buurten: those of the whole municipality, and pilots that name one.
        None counts those of the whole municipality alone, because a pilot licenses nobody outside its buurten.

    Returns
    -------
    tuple of Period
        Empty where there is none. Periods may overlap.
    """
    return tuple(
        Period(licence.first, licence.last)
        for licence in list_licences(session, municipality_code)
        if licence.buurt_codes is None
        or (buurt_codes is not None and not set(buurt_codes).isdisjoint(licence.buurt_codes))
    )


def list_licences(
    session: Session, municipality_code: str | None = None, *, on: date | None = None
) -> tuple[Licence, ...]:
    """Return licences by their first day, municipality and number.

    Parameters
    ----------
    session
        A session on the store.
    municipality_code
        Only this municipality's.
    on
        Only those in force on a day.
    """
    wanted = select(StoredLicence).order_by(
        StoredLicence.first_day, StoredLicence.municipality_code, StoredLicence.number
    )
    if municipality_code is not None:
        wanted = wanted.where(StoredLicence.municipality_code == municipality_code)
    if on is not None:
        wanted = wanted.where(StoredLicence.first_day <= on, StoredLicence.last_day >= on)
    return tuple(map(_licence, session.scalars(wanted)))


def list_renewals(session: Session, today: date, *, within_days: int) -> Sequence[Licence]:
    """Return the licences that end within some days and have no successor, the earliest first."""
    # A successor covers the day after an end that is still to come, so that nothing older matters.
    wanted = select(StoredLicence).where(
        StoredLicence.last_day >= today, StoredLicence.first_day <= today + timedelta(days=within_days + 1)
    )
    return renewals_due(map(_licence, session.scalars(wanted)), today, within_days=within_days)


def store_licences(session: Session, quote_id: str, licences: Collection[Licence]) -> None:
    """Keep the licences that an accepted quote gives."""
    session.add_all(
        StoredLicence(
            quote_id=quote_id,
            municipality_code=licence.municipality,
            number=licence.offer_number,
            buurt_codes=None if licence.buurt_codes is None else list(licence.buurt_codes),
            programmes=[str(programme) for programme in licence.programmes],
            first_day=licence.first,
            last_day=licence.last,
        )
        for licence in licences
    )


def _licence(row: StoredLicence) -> Licence:
    return Licence(
        row.number,
        row.municipality_code,
        None if row.buurt_codes is None else tuple(row.buurt_codes),
        tuple(map(Programme, row.programmes)),
        row.first_day,
        row.last_day,
    )
