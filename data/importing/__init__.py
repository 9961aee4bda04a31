"""Imports: an official file becomes an immutable, dated, checksummed release, or nothing at all happens."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.directory import DataDirectory, checksum, checksums
from data.importing.addresses import stage_addresses
from data.importing.counts import stage_counts
from data.importing.sectors import stage_sectors
from data.importing.sources import SOURCES, ImportOptionError, ImportRequest, Read, Source, find_source
from data.importing.staged import Progress, StagedRelease
from data.readers.areas import AreasRead
from data.readers.counts import CountsRead
from data.releases import activate
from data.store import Store
from data.store.models import ActiveRelease, Release
from data.tables import Kind, SourceError

__all__ = ["SOURCES", "ImportOptionError", "ImportOutcome", "ImportRequest", "import_file"]


class ReleaseExistsError(ValueError):
    """Another file already made a release of that name."""


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """The releases that a file made, or had made before."""

    releases: tuple[Release, ...]
    existed: bool
    """Whether the same file had been imported in the same way before, so that nothing was written."""


def import_file(
    store: Store,
    directory: DataDirectory,
    request: ImportRequest,
    *,
    clock: Callable[[], datetime],
    progress: Progress,
) -> ImportOutcome:
    """Import a file: read it, check it, write its releases and register them, all or nothing.

    The first release of a kind in a country becomes the active one at once; later ones wait for `activate`.

    Parameters
    ----------
    store
        Where releases are registered.
    directory
        Where their files go.
    request
        The file, its source and options.
    clock
        Gives the present instant, in UTC.
    progress
        Told how far the work is.

    Raises
    ------
    SourceError
        The file cannot be used.
    ImportOptionError
        An option is missing or means nothing for the source.
    ReleaseExistsError
        A different file of the same source and date was imported before.
    ImportRunningError
        Another import is under way on the same directory.
    """
    source = find_source(request)
    if not request.file.exists():
        raise SourceError("no-such-file", "there is no such file.", file=str(request.file))
    with directory.exclusively():
        with store.reading() as session:
            directory.sweep(session.scalars(select(Release.name)))
        progress("check the file", 0, 1)
        sha256 = checksum(request.file)
        fingerprint = _fingerprint(request, sha256)
        with store.reading() as session:
            known = session.scalars(select(Release).where(Release.fingerprint == fingerprint)).all()
        if known:
            return ImportOutcome(tuple(known), existed=True)
        read = source.read(request)
        with directory.staging() as staging:
            staged = _stage(read, staging, request, progress)
            progress("register", 0, 1)
            releases = _register(store, directory, source, request, staged, sha256, fingerprint, clock())
            progress("register", 1, 1)
    return ImportOutcome(releases, existed=False)


def _stage(read: Read, staging: Path, request: ImportRequest, progress: Progress) -> list[StagedRelease]:
    def folder(kind: Kind) -> Path:
        (staging / kind).mkdir()
        return staging / kind

    file = request.file.name
    if isinstance(read, AreasRead):
        staged = [
            stage_sectors(read, folder(Kind.SECTORS), file=file, repair=request.repair, progress=progress),
        ]
        if read.counts is not None:
            staged.append(stage_counts(read.counts, Kind.SECTOR_COUNTS, read.facts, folder(Kind.SECTOR_COUNTS)))
        return staged
    if isinstance(read, CountsRead):
        return [stage_counts(read.counts, read.kind, read.facts, folder(read.kind))]
    return [stage_addresses(read, folder(Kind.ADDRESSES), file=file, progress=progress)]


def _register(
    store: Store,
    directory: DataDirectory,
    source: Source,
    request: ImportRequest,
    staged: list[StagedRelease],
    sha256: str,
    fingerprint: str,
    now: datetime,
) -> tuple[Release, ...]:
    """Move the staged folders into place and commit their rows: the last step of an import."""
    releases = []
    for item in staged:
        reference_date = request.reference_date or item.reference_date or now.date()
        releases.append(
            Release(
                name=_release_name(source, request, item.kind, reference_date, several=len(staged) > 1),
                kind=item.kind,
                country=item.country,
                source=source.name,
                reference_date=reference_date,
                imported_at=now,
                source_file=request.file.name,
                source_sha256=sha256,
                fingerprint=fingerprint,
                rows=item.rows,
                crs=item.crs,
                findings=[asdict(finding) for finding in item.findings],
                files=checksums(item.folder),
            )
        )
    with store.writing() as session:
        _refuse_known_names(session, releases)
        session.add_all(releases)
        session.flush()
        for release, item in zip(releases, staged, strict=True):
            item.fill_store(session, release)
            if session.get(ActiveRelease, (release.country, release.kind)) is None:
                activate(session, release, now)
        # The files come last before the commit: if that fails, they are taken away again.
        with directory.placing({release.name: item.folder for release, item in zip(releases, staged, strict=True)}):
            session.commit()
    return tuple(releases)


def _refuse_known_names(session: Session, releases: list[Release]) -> None:
    names = [release.name for release in releases]
    for taken in session.scalars(select(Release).where(Release.name.in_(names))):
        raise ReleaseExistsError(
            f"release {taken.name!r} exists and was made from another file ({taken.source_file}, "
            f"SHA-256 {taken.source_sha256[:12]}…) or with other options; give this one a --name or --date of its own"
        )


def _fingerprint(request: ImportRequest, sha256: str) -> str:
    """Return what makes an import the same as another: the bytes, and everything that changes how they are read."""
    read_as = {
        "source": request.source,
        "sha256": sha256,
        "country": request.country,
        "crs": request.crs,
        "layer": request.layer,
        "kind": request.kind,
        "mapping": request.mapping.canonical(),
        "repair": request.repair,
    }
    return hashlib.sha256(json.dumps(read_as, sort_keys=True).encode()).hexdigest()


def _release_name(source: Source, request: ImportRequest, kind: Kind, day: date, *, several: bool) -> str:
    """Return `statbel-sectors-2024` and the like: what, and the day in as few parts as say it."""
    if request.name:
        return _slug(f"{request.name}-{kind}") if several and kind != Kind.SECTORS else _slug(request.name)
    prefix = source.prefixes.get(kind)
    if prefix is None:
        stem = _slug(request.file.name.split(".")[0])
        prefix = stem if kind in (Kind.SECTORS, Kind.ADDRESSES) else f"{stem}-{kind}"
    return f"{prefix}-{_short_date(day)}"


def _short_date(day: date) -> str:
    if (day.month, day.day) == (1, 1):
        return f"{day.year}"
    return f"{day:%Y-%m}" if day.day == 1 else day.isoformat()


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60]
    if not slug:
        raise ImportOptionError(f"no release can be called {text!r}; use letters, digits and hyphens")
    return slug
