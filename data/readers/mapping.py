"""A column mapping: which column of a municipality's own file stands for which of ours, or which value does."""

import json
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


class MappingError(ValueError):
    """A column mapping that cannot be read; the message quotes the part to blame."""


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Columns and constants by target.

    Examples
    --------
    >>> mapping = ColumnMapping.read(["sector_code=wijk", "municipality_code:=GM0363"])
    >>> mapping.columns, mapping.constants
    ({'sector_code': 'wijk'}, {'municipality_code': 'GM0363'})
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    """Column of the file, by target."""
    constants: Mapping[str, str] = field(default_factory=dict)
    """Value for every row, by target."""

    @classmethod
    def read(cls, pairs: Iterable[str], file: Path | None = None) -> "ColumnMapping":
        """Read a mapping from `TARGET=COLUMN` and `TARGET:=VALUE` pairs, and from a TOML file that they override.

        The file has up to two tables, `[columns]` and `[constants]`, of target = "text".

        Raises
        ------
        MappingError
            A pair or the file cannot be read.
        """
        columns, constants = _read_toml(file) if file is not None else ({}, {})
        for pair in pairs:
            target, separator, value = pair.partition("=")
            target, value = target.strip(), value.strip()
            constant = target.endswith(":")
            target = target.removesuffix(":").strip()
            if not separator or not target or not value:
                raise MappingError(f"{pair!r} is no mapping; write TARGET=COLUMN, or TARGET:=VALUE for a constant")
            columns.pop(target, None)
            constants.pop(target, None)
            (constants if constant else columns)[target] = value
        return cls(columns, constants)

    def __bool__(self) -> bool:
        return bool(self.columns or self.constants)

    def canonical(self) -> str:
        """Return the mapping as text that is the same for the same mapping."""
        return json.dumps([dict(self.columns), dict(self.constants)], sort_keys=True, ensure_ascii=False)

    def check_targets(self, known: Collection[str]) -> None:
        """Refuse targets that mean nothing.

        Raises
        ------
        MappingError
            A target is not among the known ones.
        """
        for target in (*self.columns, *self.constants):
            if target not in known:
                raise MappingError(f"{target!r} is no target of a mapping here; there are: {', '.join(known)}")


def _read_toml(file: Path) -> tuple[dict[str, str], dict[str, str]]:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise MappingError(f"{file}: the mapping cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MappingError(f"{file}: the mapping is no TOML: {error}") from error
    unknown = set(content) - {"columns", "constants"}
    tables = [content.get("columns", {}), content.get("constants", {})]
    if unknown or not all(isinstance(table, dict) for table in tables):
        raise MappingError(f"{file}: a mapping has the tables [columns] and [constants], and nothing else")
    for table in tables:
        for target, value in table.items():
            if not isinstance(value, str):
                raise MappingError(f"{file}: {target} must be text in quotation marks, not {value!r}")
    return dict(tables[0]), dict(tables[1])
