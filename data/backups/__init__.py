"""Backups: the store and the releases as they were at one moment, taken while the server goes on, and put back."""

from data.backups.manifest import BackupError, Manifest
from data.backups.restoring import Restored, restore_backup, restore_releases, verify_backup
from data.backups.writing import write_backup

__all__ = [
    "BackupError",
    "Manifest",
    "Restored",
    "restore_backup",
    "restore_releases",
    "verify_backup",
    "write_backup",
]
