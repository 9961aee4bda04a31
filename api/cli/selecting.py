"""What commands select dwellings by: buurten, a street, files of an area, of a line or of addresses."""

from pathlib import Path
from typing import Any

import typer
from pydantic_core import from_json

from api.geojson_input import read_area, read_line
from api.selection_models import MOST_ADDRESSES, MOST_METRES
from households.selections import AtAddresses, InArea, InBuurten, NearLine, OnStreet, Wish


def read_wish(
    buurten: list[str] | None,
    municipality: str | None,
    street: str | None,
    postcode: str | None,
    within: Path | None,
    near_line: Path | None,
    metres: float | None,
    addresses: Path | None,
) -> Wish:
    """Return what is meant by the options of a command.

    Raises
    ------
    typer.BadParameter
        Not exactly one of them is given, or a file cannot be used.
    """
    given = {"--buurt": buurten, "--street": street, "--within": within, "--near-line": near_line}
    told = [name for name, value in (given | {"--addresses": addresses}).items() if value]
    if len(told) != 1:
        raise typer.BadParameter(
            "give one of --buurt, --street, --within, --near-line and --addresses"
            + (f", not {' and '.join(told)}" if told else "")
        )
    if (metres is None) != (near_line is None):
        raise typer.BadParameter("--near-line and --metres go together", param_hint="--metres")
    if (municipality is None) != (street is None):
        raise typer.BadParameter("--street and --municipality go together", param_hint="--municipality")
    if street is not None and municipality is not None:
        return OnStreet(municipality, name=street, postcode=postcode)
    if within is not None:
        return InArea(read_area(_geometry(within, "--within"), str(within)))
    if near_line is not None and metres is not None:
        if not 0 < metres <= MOST_METRES:
            raise typer.BadParameter(f"a distance is more than 0 and at most {MOST_METRES:,} m", param_hint="--metres")
        return NearLine(read_line(_geometry(near_line, "--near-line"), str(near_line)), metres)
    if addresses is not None:
        return AtAddresses(_address_ids(addresses))
    return InBuurten(tuple(buurten or ()))


def _geometry(file: Path, option: str) -> Any:
    """Return the geometry of a GeoJSON file, of its one feature where it has features."""
    try:
        value = from_json(_text(file, option))
    except ValueError as error:
        raise typer.BadParameter(f"{file}: this is no JSON: {error}", param_hint=option) from error
    if isinstance(value, dict) and value.get("type") == "FeatureCollection":
        features = value.get("features")
        if not isinstance(features, list) or len(features) != 1:
            raise typer.BadParameter(f"{file}: give a file with one feature", param_hint=option)
        [value] = features
    if isinstance(value, dict) and value.get("type") == "Feature":
        value = value.get("geometry")
    return value


def _address_ids(file: Path) -> tuple[str, ...]:
    lines = [line.strip() for line in _text(file, "--addresses").splitlines()]
    found = tuple(line for line in lines if line)
    if not found or len(found) > MOST_ADDRESSES:
        raise typer.BadParameter(
            f"{file}: {len(found):,} identifiers; give one a line, 1 to {MOST_ADDRESSES:,}", param_hint="--addresses"
        )
    return found


def _text(file: Path, option: str) -> str:
    try:
        return file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{file} cannot be read: {error}", param_hint=option) from error
