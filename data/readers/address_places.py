"""Where a batch of addresses stands in which file: messages name the row, and batches do not know theirs."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from data.tables import SourceError

Columns = Mapping[str, pa.Array]
"""Columns of a batch under our names, null where a field is empty; those that a file does not have are absent."""


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a batch."""

    file: str
    """Name for messages."""
    first_row: int
    """Number of its first row; data rows count from 1."""

    def row(self, index: int) -> int:
        """Return the number of a row, by its index in the batch."""
        return self.first_row + index

    def error(self, code: str, message: str, index: int, *, remedy: str) -> SourceError:
        """Return an error about a row, by its index in the batch."""
        return SourceError(code, message, file=self.file, row=self.row(index), remedy=remedy)
