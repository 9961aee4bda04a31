"""How a price came about: ordered steps with their rule, their numbers and a sentence in each language."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal

from licensing.money import ZERO, exact_arithmetic
from licensing.number_formats import format_count, format_decimal, format_money, format_percent
from licensing.price_book import Terms
from licensing.pricing import Line, LineKind
from licensing.quote_request import Language, MunicipalityScope, QuoteRequest
from licensing.quote_texts import ITEMS, RANGE_FROM, RANGE_TO, STEPS

_MONEY = frozenset({"amount", "price", "unit", "flat"})
_COUNTS = frozenset(
    {"households", "first", "last", "letters", "buurten", "buurten_in_plan", "sectors", "low", "high", "dwellings",
     "members", "smallest"}
)  # fmt: skip
_PLAIN = frozenset({"year", "years", "programmes", "plan", "name", "release"})


@dataclass(frozen=True, slots=True)
class Step:
    """One rule that was applied, its numbers, and what it says in the quote's language."""

    rule: str
    """Where the rule stands in the price book, such as `base.tiers[2]`; `counts` and `letters` for what is counted."""
    code: str
    """A key of `quote_texts.STEPS`."""
    municipality: str | None
    year: int | None
    values: Mapping[str, str]
    """Its numbers as canonical decimals, by name."""
    text: str


def explain(code: str, values: Mapping[str, str], language: Language) -> str:
    """Return the sentence of a step.

    Examples
    --------
    >>> values = {"item": "base", "first": "1", "last": "5000", "households": "5000", "unit": "0.35", "amount": "1750"}
    >>> explain("tier-graduated", values, "en")
    'Base licence, tier 1 to 5,000 households: 5,000 × €0.35 = €1,750.00.'
    """
    words = {}
    for name, value in values.items():
        if name == "item":
            words[name] = ITEMS[value][language]
        elif name in _MONEY:
            words[name] = format_money(Decimal(value), language)
        elif name in _COUNTS:
            words[name] = format_count(int(value), language)
        elif name == "percent":
            words[name] = format_percent(Decimal(value), language)
        elif name == "factor":
            words[name] = format_decimal(Decimal(value), language)
        elif name in _PLAIN:
            words[name] = value
    if "first" in words:
        pattern = RANGE_TO if "last" in words else RANGE_FROM
        words["range"] = pattern[language].format_map(words)
        per_household = f"{words['households']} × {words['unit']}"
        words["formula"] = per_household
        if "flat" in words:
            words["formula"] = f"{per_household} + {words['flat']}"
    return STEPS[code][language].format_map(words)


def make_step(
    language: Language,
    rule: str,
    code: str,
    *,
    municipality: str | None = None,
    year: int | None = None,
    **values: object,
) -> Step:
    """Return a step with its sentence; a value of None is left out."""
    if year is not None:
        values["year"] = year
    texts = {
        name: f"{value:f}" if isinstance(value, Decimal) else str(value)
        for name, value in values.items()
        if value is not None
    }
    return Step(rule, code, municipality, year, texts, explain(code, texts, language))


def explain_scope(
    scope: MunicipalityScope, request: QuoteRequest, terms: Terms, lines: Sequence[Line]
) -> Iterator[Step]:
    """Yield the steps that lead from the counts of a municipality to its lines, in the order of computation.

    Parameters
    ----------
    scope, request, terms
        What `pricing.price_municipality` was called for.
    lines
        What it returned.

    Yields
    ------
    Step
        Every line's amount is the `amount` of one step.
    """
    with exact_arithmetic():
        yield from _explain_counts(scope, request.language)
        explainer = _LineExplainer(scope, request, terms)
        for line in lines:
            yield from explainer.explain_line(line)


def _explain_counts(scope: MunicipalityScope, language: Language) -> Iterator[Step]:
    yield make_step(
        language,
        "counts",
        "counts" if scope.buurten_in_plan > 1 else "counts-one",
        municipality=scope.code,
        name=scope.name,
        households=scope.households,
        buurten=len(scope.buurten),
        buurten_in_plan=scope.buurten_in_plan,
        plan=scope.plan_version,
        release=", ".join(scope.releases),
    )
    if scope.estimate is not None:
        yield make_step(language, "counts", "estimate", municipality=scope.code, **asdict(scope.estimate))
    if scope.unknown_sectors:
        yield make_step(language, "counts", "unknown-sectors", municipality=scope.code, sectors=scope.unknown_sectors)
    if not scope.whole:
        yield make_step(language, "pilot", "pilot", municipality=scope.code)


def _explain_letters(scope: MunicipalityScope, language: Language) -> Step:
    """Say where the number of letters comes from."""
    plan = scope.letters_plan
    if scope.letters is None and plan is not None:
        return make_step(
            language,
            "letters",
            "letters-plan",
            municipality=scope.code,
            name=scope.name,
            letters=plan.letters,
            dwellings=plan.dwellings,
            members=plan.members,
            smallest=plan.smallest_shown,
            release=plan.release,
        )
    code = "letters-households" if scope.letters is None else "letters-given"
    return make_step(language, "letters", code, municipality=scope.code, name=scope.name, letters=scope.letters_sent)


class _LineExplainer:
    """Goes through the lines of one municipality in order, and keeps the sums that discounts refer to."""

    def __init__(self, scope: MunicipalityScope, request: QuoteRequest, terms: Terms) -> None:
        self.scope, self.request, self.terms = scope, request, terms
        self.base_table, self.tables = terms.tables(pilot=not scope.whole)
        self.first_price: dict[str, Decimal] = {}
        self.programme_sum = self.running = ZERO

    def explain_line(self, line: Line) -> Iterator[Step]:
        """Yield the steps of one line; the last one holds its amount."""
        if line.kind == LineKind.BASE:
            self.running = self.programme_sum = ZERO
        if line.kind.discount:
            yield self._discount(line)
        elif line.kind == LineKind.START_UP:
            yield self._step("one_off.start_up", "start-up", line)
        elif line.kind == LineKind.LETTERS:
            yield _explain_letters(self.scope, self.request.language)
            unit = self.terms.one_off.letter_per_household
            yield self._step("one_off.letter_per_household", "letters", line, letters=line.quantity, unit=unit)
        elif line.year == 1:
            yield from self._tiers(line)
            self.first_price[item_of(line)] = line.amount
        else:
            yield self._later_year(line)
        if line.kind == LineKind.PROGRAMME:
            self.programme_sum += line.amount
        self.running += line.amount

    def _step(self, rule: str, code: str, line: Line, **values: object) -> Step:
        values = {"item": item_of(line), "amount": line.amount, **values}
        language = self.request.language
        return make_step(language, rule, code, municipality=self.scope.code, year=line.year, **values)

    def _tiers(self, line: Line) -> Iterator[Step]:
        rule = f"programmes.{item_of(line)}" if line.programme is not None else "base"
        table = self.tables[line.programme] if line.programme is not None else self.base_table
        parts = table.parts(self.scope.households)
        numbers = {first: number for number, (first, _) in enumerate(table.ranges(), start=1)}
        for part in parts:
            yield self._step(
                f"{rule}.tiers[{numbers[part.first]}]",
                f"tier-{table.mode.value}" if part.per_household else f"tier-{table.mode.value}-flat",
                line,
                first=part.first,
                last=part.up_to,
                households=part.households,
                unit=part.per_household,
                flat=part.flat or None,
                amount=part.amount,
            )
        price = sum((part.amount for part in parts), ZERO)
        if price < table.within_bounds(price):
            yield self._step(f"{rule}.minimum", "minimum", line, price=price, amount=table.minimum)
        if price > table.within_bounds(price):
            yield self._step(f"{rule}.maximum", "maximum", line, price=price, amount=table.maximum)
        yield self._step(rule, "line", line)

    def _later_year(self, line: Line) -> Step:
        price, indexation = self.first_price[item_of(line)], self.terms.indexation
        if indexation is None or indexation.factor(line.year) == 1:
            return self._step("base" if line.programme is None else f"programmes.{line.programme}", "line", line)
        factor, percent = indexation.factor(line.year), indexation.percent
        return self._step("indexation", "indexation", line, price=price, factor=factor, percent=percent)

    def _discount(self, line: Line) -> Step:
        code = line.kind.value
        bundle = self.terms.bundle_discount(len(self.request.programmes))
        term, pilot = self.terms.term_discount(self.request.years), self.terms.pilot
        if line.kind == LineKind.BUNDLE_DISCOUNT and bundle is not None:
            place = self.terms.bundle_discounts.index(bundle) + 1
            values = {
                "programmes": len(self.request.programmes),
                "percent": bundle.percent,
                "price": self.programme_sum,
            }
            return self._step(f"bundle_discounts[{place}]", code, line, **values)
        if line.kind == LineKind.TERM_DISCOUNT and term is not None:
            place = self.terms.term_discounts.index(term) + 1
            values = {"years": self.request.years, "percent": term.percent, "price": self.running}
            return self._step(f"term_discounts[{place}]", code, line, **values)
        percent = pilot.percent if pilot is not None else ZERO
        return self._step("pilot.percent", code, line, percent=percent, price=self.running)


def item_of(line: Line) -> str:
    """Return the key of a line's name in `quote_texts.ITEMS`."""
    return line.programme.value if line.programme is not None else line.kind.value
