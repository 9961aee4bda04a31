"""Reads a price book from YAML: all of it is valid, or every fault is told with its line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from importlib import resources
from itertools import pairwise

from licensing.money import ZERO, Rounding, RoundingMode
from licensing.price_book import (
    COUNTRIES,
    BookReference,
    BundleDiscount,
    Country,
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
from licensing.tiers import Tier, TierMode, TierTable
from licensing.yaml_sections import Notes, Problem, Section, compose

MAX_BOOK_CHARACTERS = 200_000
MAX_YEARS = 10
_HUNDRED_PERCENT = Decimal(100)
_CODE = r"[a-z0-9][a-z0-9-]{0,59}"


class PriceBookError(ValueError):
    """A price book that is refused, with every problem and its line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True, slots=True)
class PriceBookFile:
    """A book that was read, with what its author should look at and where each value stands in the file."""

    book: PriceBook
    warnings: tuple[Problem, ...]
    """Each volume tier that makes a larger municipality cheaper than a smaller one (`price-drop`)."""
    lines: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Parts:
    """The sections that a book states once for all countries, and a country may state again for itself."""

    base: TierTable | None = None
    programmes: Mapping[Programme, TierTable] | None = None
    one_off: OneOff | None = None
    bundle_discounts: tuple[BundleDiscount, ...] = ()
    term_discounts: tuple[TermDiscount, ...] = ()
    indexation: Indexation | None = None
    pilot: Pilot | None = None


def read_price_book(text: str) -> PriceBookFile:
    """Read and check a price book.

    Parameters
    ----------
    text
        YAML, as `docs/pricing.md` describes it. Amounts and percentages are whole numbers or quoted decimals.

    Returns
    -------
    PriceBookFile
        The book, its warnings and its lines.

    Raises
    ------
    PriceBookError
        With all problems, in the order of the file.

    Examples
    --------
    >>> read_price_book("title: 0.30").book
    Traceback (most recent call last):
        ...
    licensing.price_book_reader.PriceBookError: line 1, base: `base` is missing
    ...
    """
    if len(text) > MAX_BOOK_CHARACTERS:
        message = f"a price book has at most {MAX_BOOK_CHARACTERS} characters; this one has {len(text)}"
        raise PriceBookError([Problem(1, "", "too-long", message)])
    notes = Notes()
    top = compose(text, notes)
    if top is None:
        raise PriceBookError(notes.problems)
    warnings: list[Problem] = []
    shared = _read_parts(top, _Parts(), warnings, required=True)
    rounding = _read_rounding(top)
    countries = _read_countries(top, shared, warnings)
    book = PriceBook(
        code=top.text("code", _CODE),
        title=top.text("title"),
        valid_from=top.day("valid_from"),
        currency="EUR",
        example=top.flag("example"),
        quote_valid_days=top.integer("quote_valid_days", 1, 366) or 1,
        rounding=rounding,
        countries=countries,
    )
    if top.text("currency") not in {"EUR", ""}:
        top.report("currency", "wrong-kind", "the currency is EUR: every country that is sold to has it")
    top.close()
    if notes.problems:
        raise PriceBookError(notes.problems)
    return PriceBookFile(book, tuple(warnings), notes.lines)


def read_example() -> PriceBookFile:
    """Read the book that ships with the project. Its prices are invented, and it says so.

    Examples
    --------
    >>> read_example().book.example
    True
    """
    return read_price_book(example_source())


def example_source() -> str:
    """Return the YAML of the book that ships."""
    return resources.files("licensing").joinpath("example-price-book.yaml").read_text("utf-8")


def check_publishable(file: PriceBookFile, published: Iterable[BookReference], today: date) -> None:
    """Refuse a book that cannot take its place among the published ones.

    Parameters
    ----------
    file
        The book to be published.
    published
        The books that are.
    today
        The day of publication.

    Raises
    ------
    PriceBookError
        Where its day has passed, another book holds from the same day, or its code is taken; with the line.
    """
    book, problems = file.book, []
    line = file.lines.get("valid_from", 1)
    if book.valid_from < today:
        message = f"{book.valid_from} has passed: quotes of that day were priced without this book"
        problems.append(Problem(line, "valid_from", "past-date", message))
    for other in published:
        if other.valid_from == book.valid_from:
            message = f"{other.code} holds from {other.valid_from} already; two books on one day are ambiguous"
            problems.append(Problem(line, "valid_from", "same-day", message))
        if other.code == book.code:
            message = f"a book {other.code} is published, and does not change; give this one a code of its own"
            problems.append(Problem(file.lines.get("code", 1), "code", "same-code", message))
    if problems:
        raise PriceBookError(problems)


def book_on(published: Iterable[BookReference], day: date) -> BookReference | None:
    """Return the book that holds on a day: the latest that is valid from that day or before.

    Examples
    --------
    >>> book_on([], date(2026, 1, 1)) is None
    True
    """
    return max((book for book in published if book.valid_from <= day), key=lambda book: book.valid_from, default=None)


def _read_rounding(top: Section) -> Rounding:
    section = top.section("rounding")
    if section is None:
        return Rounding()
    unit = section.decimal("unit", places=2)
    mode = section.choice("mode", RoundingMode)
    section.close()
    if unit is not None and unit <= 0:
        section.report("unit", "out-of-range", "the unit of rounding is more than 0")
        unit = None
    return Rounding(unit or Decimal("0.01"), mode or RoundingMode.HALF_UP)


def _read_countries(top: Section, shared: _Parts, warnings: list[Problem]) -> dict[Country, Terms]:
    section = top.section("countries")
    countries: dict[Country, Terms] = {}
    if section is None:
        return countries
    for country in COUNTRIES:
        own = section.section(country, required=False)
        if own is None:
            continue
        parts = _read_parts(own, shared, warnings, required=False)
        vat = _read_vat(own)
        own.close()
        if parts.base is not None and parts.one_off is not None and parts.programmes:
            countries[country] = Terms(
                base=parts.base,
                programmes=parts.programmes,
                one_off=parts.one_off,
                vat=vat,
                bundle_discounts=parts.bundle_discounts,
                term_discounts=parts.term_discounts,
                indexation=parts.indexation,
                pilot=parts.pilot,
            )
    section.close()
    if not section.keys():
        top.report("countries", "missing-key", "a book sells to at least one country")
    return countries


def _read_vat(own: Section) -> Vat:
    section = own.section("vat")
    if section is None:
        return Vat(Decimal(0))
    percent = section.decimal("percent", places=2, highest=_HUNDRED_PERCENT)
    treatments = section.choices("treatments", VatTreatment)
    section.close()
    return Vat(percent if percent is not None else Decimal(0), treatments)


def _read_parts(section: Section, shared: _Parts, warnings: list[Problem], *, required: bool) -> _Parts:
    """Read the sections that are here over those that are shared."""
    parts = shared
    if (base := section.section("base", required=required)) is not None:
        parts = replace(parts, base=_read_table(base, warnings))
    if (lines := section.section("programmes", required=required)) is not None:
        read = {
            programme: _read_table(table, warnings)
            for programme in Programme
            if (table := lines.section(programme, required=False)) is not None
        }
        lines.close(also=Programme)
        kept = {programme: table for programme, table in read.items() if table is not None}
        # In the order of the enumeration, whatever the file's: the lines of a quote follow it.
        both = {**(parts.programmes or {}), **kept}
        parts = replace(parts, programmes={name: both[name] for name in Programme if name in both})
    if (one_off := section.section("one_off", required=required)) is not None:
        start_up = one_off.decimal("start_up", places=2)
        letter = one_off.decimal("letter_per_household")
        one_off.close()
        parts = replace(parts, one_off=OneOff(start_up or ZERO, letter or ZERO))
    if section.has("bundle_discounts"):
        bundles = _read_discounts(section, "bundle_discounts", "programmes", len(Programme))
        parts = replace(parts, bundle_discounts=tuple(BundleDiscount(*pair) for pair in bundles))
    if section.has("term_discounts"):
        terms = _read_discounts(section, "term_discounts", "years", MAX_YEARS)
        parts = replace(parts, term_discounts=tuple(TermDiscount(*pair) for pair in terms))
    if (indexation := section.section("indexation", required=False)) is not None:
        percent = indexation.decimal("percent", places=4, highest=_HUNDRED_PERCENT)
        from_year = indexation.integer("from_year", 2, MAX_YEARS)
        indexation.close()
        parts = replace(parts, indexation=Indexation(percent or Decimal(0), from_year or 2))
    if (pilot := section.section("pilot", required=False)) is not None:
        parts = replace(parts, pilot=_read_pilot(pilot))
    return parts


def _read_pilot(section: Section) -> Pilot:
    pilot = Pilot(
        max_buurten=section.integer("max_buurten", 1, 10_000) or 1,
        max_years=section.integer("max_years", 1, MAX_YEARS) or 1,
        percent=section.decimal("percent", places=4, highest=_HUNDRED_PERCENT) or Decimal(0),
        minimum=section.decimal("minimum", required=False, places=2),
    )
    section.close()
    return pilot


def _read_discounts(section: Section, key: str, threshold: str, highest: int) -> list[tuple[int, Decimal]]:
    pairs: list[tuple[int, Decimal]] = []
    for item in section.sections(key):
        count = item.integer(threshold, 1, highest)
        percent = item.decimal("percent", places=4, highest=_HUNDRED_PERCENT)
        item.close()
        if count is None or percent is None:
            continue
        if pairs and count <= pairs[-1][0]:
            item.report(threshold, "out-of-range", f"thresholds ascend: {count} comes after {pairs[-1][0]}")
        pairs.append((count, percent))
    return pairs


def _read_table(section: Section, warnings: list[Problem]) -> TierTable | None:
    before = len(section.notes.problems)
    mode = section.choice("mode", TierMode)
    minimum = section.decimal("minimum", required=False, places=2)
    maximum = section.decimal("maximum", required=False, places=2)
    items = section.sections("tiers")
    tiers = [_read_tier(item) for item in items]
    _check_bounds(section, items, tiers)
    section.close()
    if minimum is not None and maximum is not None and maximum < minimum:
        section.report("maximum", "out-of-range", f"the maximum {maximum} is below the minimum {minimum}")
    if mode is None or len(section.notes.problems) > before:
        return None
    table = TierTable(mode, tuple(tier for _, tier in tiers), minimum, maximum)
    for drop in table.price_drops():
        last = "any number of" if drop.last is None else str(drop.last)
        message = (
            f"{drop.first} to {last} households cost less than {drop.than_households} do: "
            f"from {drop.lowest_price} up, against {drop.than_price}"
        )
        line = section.notes.lines.get(section.at("tiers"), 1)
        warnings.append(Problem(line, section.at("tiers"), "price-drop", message))
    return table


def _read_tier(item: Section) -> tuple[int | None, Tier]:
    """Return a tier, with the first household that it states, if it states one."""
    first = item.integer("from", 1, 100_000_000, required=False)
    up_to = item.integer("up_to", 1, 100_000_000, required=False)
    per_household = item.decimal("per_household", required=False)
    flat = item.decimal("flat", required=False, places=2)
    item.close()
    if not item.has("per_household") and not item.has("flat"):
        item.report("per_household", "missing-key", "a tier has a price: `per_household`, `flat` or both")
    return first, Tier(up_to, per_household or ZERO, flat or ZERO)


def _check_bounds(section: Section, items: tuple[Section, ...], tiers: list[tuple[int | None, Tier]]) -> None:
    if not items:
        if section.has("tiers") and not section.notes.problems:
            section.report("tiers", "tiers-gap", "there is no tier")
        return
    for (item, (_, tier)), (later, (stated, after)) in pairwise(zip(items, tiers, strict=True)):
        if tier.up_to is None:
            if not item.has("up_to"):
                later.report("up_to", "tiers-overlap", "the tier before this one is open and covers it")
            continue
        if stated is not None and stated > tier.up_to + 1:
            message = f"no tier holds {tier.up_to + 1} to {stated - 1} households"
            later.report("from", "tiers-gap", message)
        if stated is not None and stated <= tier.up_to:
            message = f"{stated} to {tier.up_to} households are in the tier before as well (bounds are inclusive)"
            later.report("from", "tiers-overlap", message)
        if after.up_to is not None and after.up_to <= tier.up_to:
            message = f"up to {after.up_to} is covered by the tier before, which goes up to {tier.up_to}"
            later.report("up_to", "tiers-overlap", message)
    first_stated = tiers[0][0]
    if first_stated is not None and first_stated != 1:
        items[0].report("from", "tiers-gap", f"no tier holds 1 to {first_stated - 1} households")
    last, (_, open_tier) = items[-1], tiers[-1]
    if last.has("up_to") and open_tier.up_to is not None:
        message = f"no tier holds more than {open_tier.up_to} households; leave `up_to` out of the last one"
        last.report("up_to", "tiers-gap", message)
