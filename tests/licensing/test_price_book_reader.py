"""A price book is read whole, or refused with every fault and its line."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from importlib import resources

import pytest

from licensing.money import Rounding
from licensing.price_book import Programme, VatTreatment
from licensing.price_book_diff import canonical_text, diff_books, refer_to
from licensing.price_book_reader import (
    PriceBookError,
    book_on,
    check_publishable,
    read_example,
    read_price_book,
)

EXAMPLE = resources.files("licensing").joinpath("example-price-book.yaml").read_text("utf-8")
LAST_BASE_TIER = '    - {per_household: "0.09"}'


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def problems_of(text: str) -> list[tuple[int, str, str]]:
    with pytest.raises(PriceBookError) as refused:
        read_price_book(text)
    return [(problem.line, problem.path, problem.code) for problem in refused.value.problems]


def test_the_example_says_that_it_is_one_and_reads_without_a_warning() -> None:
    file = read_example()
    assert file.book.example
    assert "EXAMPLE" in file.book.title
    assert file.warnings == ()
    assert set(file.book.countries) == {"BE", "NL"}
    assert tuple(file.book.countries["BE"].programmes) == tuple(Programme)
    assert file.book.rounding == Rounding()


def test_a_country_states_again_what_differs_there() -> None:
    terms = read_example().book.countries
    assert terms["BE"].one_off.letter_per_household == Decimal("0.85")
    assert terms["NL"].one_off.letter_per_household == Decimal("0.98")
    assert terms["NL"].base == terms["BE"].base
    assert terms["BE"].vat.rate(VatTreatment.STANDARD) == 21
    assert terms["BE"].vat.rate(VatTreatment.REVERSE_CHARGE) == 0


@pytest.mark.parametrize(
    ("before", "after", "where", "path", "code"),
    [
        ('20000, per_household: "0.25"', '5000, per_household: "0.25"', '5000, per_household: "0.25"',
         "base.tiers[2].up_to", "tiers-overlap"),
        ("{up_to: 20000,", "{from: 5000, up_to: 20000,", "from: 5000", "base.tiers[2].from", "tiers-overlap"),
        ("{up_to: 20000,", "{from: 5002, up_to: 20000,", "from: 5002", "base.tiers[2].from", "tiers-gap"),
        ("{up_to: 5000, per", "{from: 2, up_to: 5000, per", "{from: 2", "base.tiers[1].from", "tiers-gap"),
        ('{per_household: "0.09"}', '{up_to: 90000, flat: 1}', "up_to: 90000", "base.tiers[4].up_to", "tiers-gap"),
        ('"0.35"', '"-0.35"', '"-0.35"', "base.tiers[1].per_household", "negative"),
        ('"0.35"', "0.35", "0.35", "base.tiers[1].per_household", "binary-number"),
        ('"0.35"', "1e-1", "1e-1", "base.tiers[1].per_household", "not-a-decimal"),
        ('"0.35"', ".inf", ".inf", "base.tiers[1].per_household", "binary-number"),
        ('"0.35"', '"0,35"', '"0,35"', "base.tiers[1].per_household", "not-a-decimal"),
        ('"0.35"', '"NaN"', '"NaN"', "base.tiers[1].per_household", "not-a-decimal"),
        ('"0.35"', '"٠.٣٥"', '"٠.٣٥"', "base.tiers[1].per_household", "not-a-decimal"),
        ("minimum: 1500", 'minimum: "1500.001"', "minimum:", "base.minimum", "not-a-decimal"),
        ("maximum: 60000", "maximum: 1000", "maximum: 1000", "base.maximum", "out-of-range"),
        ("start_up: 2500", "startup: 2500", "startup", "one_off.startup", "unknown-key"),
        ("mode: graduated", "mode: stepped", "mode: stepped", "base.mode", "wrong-kind"),
        ("valid_from: 2026-01-01", "valid_from: 2026-02-30", "valid_from", "valid_from", "wrong-kind"),
        ("currency: EUR", "currency: USD", "currency", "currency", "wrong-kind"),
        ("percent: 21", "percent: 121", "percent: 121", "countries.BE.vat.percent", "out-of-range"),
        ("programmes: 3, percent: 10", "programmes: 2, percent: 10", "programmes: 2, percent: 10",
         "bundle_discounts[2].programmes", "out-of-range"),
        ("code: example-2026", "code: example-2026\ncode: twice", "code: twice", "code", "duplicate-key"),
        ("  buurtcommunicatie:", "  buurtnieuws:", "buurtnieuws", "programmes.buurtnieuws", "unknown-key"),
        ('unit: "0.01"', 'unit: "0"', "unit:", "rounding.unit", "out-of-range"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line(before: str, after: str, where: str, path: str, code: str) -> None:
    assert before in EXAMPLE
    text = EXAMPLE.replace(before, after, 1)
    assert (line_of(text, where), path, code) in problems_of(text)


def test_all_faults_are_told_at_once() -> None:
    text = EXAMPLE.replace('"0.35"', "0.35", 1).replace("currency: EUR", "currency: EUR\nvat: 21")
    codes = [code for _, _, code in problems_of(text)]
    assert codes == ["unknown-key", "binary-number"]


@pytest.mark.parametrize("text", ["", "- 1", "a: [", "a: &b [*b]", "42", "\x00", "{" * 5000])
def test_what_is_no_book_is_refused_and_does_not_crash(text: str) -> None:
    assert problems_of(text)


def test_an_endless_file_is_refused_before_it_is_parsed() -> None:
    assert problems_of("#" * 300_000) == [(1, "", "too-long")]


def test_a_volume_tier_that_is_cheaper_for_more_households_is_told_with_the_range() -> None:
    text = EXAMPLE.replace("mode: graduated\n  minimum: 1500", "mode: volume\n  minimum: 1500", 1)
    file = read_price_book(text)
    expected = ("price-drop", line_of(text, "  tiers:"))
    assert [(warning.code, warning.line) for warning in file.warnings] == [expected] * 3
    assert file.warnings[0].message.startswith("5001 to 6999 households cost less than 5000 do")


def test_a_book_is_not_published_into_the_past_nor_twice_on_a_day() -> None:
    file = read_example()
    day = file.book.valid_from
    check_publishable(file, [], day)
    other = replace(refer_to(file.book), code="other")
    for published, today, code in (
        ([], day + timedelta(days=1), "past-date"),
        ([other], day, "same-day"),
        ([replace(refer_to(file.book), valid_from=date(2020, 1, 1))], day, "same-code"),
    ):
        with pytest.raises(PriceBookError) as refused:
            check_publishable(file, published, today)
        assert [problem.code for problem in refused.value.problems] == [code]
        assert refused.value.problems[0].line == line_of(EXAMPLE, "code:" if code == "same-code" else "valid_from:")


def test_the_book_of_a_day_is_the_latest_that_holds() -> None:
    first = refer_to(read_example().book)
    second = replace(first, code="later", valid_from=date(2027, 1, 1))
    assert book_on([second, first], date(2026, 12, 31)) == first
    assert book_on([second, first], date(2027, 1, 1)) == second
    assert book_on([second, first], date(2025, 12, 31)) is None


def test_two_books_differ_by_what_they_say_and_not_by_how_it_is_written() -> None:
    before = read_example().book
    same = read_price_book(EXAMPLE.replace('"0.25"', '"0.250"').replace("# An EXAMPLE.", "# Other words.")).book
    assert diff_books(before, same) == ()
    assert canonical_text(before) == canonical_text(same)
    assert refer_to(before) == refer_to(same)
    dearer = EXAMPLE.replace('"0.25"', '"0.26"')
    after = read_price_book(dearer.replace(LAST_BASE_TIER, f"    - {{up_to: 99999, flat: 1}}\n{LAST_BASE_TIER}")).book
    changes = {change.path: (change.before, change.after) for change in diff_books(before, after)}
    assert changes["countries.BE.base.tiers[2].per_household"] == ("0.25", "0.26")
    assert changes["countries.NL.base.tiers[5].per_household"] == (None, "0.09")
    assert refer_to(before).sha256 != refer_to(after).sha256
