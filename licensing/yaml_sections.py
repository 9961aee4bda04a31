"""Reads YAML with the line of every value, collects all problems, and never lets a binary number in."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

import yaml

_DECIMAL = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")
_INTEGER = re.compile(r"[0-9]{1,9}")
_CHOICE = TypeVar("_CHOICE", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, or worth knowing, at a line of a file (counted from 1)."""

    line: int
    path: str
    code: str
    """Stable: `not-yaml`, `unknown-key`, `missing-key`, `duplicate-key`, `wrong-kind`, `not-a-decimal`,
    `binary-number`, `negative`, `out-of-range`, `tiers-overlap`, `tiers-gap`, `price-drop`, …"""
    message: str

    @property
    def place(self) -> str:
        """Where it is: the line, and the value unless it is the whole file."""
        return f"line {self.line}, {self.path}" if self.path else f"line {self.line}"

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


@dataclass(slots=True)
class Notes:
    """The problems found so far in one file, and the line of each value."""

    problems: list[Problem] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)

    def report(self, node: yaml.Node, path: str, code: str, message: str) -> None:
        """Note a problem at a node."""
        self.problems.append(Problem(node.start_mark.line + 1, path, code, message))


def compose(text: str, notes: Notes) -> "Section | None":
    """Parse a text whose top is a mapping; None, with the problem noted, where it is not."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        said = getattr(error, "problem", None) or "it cannot be read"
        notes.problems.append(Problem(line, "", "not-yaml", f"this is not YAML: {said}"))
        return None
    if not isinstance(node, yaml.MappingNode):
        notes.problems.append(Problem(1, "", "wrong-kind", "the file is a mapping of keys to values"))
        return None
    return Section(node, "", notes)


class Section:
    """A mapping that is taken apart key by key; `close` reports the keys that nobody asked for."""

    def __init__(self, node: yaml.MappingNode, path: str, notes: Notes) -> None:
        self.node, self.path, self.notes = node, path, notes
        self._values: dict[str, yaml.Node] = {}
        self._keys: dict[str, yaml.Node] = {}
        self._asked: set[str] = set()
        for key, value in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
            where = self.at(name)
            if name in self._values:
                notes.report(key, where, "duplicate-key", f"`{name}` is given twice")
            self._keys[name], self._values[name] = key, value
            notes.lines[where] = key.start_mark.line + 1

    def at(self, key: str) -> str:
        """Return the path of a key."""
        return f"{self.path}.{key}" if self.path else key

    def report(self, key: str, code: str, message: str) -> None:
        """Note a problem at a key, or at the section where the key is absent."""
        self.notes.report(self._keys.get(key, self.node), self.at(key), code, message)

    def keys(self) -> tuple[str, ...]:
        """Return the keys, in the order of the file."""
        return tuple(self._values)

    def has(self, key: str) -> bool:
        """Whether a key is there."""
        return key in self._values

    def _take(self, key: str, *, required: bool) -> yaml.Node | None:
        self._asked.add(key)
        node = self._values.get(key)
        if node is None and required:
            self.report(key, "missing-key", f"`{key}` is missing")
        return node

    def _scalar(self, key: str, *, required: bool) -> yaml.ScalarNode | None:
        node = self._take(key, required=required)
        if node is None or (isinstance(node, yaml.ScalarNode) and node.value.strip()):
            return node
        self.report(key, "wrong-kind", f"`{key}` is one value, and not empty")
        return None

    def text(self, key: str, pattern: str = r".{1,200}", *, required: bool = True) -> str:
        """Take a text; empty, with a problem noted, where there is none that fits."""
        node = self._scalar(key, required=required)
        if node is None:
            return ""
        if not re.fullmatch(pattern, node.value):
            self.report(key, "wrong-kind", f"`{node.value}` does not fit {pattern}")
            return ""
        return str(node.value)

    def flag(self, key: str) -> bool:
        """Take true or false; false where it is absent."""
        node = self._scalar(key, required=False)
        if node is not None and node.value not in {"true", "false"}:
            self.report(key, "wrong-kind", f"`{key}` is true or false")
        return node is not None and node.value == "true"

    def day(self, key: str) -> date:
        """Take a date written as 2026-01-31."""
        node = self._scalar(key, required=True)
        if node is None:
            return date.min
        try:
            if re.fullmatch(r"\d{4}-\d{2}-\d{2}", node.value, re.ASCII):
                return date.fromisoformat(node.value)
        except ValueError:
            pass
        self.report(key, "wrong-kind", f"`{node.value}` is no date; write it as 2026-01-31")
        return date.min

    def integer(self, key: str, lowest: int, highest: int, *, required: bool = True) -> int | None:
        """Take a whole number in a range; None where it is absent or wrong."""
        node = self._scalar(key, required=required)
        if node is None:
            return None
        if not _INTEGER.fullmatch(node.value):
            self.report(key, "wrong-kind", f"`{node.value}` is no whole number")
            return None
        if not lowest <= int(node.value) <= highest:
            self.report(key, "out-of-range", f"{node.value} is not in {lowest} to {highest}")
            return None
        return int(node.value)

    def decimal(
        self, key: str, *, required: bool = True, places: int = 6, highest: Decimal | None = None
    ) -> Decimal | None:
        """Take a decimal: whole, or in quotes; None where it is absent or wrong.

        Other YAML tools read an unquoted `0.30` as a binary number, and one that rewrites the file would change it.
        """
        node = self._scalar(key, required=required)
        if node is None:
            return None
        text = node.value
        if node.tag == "tag:yaml.org,2002:float":
            self.report(key, "binary-number", f'`{text}` is a binary number to YAML; write "{text}" in quotes')
        elif re.fullmatch(r"-[0-9]+(\.[0-9]+)?", text):
            self.report(key, "negative", f"{text} is negative")
        elif not _DECIMAL.fullmatch(text) or len(text.partition(".")[2]) > places:
            self.report(key, "not-a-decimal", f'`{text}` is no decimal with at most {places} places, such as "0.30"')
        elif highest is not None and Decimal(text) > highest:
            self.report(key, "out-of-range", f"{text} is more than {highest}")
        else:
            return Decimal(text)
        return None

    def choice(self, key: str, choices: type[_CHOICE], default: _CHOICE | None = None) -> _CHOICE | None:
        """Take one of the values of an enumeration."""
        node = self._scalar(key, required=default is None)
        if node is None:
            return default
        try:
            return choices(node.value)
        except ValueError:
            self.report(key, "wrong-kind", f"`{node.value}` is none of {', '.join(choices)}")
            return default

    def choices(self, key: str, choices: type[_CHOICE]) -> tuple[_CHOICE, ...]:
        """Take a list of values of an enumeration."""
        node = self._take(key, required=True)
        items = node.value if isinstance(node, yaml.SequenceNode) else []
        values = [str(item.value) for item in items if isinstance(item, yaml.ScalarNode)]
        if node is not None and (not values or not set(values) <= set(choices) or len(set(values)) < len(values)):
            self.report(key, "wrong-kind", f"`{key}` is a list out of {', '.join(choices)}, each once")
            return ()
        return tuple(choices(value) for value in values)

    def section(self, key: str, *, required: bool = True) -> "Section | None":
        """Take a mapping."""
        node = self._take(key, required=required)
        if node is None:
            return None
        if isinstance(node, yaml.MappingNode):
            return Section(node, self.at(key), self.notes)
        self.report(key, "wrong-kind", f"`{key}` is a mapping")
        return None

    def sections(self, key: str, *, required: bool = True) -> "tuple[Section, ...]":
        """Take a list of mappings."""
        node = self._take(key, required=required)
        if node is None:
            return ()
        items = node.value if isinstance(node, yaml.SequenceNode) else [None]
        if not all(isinstance(item, yaml.MappingNode) for item in items):
            self.report(key, "wrong-kind", f"`{key}` is a list of mappings")
            return ()
        return tuple(Section(item, f"{self.at(key)}[{place}]", self.notes) for place, item in enumerate(items, start=1))

    def close(self, also: Iterable[str] = ()) -> None:
        """Report the keys that were never asked for."""
        known = sorted(self._asked | set(also))
        for key in self.keys():
            if key not in self._asked:
                self.report(key, "unknown-key", f"`{key}` is unknown here; known: {', '.join(known)}")
