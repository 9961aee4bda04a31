"""A quote as canonical JSON, read back byte for byte, and as CSV."""

import csv
import hashlib
import io
import json

from pydantic import TypeAdapter, ValidationError

from licensing.quote_request import QuoteError
from licensing.quote_texts import ITEMS
from licensing.quotes import Quote
from licensing.steps import item_of

_QUOTE = TypeAdapter(Quote)
CSV_COLUMNS = (
    "municipality",
    "year",
    "first_day",
    "last_day",
    "kind",
    "programme",
    "description",
    "quantity",
    "amount",
    "currency",
)


def write_quote(quote: Quote) -> bytes:
    """Return a quote as canonical JSON.

    Keys are sorted, there is no white space, text is UTF-8, and every amount is a string, so that no reader makes a
    binary number of it. With no JSON fractions in it this is the form of RFC 8785 (JSON Canonicalization Scheme).

    Returns
    -------
    bytes
        The same for equal quotes.
    """
    plain = _QUOTE.dump_python(quote, mode="json")
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def read_quote(data: bytes) -> Quote:
    """Read a quote back.

    Parameters
    ----------
    data
        What `write_quote` gave.

    Returns
    -------
    Quote
        Written again, it gives the same bytes.

    Raises
    ------
    QuoteError
        `unreadable-quote`, where the bytes are no quote, or not in canonical form.
    """
    try:
        quote = _QUOTE.validate_json(data)
    except (ValidationError, QuoteError) as error:
        raise QuoteError("unreadable-quote", "quote", f"these bytes are no quote: {error}") from error
    if write_quote(quote) != data:
        raise QuoteError("unreadable-quote", "quote", "these bytes are not the canonical form of a quote")
    return quote


def digest_quote(quote: Quote) -> str:
    """Return the SHA-256 of a quote's canonical JSON, in hexadecimal."""
    return hashlib.sha256(write_quote(quote)).hexdigest()


def write_quote_csv(quote: Quote) -> str:
    """Return the lines of a quote as CSV (RFC 4180), with the names of the lines in the quote's language.

    Amounts have a decimal point and no grouping.
    """
    days = {year.year: year for year in quote.years}
    with io.StringIO(newline="") as buffer:
        writer = csv.writer(buffer)
        writer.writerow(CSV_COLUMNS)
        for line in quote.lines:
            year = days[line.year]
            name = ITEMS[item_of(line)][quote.request.language]
            where = (line.municipality, line.year, year.first, year.last)
            what = (line.kind.value, line.programme or "", name, line.quantity, line.amount, quote.currency)
            writer.writerow((*where, *what))
        return buffer.getvalue()
