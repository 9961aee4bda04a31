"""Writes the files of a run of letters: the printer's table, the letters, and the round plan as a table and a PDF."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path

from api.letters_pdf import LETTERS_A_FILE, LetterDates, LetterSender, render_letters, render_round
from data.members.letters import LetterBatch
from households.eligibility_texts import TextLanguage
from households.letters import name_in

LETTER_COLUMNS = (
    "number",
    "languages",
    "line_1",
    "line_2",
    "line_3",
    "street",
    "house_number",
    "box",
    "postcode",
    "locality",
    "country",
    "municipality",
    "buurt",
    "buurt_name",
    "sector",
    "code",
    "last_day",
)
ROUND_COLUMNS = (
    "order",
    "buurt",
    "sector",
    "sector_name",
    "street",
    "postcode",
    "letters",
    "odd_letters",
    "odd_first",
    "odd_last",
    "even_letters",
    "even_first",
    "even_last",
)


@dataclass(frozen=True, slots=True)
class LetterFiles:
    """What is written, and how."""

    batches: Sequence[LetterBatch]
    sender: LetterSender | None
    """None where no PDF of letters is wanted."""
    dates: LetterDates
    sector_names: Mapping[str, str]
    table: bool = True
    """Whether the printer's table is wanted."""

    def write(self, folder: Path, progress: Callable[[int], None]) -> None:
        """Write the files into a folder; `progress` is told how many letters were set."""
        if self.table:
            (folder / "letters.csv").write_text(self.letters_csv(), "utf-8", newline="")
        (folder / "rounds.csv").write_text(self.rounds_csv(), "utf-8", newline="")
        rounds = [(batch, batch.round) for batch in self.batches]
        moment = datetime.combine(self.dates.written, time(), UTC)
        for batch, streets in rounds:
            pdf = render_round(
                streets,
                batch.buurt.names,
                self.sector_names,
                _language_of(batch),
                self.dates.written,
                moment=moment,
            )
            (folder / f"round-{batch.buurt.code}.pdf").write_bytes(pdf)
        done = 0
        for batch in self.batches if self.sender is not None else ():
            for part, start in enumerate(range(0, len(batch.letters), LETTERS_A_FILE), start=1):
                some = batch.letters[start : start + LETTERS_A_FILE]
                assert self.sender is not None  # noqa: S101 -- there is no batch otherwise
                pdf = render_letters(some, batch.buurt.names, self.sender, self.dates, moment=moment)
                (folder / f"letters-{batch.buurt.code}-{part:03d}.pdf").write_bytes(pdf)
                done += len(some)
                progress(done)

    def letters_csv(self) -> str:
        """Return the printer's table, one row a letter."""
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(LETTER_COLUMNS)
        for batch in self.batches:
            for letter in batch.letters:
                address, language = letter.address, letter.languages[0]
                writer.writerow(
                    (
                        letter.number,
                        " ".join(letter.languages),
                        *(*letter.lines, "", "", "")[:3],
                        name_in(address.street, language),
                        address.house_number,
                        address.box or "",
                        address.postcode or "",
                        name_in(address.locality, language),
                        address.country,
                        address.municipality_code,
                        letter.buurt_code,
                        name_in(batch.buurt.names, language),
                        address.sector_code,
                        letter.code,
                        self.dates.last.isoformat(),
                    )
                )
        return text.getvalue()

    def rounds_csv(self) -> str:
        """Return the round plan as a table, one row a street; it holds no code."""
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(ROUND_COLUMNS)
        for batch in self.batches:
            for order, street in enumerate(batch.round, start=1):
                sides = [
                    cell
                    for side, span in ((street.odd, street.odd_span), (street.even, street.even_span))
                    for cell in (len(side), *(span or ("", "")))
                ]
                writer.writerow(
                    (
                        order,
                        batch.buurt.code,
                        street.sector_code,
                        self.sector_names.get(street.sector_code, ""),
                        street.street,
                        street.postcode or "",
                        len(street.addresses),
                        *sides,
                    )
                )
        return text.getvalue()


def _language_of(batch: LetterBatch) -> TextLanguage:
    """Return the language of most letters of a buurt, for those who bring them round."""
    first = [letter.languages[0] for letter in batch.letters]
    return max(sorted(set(first)), key=first.count)
