"""What a backup says of itself, in its first file: nothing of it is believed before every byte is as it says."""

import hashlib
import json
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

MANIFEST_FILE = "manifest.json"
FORMAT = "buurtwijzer-backup"
FORMAT_VERSION = 1
StoreKind = Literal["sqlite", "postgresql"]

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
FilePath = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*$")]
"""Relative, with nothing hidden in it and no way up: it becomes a path where the backup is restored."""


class BackupError(RuntimeError):
    """A backup cannot be made, read or put back; the message says why and what to do."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BackedUpFile(_Part):
    """One file of a backup."""

    bytes: int = Field(ge=0)
    sha256: Sha256


class BackedUpStore(_Part):
    """The store, as one file."""

    kind: StoreKind
    file: FilePath
    revision: str
    """Of the schema."""
    version: int
    """What goes up whenever answers change."""
    rows: dict[str, int]
    """Rows of every table."""
    household_keys: tuple[str, ...]
    """Identifiers of the keys that hashed what is kept of members. The keys themselves are in no backup."""
    database_schema: str | None = None
    """The PostgreSQL schema that the tables are in."""


class BackedUpRelease(_Part):
    """A release, as the store has it."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    files: dict[FilePath, Sha256]


class Manifest(_Part):
    """Everything that a backup holds, and how it came about."""

    made_at: datetime
    made_by: str
    """The program and its version."""
    store: BackedUpStore
    releases: tuple[BackedUpRelease, ...]
    files: dict[FilePath, BackedUpFile]
    """Every file but the manifest itself."""

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(file.bytes for file in self.files.values())

    def encode(self) -> bytes:
        """Return the manifest's file: the one text that stands for it, with its own checksum inside."""
        content = {"format": FORMAT, "format_version": FORMAT_VERSION, **self.model_dump(mode="json")}
        return _text({**content, "sha256": _checksum(content)})

    @classmethod
    def decode(cls, text: bytes) -> Self:
        """Read a manifest's file.

        Raises
        ------
        BackupError
            It is none, of a format that this program does not know, or not what was written.
        """
        try:
            content = json.loads(text)
        except ValueError as error:
            raise BackupError(f"the backup is damaged in {MANIFEST_FILE}; nothing was changed") from error
        if not isinstance(content, dict) or content.pop("format", None) != FORMAT:
            raise BackupError(f"{MANIFEST_FILE} is not that of a backup of Buurtwijzer, or is damaged")
        found = content.pop("format_version", None)
        if found != FORMAT_VERSION:
            raise BackupError(
                f"the backup has format {found!r}, and this program reads {FORMAT_VERSION}: use the version of the "
                "program that made it, or a later one"
            )
        content.pop("sha256", None)
        try:
            manifest = cls.model_validate(content)
        except ValidationError as error:
            raise BackupError(f"the backup is damaged in {MANIFEST_FILE}; nothing was changed") from error
        if manifest.encode() != text:
            raise BackupError(f"the backup is damaged in {MANIFEST_FILE}; nothing was changed")
        return manifest


def release_path(name: str, file: str) -> str:
    """Return where a release's file lies in a backup."""
    return f"releases/{name}/{file}"


def _text(content: dict[str, Any]) -> bytes:
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def _checksum(content: dict[str, Any]) -> str:
    return hashlib.sha256(_text(content)).hexdigest()
