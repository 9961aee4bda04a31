"""Stored quotes on the command line: kept, issued, answered, revised, invoiced; licences and their renewals."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner, Result

from api.cli import app
from data.quotes.offers import UnknownQuoteError
from licensing.frozen_quotes import read_record
from licensing.quote_request import QuoteError
from licensing.ubl import InvoiceError

Run = Callable[..., Result]
CUSTOMER = {
    "name": "Demodorp",
    "street": "Markt 1",
    "postcode": "9993",
    "city": "Demodorp",
    "peppol_scheme": "0208",
    "peppol_id": "0207437468",
    "vat_number": "BE0207437468",
    "registration": "0207437468",
}


@pytest.fixture
def run(named_store: None, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("COLUMNS", "200")

    def run_command(*arguments: str | Path) -> Result:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result

    run_command("pricebook", "publish", "--example")
    return run_command


@pytest.fixture
def draft(run: Run, tmp_path: Path) -> str:
    customer = tmp_path / "customer.json"
    customer.write_text(json.dumps(CUSTOMER), encoding="utf-8")
    told = run("quote", "99001", "--years", "2", "--start", "2031-01-01", "--draft", "--customer", customer).stdout
    found = re.search(r"kept as draft ([0-9a-f]{24})", told)
    assert found is not None, told
    return found[1]


def facts(run: Run, name: str) -> Any:
    return json.loads(run("quotes", "show", name, "--json").stdout)


def test_a_draft_is_issued_accepted_licensed_and_invoiced(run: Run, draft: str, tmp_path: Path) -> None:
    record, pdf = tmp_path / "record.json", tmp_path / "quote.pdf"
    run("quotes", "show", draft, "--record", record)
    assert "is issued, valid until" in run("quotes", "issue", draft).stdout
    shown = facts(run, draft)
    number = shown["number"]
    run("quotes", "show", number, "--pdf", pdf)
    assert pdf.read_bytes().startswith(b"%PDF")
    assert json.loads(record.read_bytes()) == shown["record"]
    assert read_record(record.read_bytes()).customer.name == "Demodorp"
    assert number in run("quotes", "list", "--state", "issued", "--municipality", "99001").stdout
    assert f"{number} is accepted" in run("quotes", "accept", number).stdout
    listed = json.loads(run("licences", "list", "--on", "2032-12-31", "--json").stdout)["data"]
    assert number in [licence["number"] for licence in listed]
    assert number not in run("licences", "list", "--on", "2033-01-01").stdout
    assert number not in run("licences", "renewals", "--within-days", "30").stdout
    invoice = ET.fromstring(run("quotes", "invoice", number, "--year", "2", "--number", "2032/1").stdout)
    ids = [node.text for node in invoice if node.tag.endswith("}ID")]
    assert ids == ["2032/1"]


def test_a_quote_without_a_peppol_address_makes_no_invoice(run: Run) -> None:
    told = run("quote", "99001", "--issue").stdout
    number = told.split()[0]
    run("quotes", "accept", number)
    with pytest.raises(InvoiceError, match="PEPPOL-EN16931-R010"):
        run("quotes", "invoice", number)


def test_a_declined_quote_is_revised_and_the_new_draft_names_it(run: Run, draft: str) -> None:
    run("quotes", "issue", draft)
    number = facts(run, draft)["number"]
    run("quotes", "decline", number)
    told = run("quotes", "revise", number, "--years", "3", "-p", "buurtcommunicatie", "--lang", "fr").stdout
    found = re.search(r"([0-9a-f]{24}) is draft, revises " + number, told)
    assert found is not None, told
    new = facts(run, found[1])
    assert (new["years"], new["language"], new["start"], new["revision"]) == (3, "fr", "2031-01-01", 1)
    assert new["record"]["customer"]["name"] == "Demodorp"
    with pytest.raises(QuoteError, match="cannot become accepted"):
        run("quotes", "accept", number)


def test_drift_is_told_in_the_language_of_the_quote(run: Run, draft: str) -> None:
    assert "nog altijd 3.363 huishoudens" in run("quotes", "drift", draft).stdout
    [drift] = json.loads(run("quotes", "drift", draft, "--json").stdout)["data"]
    assert (drift["quoted"], drift["current"], drift["percent"]) == (3363, 3363, "0.00")


def test_a_long_list_goes_on_where_the_page_before_ended(run: Run, draft: str) -> None:
    page = json.loads(run("quotes", "list", "--limit", "1", "--json").stdout)
    run("quote", "99001", "--draft")
    first = json.loads(run("quotes", "list", "--limit", "1", "--json").stdout)
    after = run("quotes", "list", "--limit", "1", "--after", first["next_cursor"], "--json").stdout
    assert [quote["id"] for quote in json.loads(after)["data"]] == [page["data"][0]["id"]] == [draft]


def test_bad_input_is_told(run: Run, tmp_path: Path) -> None:
    with pytest.raises(UnknownQuoteError, match="no quote 'Q-2020-000001'"):
        run("quotes", "show", "Q-2020-000001")
    customer = tmp_path / "customer.json"
    customer.write_text('{"name": "x", "colour": 1}', encoding="utf-8")
    refused = CliRunner().invoke(app, ["quote", "99001", "--customer", str(customer)])
    assert refused.exit_code == 2
    assert "colour" in refused.output
