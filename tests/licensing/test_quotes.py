"""A quote adds up to the cent, explains every line, refuses what is not sold, and reads back byte for byte."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensing.money import Rounding, RoundingMode
from licensing.price_book import (
    BundleDiscount,
    Indexation,
    OneOff,
    Pilot,
    PriceBook,
    Programme,
    TermDiscount,
    Terms,
    Vat,
    VatTreatment,
)
from licensing.pricing import LineKind
from licensing.quote_formats import CSV_COLUMNS, digest_quote, read_quote, write_quote, write_quote_csv
from licensing.quote_request import (
    LANGUAGES,
    BuurtCount,
    Estimate,
    LettersPlan,
    MunicipalityScope,
    QuoteError,
    QuoteRequest,
    anniversary,
    licence_year,
)
from licensing.quotes import Quote, calculate_quote
from licensing.steps import explain, item_of
from licensing.tiers import Tier, TierMode, TierTable

Ask = Callable[..., QuoteRequest]

PRICES = st.integers(0, 40_000).map(lambda units: Decimal(units) / 10_000)
EUROS = st.integers(0, 500_000).map(lambda cents: Decimal(cents) / 100)
PERCENTS = st.integers(0, 10_000).map(lambda units: Decimal(units) / 100)


@st.composite
def tables(draw: st.DrawFn) -> TierTable:
    bounds = sorted(draw(st.sets(st.integers(1, 9_000), max_size=3)))
    minimum = draw(st.none() | EUROS)
    maximum = draw(st.none() | EUROS.map(lambda amount: (minimum or 0) + amount))
    tiers = tuple(Tier(bound, draw(PRICES), draw(EUROS)) for bound in [*bounds, None])
    return TierTable(draw(st.sampled_from(TierMode)), tiers, minimum, maximum)


@st.composite
def books(draw: st.DrawFn) -> PriceBook:
    terms = Terms(
        base=draw(tables()),
        programmes={programme: draw(tables()) for programme in Programme},
        one_off=OneOff(draw(EUROS), draw(PRICES)),
        vat=Vat(draw(PERCENTS), tuple(VatTreatment)),
        bundle_discounts=tuple(BundleDiscount(count, draw(PERCENTS)) for count in draw(st.sets(st.integers(1, 3)))),
        term_discounts=tuple(TermDiscount(years, draw(PERCENTS)) for years in draw(st.sets(st.integers(1, 4)))),
        indexation=draw(st.none() | st.builds(Indexation, PERCENTS, st.integers(2, 4))),
        pilot=Pilot(50, 10, draw(PERCENTS), draw(st.none() | EUROS)),
    )
    unit = draw(st.sampled_from([Decimal("0.01"), Decimal("0.05"), Decimal(1)]))
    rounding = Rounding(unit, draw(st.sampled_from(RoundingMode)))
    return PriceBook("book", "Book", date(2026, 1, 1), "EUR", False, 30, rounding, {"BE": terms, "NL": terms})


BUURTEN = st.lists(
    st.builds(
        BuurtCount, code=st.integers(1, 10_000).map(str), name=st.text(max_size=8), households=st.integers(0, 6_000),
        release=st.just("r1"), method=st.just("official"), unknown_sectors=st.integers(0, 2),
    ),
    min_size=1, max_size=6, unique_by=lambda buurt: buurt.code,
)  # fmt: skip


@st.composite
def letters_plans(draw: st.DrawFn) -> LettersPlan:
    dwellings, members = draw(st.integers(0, 8_000)), draw(st.integers(0, 8_000))
    return LettersPlan(max(dwellings - members, 0), dwellings, members, draw(st.integers(1, 20)), "best-2026")


@st.composite
def scopes(draw: st.DrawFn, code: str) -> MunicipalityScope:
    buurten = tuple(draw(BUURTEN))
    missing = draw(st.integers(0, 2))
    plan = draw(st.none() | letters_plans())
    homes = max(sum(buurt.households for buurt in buurten), 0 if plan is None else plan.dwellings)
    return MunicipalityScope(
        code,
        draw(st.text(max_size=8)),
        "BE",
        1,
        len(buurten) + missing,
        buurten,
        draw(st.none() | st.integers(0, homes)),
        letters_plan=plan,
    )


REQUESTS = st.builds(
    QuoteRequest,
    scopes=st.tuples(scopes("1")) | st.tuples(scopes("1"), scopes("2")),
    programmes=st.lists(st.sampled_from(Programme), unique=True).map(tuple),
    years=st.integers(1, 5),
    start=st.dates(date(2026, 1, 1), date(2040, 1, 1)),
    language=st.sampled_from(LANGUAGES),
    vat=st.sampled_from(VatTreatment),
)


def decimals_in(value: Any) -> list[Decimal]:
    if isinstance(value, Decimal):
        return [value]
    if isinstance(value, (str, bytes, int, date)) or value is None:
        return []
    assert not isinstance(value, float)
    if isinstance(value, (tuple, list)):
        return [found for item in value for found in decimals_in(item)]
    if isinstance(value, dict):
        return decimals_in(list(value.values()))
    return decimals_in([getattr(value, name) for name in value.__dataclass_fields__])


@given(REQUESTS, books())
def test_lines_sum_to_the_totals_to_the_cent(request: QuoteRequest, book: PriceBook) -> None:
    quote = calculate_quote(request, book)
    for year in quote.years:
        assert sum(line.amount for line in quote.lines if line.year == year.year) == year.net
        assert year.net + year.vat == year.gross
        assert abs(year.vat - year.net * quote.vat_percent / 100) <= Decimal("0.005")
    assert sum(line.amount for line in quote.lines) == quote.net
    assert (quote.net + quote.vat, len(quote.years)) == (quote.gross, request.years)
    for line in quote.lines:
        assert line.amount % book.rounding.unit == 0
        assert line.amount.as_tuple().exponent == -2
        assert (line.amount <= 0) if line.kind.discount else (line.amount >= 0)
    assert all(year.net >= 0 for year in quote.years)
    assert decimals_in(quote)


@given(REQUESTS, books())
def test_every_line_is_the_amount_of_a_step_and_every_sum_too(request: QuoteRequest, book: PriceBook) -> None:
    quote = calculate_quote(request, book)
    told = {(step.municipality, step.values.get("item"), step.year): step.values["amount"] for step in quote.steps
            if "amount" in step.values}  # fmt: skip
    for line in quote.lines:
        assert Decimal(told[(line.municipality, item_of(line), line.year)]) == line.amount
    amounts = [Decimal(step.values["amount"]) for step in quote.steps if step.municipality is None and step.year]
    assert amounts == [amount for year in quote.years for amount in (year.net, year.vat)]
    for language in LANGUAGES:
        for step in quote.steps:
            assert explain(step.code, step.values, language)


@given(REQUESTS, books())
def test_a_quote_reads_back_byte_for_byte(request: QuoteRequest, book: PriceBook) -> None:
    quote = calculate_quote(request, book)
    data = write_quote(quote)
    assert write_quote(read_quote(data)) == data
    assert read_quote(data) == quote
    assert json.loads(data, parse_float=pytest.fail)


@given(REQUESTS, books())
def test_a_quote_depends_on_its_inputs_and_not_on_the_threads_decimal_context(
    request: QuoteRequest, book: PriceBook
) -> None:
    expected = write_quote(calculate_quote(request, book))
    with localcontext() as context:
        context.prec = 4
        assert write_quote(calculate_quote(request, book)) == expected


@given(BUURTEN, st.data())
def test_splitting_buurten_over_several_quotes_never_changes_the_count(
    buurten: list[BuurtCount], data: st.DataObject
) -> None:
    parts: dict[int, list[BuurtCount]] = {}
    for buurt in buurten:
        parts.setdefault(data.draw(st.integers(0, 3)), []).append(buurt)
    book = data.draw(books())
    whole = MunicipalityScope("1", "A", "BE", 1, len(buurten), tuple(buurten))

    def quoted(scope: MunicipalityScope) -> int:
        request = QuoteRequest((scope,), (), 1, date(2027, 1, 1), "en")
        return calculate_quote(request, book).households

    split = [MunicipalityScope("1", "A", "BE", 1, len(buurten), tuple(part)) for part in parts.values()]
    assert sum(map(quoted, split)) == quoted(whole) == sum(buurt.households for buurt in buurten)


def test_a_whole_price_worked_out_by_hand(ask: Ask, example_book: PriceBook) -> None:
    request = ask(5_000, 7_000, programmes=(Programme.COMMUNICATION, Programme.INCLUSION), years=3)
    quote = calculate_quote(request, example_book)
    first = {item_of(line): line.amount for line in quote.lines if line.year == 1}
    assert first == {
        "base": Decimal("3500.00"),  # 5,000 x 0.35 + 7,000 x 0.25
        "inclusie-en-buurtzorg": Decimal("2480.00"),  # 10,000 x 0.22 + 2,000 x 0.14
        "buurtcommunicatie": Decimal("2020.00"),  # 10,000 x 0.18 + 2,000 x 0.11
        "bundle-discount": Decimal("-225.00"),  # 5 % of 4,500
        "term-discount": Decimal("-388.75"),  # 5 % of 7,775
        "start-up": Decimal("2500.00"),
        "letters": Decimal("10200.00"),  # 12,000 x 0.85
    }
    # Year 2: 3,570 + 2,529.60 + 2,060.40 - 229.50 - 396.53 (396.525 goes up).
    assert [year.net for year in quote.years[:2]] == [Decimal("20086.25"), Decimal("7533.97")]
    assert quote.years[1].vat == Decimal("1582.13")
    assert quote.price_per_household == Decimal("0.62")
    assert [(year.first, year.last) for year in quote.years][1] == (date(2028, 1, 1), date(2028, 12, 31))


def test_a_pilot_has_its_own_minimum_and_discount(ask: Ask, example_book: PriceBook) -> None:
    quote = calculate_quote(ask(1_000, in_plan=8), example_book)
    yearly = [(line.kind, line.amount) for line in quote.lines if not line.kind.one_off]
    assert yearly == [(LineKind.BASE, Decimal("900.00")), (LineKind.PILOT_DISCOUNT, Decimal("-180.00"))]
    assert [step.code for step in quote.steps][:2] == ["counts", "pilot"]


def test_no_vat_is_taken_where_it_is_reversed_or_exempt(ask: Ask, example_book: PriceBook) -> None:
    for vat in (VatTreatment.REVERSE_CHARGE, VatTreatment.EXEMPT):
        quote = calculate_quote(ask(1_000, vat=vat), example_book)
        assert (quote.vat, quote.gross) == (0, quote.net)
        assert quote.steps[-1].code == f"vat-{vat}"


@pytest.mark.parametrize(
    ("letters", "plan", "sent", "said"),
    [
        (
            None,
            LettersPlan(1_100, 1_140, 40, 10, "bag-2026-11"),
            1_100,
            (
                "Letters for Waterloo: 1,140 dwellings in bag-2026-11, less 40 member households "
                "(a number below 10 is not shown and counts as none) = 1,100."
            ),
        ),
        (1_140, LettersPlan(1_100, 1_140, 40, 10, "bag-2026-11"), 1_140, "Letters for Waterloo: 1,140, as asked for."),
        (0, None, 0, "Letters for Waterloo: 0, as asked for."),
        (
            None,
            None,
            1_000,
            "Letters for Waterloo: 1,000, one a household; no dwellings of an address register are known.",
        ),
    ],
)
def test_letters_are_as_asked_for_else_by_the_letters_plan_else_one_a_household(
    ask: Ask, example_book: PriceBook, letters: int | None, plan: LettersPlan | None, sent: int, said: str
) -> None:
    quote = calculate_quote(ask(1_000, letters=letters, letters_plan=plan, country="NL"), example_book)
    [line] = [line for line in quote.lines if line.kind == LineKind.LETTERS]
    assert (line.quantity, line.amount) == (sent, sent * Decimal("0.98"))
    at = next(at for at, step in enumerate(quote.steps) if step.rule == "letters")
    assert quote.steps[at].text == said
    # It stands before the line that it is the number of.
    assert quote.steps[at + 1].rule == "one_off.letter_per_household"
    assert [
        int(row["quantity"]) for row in csv.DictReader(io.StringIO(write_quote_csv(quote))) if row["kind"] == "letters"
    ] == [sent]


def test_a_letters_plan_that_does_not_add_up_is_refused(ask: Ask) -> None:
    for wrong in (LettersPlan(5, 10, 4, 10, "r"), LettersPlan(11, 10, -1, 10, "r"), LettersPlan(10, 10, 0, 0, "r")):
        with pytest.raises(QuoteError) as refused:
            ask(1_000, letters_plan=wrong)
        assert refused.value.code == "bad-letters-plan"


def test_sectors_without_a_count_are_told(ask: Ask, example_book: PriceBook) -> None:
    request = ask(1_000)
    [scope] = request.scopes
    scope = replace(scope, buurten=(replace(scope.buurten[0], unknown_sectors=31),))
    quote = calculate_quote(replace(request, scopes=(scope,)), example_book)
    assert quote.steps[1].text == "Statistical sectors without a published count: 31. They are not counted."


def test_nobody_at_home_costs_the_minimum_and_has_no_price_per_household(ask: Ask, example_book: PriceBook) -> None:
    quote = calculate_quote(ask(0), example_book)
    assert (quote.price_per_household, quote.lines[0].amount) == (None, Decimal("1500.00"))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"in_plan": 20, "years": 2}, "pilot-too-long"),
        ({"country": "NL", "vat": VatTreatment.EXEMPT}, "vat-not-allowed"),
        ({"programmes": (Programme.PARTICIPATION,)}, "programme-not-sold"),
        ({"years": 11}, "years-out-of-range"),
        ({"letters": 1_001}, "too-many-letters"),
        ({"start": date(9999, 1, 1)}, "start-out-of-range"),
        ({"programmes": (Programme.INCLUSION, Programme.INCLUSION)}, "duplicate-programme"),
    ],
)
def test_what_is_not_sold_is_refused_with_a_code(
    ask: Ask, example_book: PriceBook, change: dict[str, Any], code: str
) -> None:
    belgium, netherlands = example_book.countries["BE"], example_book.countries["NL"]
    fewer = {name: table for name, table in belgium.programmes.items() if name != Programme.PARTICIPATION}
    book = replace(
        example_book,
        countries={"BE": replace(belgium, programmes=fewer), "NL": replace(netherlands, vat=Vat(Decimal(21)))},
    )
    with pytest.raises(QuoteError) as refused:
        calculate_quote(ask(1_000, **change), book)
    assert refused.value.code == code


def test_a_pilot_is_refused_where_it_is_too_large_or_not_sold(ask: Ask, example_book: PriceBook) -> None:
    with pytest.raises(QuoteError, match="at most 10 buurten, not 11"):
        calculate_quote(ask(*[10] * 11, in_plan=12), example_book)
    whole_only = replace(example_book, countries={"BE": replace(example_book.countries["BE"], pilot=None)})
    with pytest.raises(QuoteError, match="whole municipalities only"):
        calculate_quote(ask(10, in_plan=12), whole_only)
    with pytest.raises(QuoteError, match="no terms for NL"):
        calculate_quote(ask(10, country="NL"), whole_only)


@pytest.mark.parametrize("damage", [b"", b"{}", b"[1]", b'{"a":1.5}', b"\xff"])
def test_bytes_that_are_no_quote_are_refused(damage: bytes) -> None:
    with pytest.raises(QuoteError, match="no quote"):
        read_quote(damage)


def test_a_quote_that_somebody_touched_is_refused_or_has_another_digest(ask: Ask, example_book: PriceBook) -> None:
    quote = calculate_quote(ask(1_000), example_book)
    data = write_quote(quote)
    with pytest.raises(QuoteError, match="canonical"):
        read_quote(data.replace(b",", b", ", 1))
    with pytest.raises(QuoteError, match="canonical"):
        read_quote(data.replace(b'"net":"', b'"net":"0', 1))
    assert digest_quote(read_quote(data.replace(b"Waterloo", b"Waterlop"))) != digest_quote(quote)


def test_csv_has_one_row_a_line_and_sums_to_the_total(ask: Ask, example_book: PriceBook) -> None:
    quote: Quote = calculate_quote(ask(12_000, programmes=tuple(Programme), years=3, language="nl"), example_book)
    rows = list(csv.DictReader(io.StringIO(write_quote_csv(quote), newline="")))
    assert tuple(rows[0]) == CSV_COLUMNS
    assert sum(Decimal(row["amount"]) for row in rows) == quote.net
    assert rows[0]["description"] == "Basislicentie"


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 10))
def test_licence_years_follow_one_another_without_a_day_lost(start: date, year: int) -> None:
    first, last = licence_year(start, year)
    assert first <= last
    assert (licence_year(start, year + 1)[0] - last).days == 1
    assert anniversary(start, 0) == start


def test_an_estimate_is_told_with_its_margin_and_must_hold_its_count(ask: Ask, example_book: PriceBook) -> None:
    [scope] = ask(1_000, 500).scopes
    buurten = (replace(scope.buurten[0], estimate=Estimate(40, 980, 1_020)), scope.buurten[1])
    estimated = replace(scope, buurten=buurten, estimate=Estimate(40, 1_480, 1_520))
    quote = calculate_quote(replace(ask(1), scopes=(estimated,)), example_book)
    told = "Of these, 40 households are an estimate; the count lies between 1,480 and 1,520."
    assert told in [step.text for step in quote.steps]
    assert read_quote(write_quote(quote)) == quote
    for wrong in (Estimate(1_501, 0, 2_000), Estimate(1, 1_501, 1_502), Estimate(1, 0, 1_499)):
        with pytest.raises(QuoteError) as refused:
            replace(scope, estimate=wrong)
        assert refused.value.code == "bad-estimate"
