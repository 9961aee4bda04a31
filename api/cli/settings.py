"""The `settings` command: one table of every setting, as docs/settings.md has it."""

import json
from pathlib import Path
from typing import Any

import typer
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python
from pydantic_settings import BaseSettings

from api.settings import all_settings

HEAD = """\
# Settings

All come from the environment. A list or an object is written as JSON. What cannot be used is told at the start, by its
name and without its value. This page is the output of `buurtwijzer settings`.
"""


def settings_page() -> str:
    """Return the page, in Markdown: a table for every class of settings, in the order of the source."""
    return HEAD + "".join(map(_section, all_settings()))


def _section(group: type[BaseSettings]) -> str:
    prefix = group.model_config.get("env_prefix", "")
    summary, _, more = (group.__doc__ or "").partition("\n\n")
    told = " ".join(f"{summary} {more}".split())
    rows = "".join(
        f"| `{prefix}{name.upper()}` | {_default(field)} | {_described(field)} |\n"
        for name, field in group.model_fields.items()
    )
    return f"\n## `{prefix}…`\n{told}\n\n| setting | default | |\n| --- | --- | --- |\n{rows}"


def _default(field: FieldInfo) -> str:
    value: Any = field.get_default(call_default_factory=True)
    if value is None or value in ((), {}, ""):
        return ""
    if isinstance(value, Path | str):
        return f"`{value}`"
    return f"`{json.dumps(to_jsonable_python(value), ensure_ascii=False)}`"


def _described(field: FieldInfo) -> str:
    return (field.description or "").replace("|", r"\|")


def show() -> None:
    """Print every setting with its default and what it means, in Markdown."""
    typer.echo(settings_page(), nl=False)


def add_commands(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command("settings")(show)
