"""The register of releases: which there are, and which ones answers use."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.store.database import announce_change
from data.store.models import ActiveRelease, Release


class UnknownReleaseError(LookupError):
    """No release has that name; the message lists those that exist."""


def list_releases(session: Session) -> Sequence[Release]:
    """Return all releases, by country, kind and reference date, newest first within a kind."""
    return session.scalars(
        select(Release).order_by(
            Release.country, Release.kind, Release.reference_date.desc(), Release.imported_at.desc(), Release.id
        )
    ).all()


def find_release(session: Session, name: str) -> Release:
    """Return the release of a name.

    Raises
    ------
    UnknownReleaseError
        There is none.
    """
    release = session.scalar(select(Release).where(Release.name == name))
    if release is None:
        names = sorted(session.scalars(select(Release.name)))
        known = f"there are: {', '.join(names)}" if names else "nothing has been imported yet"
        raise UnknownReleaseError(f"no release is called {name!r}; {known}")
    return release


def active_releases(session: Session) -> Sequence[Release]:
    """Return the releases that answers use, at most one per country and kind, in that order."""
    return session.scalars(
        select(Release)
        .join(ActiveRelease, ActiveRelease.release_id == Release.id)
        .order_by(Release.country, Release.kind)
    ).all()


def hold_active(session: Session, country: str, kind: str, *, to_change: bool) -> int | None:
    """Return which release is active, and keep it so until the transaction ends.

    Parameters
    ----------
    to_change
        Whether this transaction is going to activate another one: then nobody else may hold it meanwhile.
    """
    held = select(ActiveRelease.release_id).where(ActiveRelease.country == country, ActiveRelease.kind == kind)
    return session.scalars(held.with_for_update(read=not to_change)).first()


def lock_release(session: Session, release_id: int) -> Release:
    """Return a release whose derived shapes one transaction at a time may make; others may refer to it meanwhile."""
    return session.scalars(select(Release).where(Release.id == release_id).with_for_update(key_share=True)).one()


def activate(session: Session, release: Release, now: datetime) -> Release | None:
    """Let answers use a release, in place of the one of the same country and kind.

    Returns
    -------
    Release or None
        The release that it replaces, where there was another.
    """
    active = session.get(ActiveRelease, (release.country, release.kind))
    if active is not None and active.release_id == release.id:
        return None
    replaced = active.release if active is not None else None
    session.merge(ActiveRelease(country=release.country, kind=release.kind, release_id=release.id, activated_at=now))
    announce_change(session)
    return replaced
