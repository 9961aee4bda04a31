"""What-if on the command line: a quote beside other price books, plans and counts."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from api.cli.literal import LiteralTable
from api.quote_comparisons import Alternative, Compared
from api.quote_models import Preview
from api.quote_requests import MAX_COUNT, MAX_WHAT_IF
from licensing.number_formats import format_money
from licensing.quotes import Quote

out = Console()
CompareBooksOption = Annotated[
    list[str] | None,
    typer.Option("--compare-book", metavar="CODE", help="What if this published price book held? Repeatable."),
]
CompareCountsOption = Annotated[
    list[str] | None,
    typer.Option("--compare-count", metavar="BUURT=HOUSEHOLDS", help="What if a buurt had so many? All at once."),
]


def read_alternatives(
    books: Sequence[str] | None, plans: Sequence[date] | None, counts: Sequence[str] | None
) -> list[Alternative]:
    """Return what a quote is to be compared with: each book, each day's plans, and all counts together."""
    found = [Alternative(f"price book {code}", price_book=code) for code in books or ()]
    found += [Alternative(f"plans of {day}", plan_on=day) for day in plans or ()]
    if counts:
        found.append(Alternative("other counts", households=_read_counts(counts)))
    if len(found) > MAX_WHAT_IF:
        raise typer.BadParameter(f"compare with at most {MAX_WHAT_IF} alternatives, not {len(found)}")
    return found


def print_comparison(asked: Quote, compared: Sequence[Compared]) -> None:
    """Print what each alternative costs, and how much more or less than the quote as asked."""
    table = LiteralTable(box=None, pad_edge=False)
    table.add_column("what if")
    for heading in ("households", "letters", "net", "difference", "a household"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_row("as asked", *_facts(asked, ""))
    for other in compared:
        sign = "+" if other.difference > 0 else ""
        table.add_row(other.name, *_facts(other.quote, sign + format_money(other.difference, "en")))
    out.print()
    out.print(table)


def write_comparison(path: Path, asked: Quote, compared: Sequence[Compared]) -> None:
    """Write a comparison as JSON, in the form of the answer of `POST /v1/quotes:preview`."""
    path.write_text(Preview.of(asked, compared).model_dump_json(indent=2) + "\n", encoding="utf-8")


def _facts(quote: Quote, difference: str) -> tuple[str, str, str, str, str]:
    letters = sum(scope.letters_sent for scope in quote.request.scopes)
    per_household = quote.price_per_household
    return (
        f"{quote.households:,}",
        f"{letters:,}",
        format_money(quote.net, "en"),
        difference,
        "–" if per_household is None else format_money(per_household, "en"),
    )


def _read_counts(counts: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for text in counts:
        code, _, number = text.rpartition("=")
        if not code or not (number.isascii() and number.isdigit()) or len(number) > 9 or int(number) > MAX_COUNT:
            message = f"write {text!r} as BUURT=HOUSEHOLDS, such as 99001-01=4000; at most {MAX_COUNT:,}"
            raise typer.BadParameter(message, param_hint="--compare-count")
        if code in found:
            raise typer.BadParameter(f"{code} is given twice", param_hint="--compare-count")
        found[code] = int(number)
    return found
