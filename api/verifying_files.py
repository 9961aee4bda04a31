"""Verifies a file of addresses in parts, each written whole, so that a run that was killed goes on where it stopped."""

import csv
import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from api.address_files import (
    PARQUET,
    ROWS_PER_PART,
    check_ending,
    count_rows,
    make_questions,
    map_columns,
    read_columns,
    read_parts,
)
from api.answers import VerificationAnswer, describe_verification
from api.atlas import Atlas, NothingActiveError
from api.reason_texts import Language, address_language
from api.verifying import verify_many
from data.directory import checksum
from data.readers.mapping import ColumnMapping
from data.tables import SourceError
from geo.addresses import AddressQuery

ANSWER_SCHEMA: Final = pa.schema(
    [(name, pa.string()) for name in ("verdict", "level")]
    + [("score", pa.float64())]
    + [(name, pa.string()) for name in ("address_id", "formatted", "sector_code", "municipality_code", "buurt_code")]
    + [("lon", pa.float64()), ("lat", pa.float64()), ("reasons", pa.string()), ("error", pa.string())]
)
"""Columns of the answer; reasons are codes with a space between them."""
TAKEN_PREFIX: Final = "answer_"
MANIFEST: Final = "run.json"


@dataclass(frozen=True, slots=True)
class FileRun:
    """A file to verify, and how.

    Attributes
    ----------
    file, out
        CSV or Parquet, by their endings.
    language, require_box
        As in `VerificationRequest`.
    """

    file: Path
    out: Path
    mapping: ColumnMapping
    language: Language = "nl"
    require_box: bool = True
    rows_per_part: int = ROWS_PER_PART

    @property
    def parts_folder(self) -> Path:
        """Where the parts wait until all are there."""
        return self.out.with_name(self.out.name + ".parts")


def verify_file(atlas: Atlas, run: FileRun, progress: Callable[[int, int], None]) -> int:
    """Verify a file of addresses.

    Each part of the answer is a file of its own in `parts_folder` until the last is there; a second run of the same
    file, options and releases asks only for the parts that are missing, any other begins anew. The answer
    takes its place at once, whole.

    Parameters
    ----------
    progress
        Told of the rows answered and the rows in all.

    Returns
    -------
    int
        How many rows were answered by an earlier run.

    Raises
    ------
    MappingError, SourceError
        The file or its columns cannot be used, or the answer would replace the file.
    NothingActiveError
        No addresses are active.
    """
    if run.out.resolve() == run.file.resolve():
        raise SourceError("same-file", "the answer would replace the file itself.", file=run.file.name)
    ending = check_ending(run.out)
    if not run.file.is_file():
        raise SourceError("no-such-file", "there is no such file.", file=str(run.file))
    names = read_columns(run.file)
    mapping = map_columns(names, run.mapping, run.file.name)
    if not any(country.address_index for country in atlas.countries.values()):
        raise NothingActiveError("no addresses release is active")
    total = count_rows(run.file)
    _prepare(run, atlas, mapping)
    done = kept = 0
    places: list[Path] = []
    for number, part in enumerate(read_parts(run.file, run.rows_per_part)):
        place = run.parts_folder / f"{number:08}{ending}"
        if place.exists():
            kept += len(part.rows)
        else:
            answers = _answers(atlas, make_questions(part, mapping), run)
            _write_whole(place, _joined(part.rows, answers))
        places.append(place)
        done += len(part.rows)
        progress(done, total)
    if not places:
        raise SourceError("empty-file", "the file has no rows.", file=run.file.name)
    _join_parts(places, [*names, *_own_names(names)], run.out)
    shutil.rmtree(run.parts_folder)
    return kept


def _prepare(run: FileRun, atlas: Atlas, mapping: ColumnMapping) -> None:
    """Leave the parts of an interrupted run where it was this very run, and none of another."""
    manifest = json.dumps(
        {
            "file": checksum(run.file),
            "mapping": mapping.canonical(),
            "language": run.language,
            "require_box": run.require_box,
            "rows_per_part": run.rows_per_part,
            "releases": sorted(r.name for country in atlas.countries.values() for r in country.releases.values()),
        },
        sort_keys=True,
    )
    folder = run.parts_folder
    place = folder / MANIFEST
    if place.is_file() and place.read_text(encoding="utf-8") == manifest:
        return
    if folder.exists():
        if not place.is_file() and any(folder.iterdir()):
            raise SourceError(
                "foreign-folder",
                "the folder is not that of an interrupted run.",
                file=str(folder),
                remedy="Move it away, or give another --out.",
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    _replace(place, lambda path: path.write_text(manifest, encoding="utf-8"))


def _answers(atlas: Atlas, questions: Sequence[AddressQuery | str], run: FileRun) -> pa.Table:
    active = {name for name, country in atlas.countries.items() if country.address_index}
    rows: list[dict[str, Any]] = [
        {"error": question}
        if isinstance(question, str)
        else {"error": f"no addresses release is active in {question.country}"}
        if question.country is not None and question.country not in active
        else {}
        for question in questions
    ]
    asked = [place for place, row in enumerate(rows) if not row]
    queries = [question for place in asked if isinstance(question := questions[place], AddressQuery)]
    lang = address_language(run.language)
    found = verify_many(atlas, queries, lang=lang, require_box=run.require_box)
    for place, verification in zip(asked, found, strict=True):
        rows[place] = _row(describe_verification(verification, run.language))
    columns = {name: [row.get(name) for row in rows] for name in ANSWER_SCHEMA.names}
    return pa.table(columns, schema=ANSWER_SCHEMA)


def _row(answer: VerificationAnswer) -> dict[str, Any]:
    row: dict[str, Any] = {
        "verdict": answer["verdict"].value,
        "level": answer["level"].value,
        "score": answer["score"],
        "reasons": " ".join(reason["code"] for reason in answer["reasons"]),
    }
    if address := answer["address"]:
        row |= {
            "address_id": address["address_id"],
            "formatted": address["formatted"],
            "municipality_code": address["municipality"]["code"],
        }
        if position := address["position"]:
            row |= {"lon": position["lon"], "lat": position["lat"]}
    if place := answer["place"]:
        row |= {"sector_code": place["sector"]["code"], "buurt_code": place["buurt"]["code"]}
    return row


def _joined(rows: pa.Table, answers: pa.Table) -> pa.Table:
    for name, column in zip(_own_names(rows.schema.names), answers.columns, strict=True):
        rows = rows.append_column(name, column)
    return rows


def _own_names(names: Sequence[str]) -> list[str]:
    """Name the columns of the answer; a name that the file uses already gets a prefix."""
    own: list[str] = []
    for name in ANSWER_SCHEMA.names:
        while name in names or name in own:
            name = TAKEN_PREFIX + name  # noqa: PLW2901 -- until it is free
        own.append(name)
    return own


def _write_whole(place: Path, table: pa.Table) -> None:
    def write(path: Path) -> None:
        if place.suffix == PARQUET:
            pq.write_table(table, path)
            return
        with path.open("w", encoding="utf-8", newline="") as stream:
            rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
            csv.writer(stream, lineterminator="\n").writerows(rows)

    _replace(place, write)


def _join_parts(places: Sequence[Path], names: Sequence[str], out: Path) -> None:
    def write(path: Path) -> None:
        if check_ending(out) == PARQUET:
            with pq.ParquetWriter(path, pq.read_schema(places[0])) as writer:
                for place in places:
                    writer.write_table(pq.read_table(place))
            return
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerow(names)
            for place in places:
                with place.open(encoding="utf-8", newline="") as part:
                    shutil.copyfileobj(part, stream)

    _replace(out, write)


def _replace(place: Path, write: Callable[[Path], object]) -> None:
    """Write a file beside its place and rename it, flushed to the disk first: it is there whole or not at all."""
    beside = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        write(beside)
        with beside.open("rb") as stream:
            os.fsync(stream.fileno())
        beside.replace(place)
    finally:
        beside.unlink(missing_ok=True)
