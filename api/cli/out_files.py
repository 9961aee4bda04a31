"""Files that a command writes once it has changed something: refused before, where they cannot be written."""

import os
from pathlib import Path

import typer


def writable_file(text: str) -> Path:
    """Return the path of a file to write, which may be there already.

    A command that has published or numbered something and then cannot write its report would look as if it had
    failed.

    Raises
    ------
    BadParameter
        It is a folder, or in none that is there and can be written.
    """
    path = Path(text)
    folder = path.parent
    if path.is_dir():
        raise typer.BadParameter(f"{path} is a folder")
    if not folder.is_dir():
        raise typer.BadParameter(f"there is no folder {folder}")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise typer.BadParameter(f"{path} cannot be written")
    return path
