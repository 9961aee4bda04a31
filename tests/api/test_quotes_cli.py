"""Price books and quotes on the command line, on each of the two stores."""

import csv
import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api.cli import app
from data.municipalities import UnknownMunicipalityError
from licensing.frozen_quotes import read_record
from licensing.price_book_reader import PriceBookError, example_source

Run = Callable[..., Result]


@pytest.fixture
def run(named_store: None, monkeypatch: pytest.MonkeyPatch) -> Run:

    def run_command(*arguments: str | Path) -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)

    assert run_command("pricebook", "publish", "--example").exit_code == 0
    return run_command


@pytest.mark.parametrize("name", ["Demodorp", "DEMODORP", "démodorp", "99001"])
def test_a_municipality_is_found_by_code_or_name_whatever_its_case_and_accents(run: Run, name: str) -> None:
    result = run("quote", name, "--csv")
    assert result.exit_code == 0
    assert {line["municipality"] for line in csv.DictReader(io.StringIO(result.stdout))} == {"99001"}


def test_a_name_that_nobody_has_is_told_with_those_that_are_like_it(run: Run) -> None:
    with pytest.raises(UnknownMunicipalityError, match=r"did you mean Demodorp \(99001\)"):
        run("quote", "dorp")


def test_an_issued_quote_is_written_as_its_record_and_pdf(run: Run, tmp_path: Path) -> None:
    record, pdf = tmp_path / "quote.json", tmp_path / "quote.pdf"
    result = run("quote", "99001", "--years", "3", "--lang", "de", "--issue", "--json", record, "--pdf", pdf)
    assert "Q-" in result.stdout
    assert read_record(record.read_bytes()).quote.request.language == "de"
    assert pdf.read_bytes().startswith(b"%PDF-1.7")
    json.loads(record.read_bytes(), parse_float=lambda text: pytest.fail(f"a binary number: {text}"))


def test_a_price_book_is_checked_with_its_lines(run: Run, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(example_source().replace("example-2026", "other"), encoding="utf-8")
    bad.write_text(example_source().replace("minimum: 1500", "minimum: -1"), encoding="utf-8")
    assert "other is a price book" in run("pricebook", "check", good).stdout
    with pytest.raises(PriceBookError, match=r"line 13, base\.minimum"):
        run("pricebook", "check", bad)
    assert "code" in run("pricebook", "diff", "example-2026", good).stdout
    with pytest.raises(PriceBookError, match="holds from 2026-01-01 already"):
        run("pricebook", "publish", good)
    assert "example-2026" in run("pricebook", "list").stdout


def test_a_quote_is_compared_with_other_books_plans_and_counts(run: Run, tmp_path: Path) -> None:
    book, answer = tmp_path / "dearer.yaml", tmp_path / "compared.json"
    text = example_source().replace("example-2026", "dearer").replace("2026-01-01", "2099-01-01")
    book.write_text(text.replace("minimum: 1500", "minimum: 1600"), encoding="utf-8")
    run("pricebook", "publish", book)
    compared = run(
        "quote", "Demodorp", "--years", "3", "--compare-book", "dearer", "--compare-plan", "2026-11-24",
        "--compare-count", "99001-01=9000", "--compare-json", answer,
    )  # fmt: skip
    assert compared.exit_code == 0
    rows = {line.split("  ")[0]: line for line in compared.stdout[compared.stdout.index("what if") :].splitlines()}
    assert "+€" in rows["price book dearer"]
    assert "€0.00" in rows["plans of 2026-11-24"]
    assert "9,000" in rows["other counts"]
    told = json.loads(answer.read_bytes(), parse_float=lambda text: pytest.fail(f"a binary number: {text}"))
    assert [other["name"] for other in told["what_if"]] == list(rows)[2:5]
    for other in told["what_if"]:
        assert Decimal(other["net"]) - Decimal(told["quote"]["net"]) == Decimal(other["difference"])
    assert "draft" not in run("quotes", "list", "--price-book", "dearer").stdout


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--compare-count", "99001-01"], "BUURT=HOUSEHOLDS"),
        (["--compare-count", "99001-01=-5"], "BUURT=HOUSEHOLDS"),
        (["--compare-count", "99001-01=5", "--compare-count", "99001-01=6"], "given twice"),
        (["--compare-book", "dearer", "--issue"], "not stored"),
        (["--compare-json", "x.json"], "needs --compare-book"),
        (["--compare-plan", "yesterday"], "write a date"),
    ],
)
def test_a_comparison_that_cannot_be_made_is_refused(run: Run, options: list[str], told: str) -> None:
    refused = run("quote", "99001", *options)
    assert refused.exit_code == 2
    assert told in " ".join(refused.output.replace("│", " ").split())
