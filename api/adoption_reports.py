"""The report of adoption in a municipality: which share of the households are members, as a table and as a chart."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from api.answers import name_of
from api.household_forms import Row
from api.household_models import AdoptionRow, MunicipalityAdoption, MunicipalityHouseholds
from api.reason_texts import Language
from data.municipalities import name_in
from households.adoption import Adoption
from households.adoption_chart import AdoptionBar, draw_adoption
from households.adoption_texts import TEXTS
from licensing.number_formats import format_count, format_date


class UnknownAreaError(ValueError):
    """Participants were given for what is no buurt of the municipality."""


class AdoptionTableRow(Row):
    """Adoption in an area."""

    name: str | None
    members: int | None
    households: int | None
    share: Decimal | None
    percent: int | None
    participants: int | None
    participants_of_members: Decimal | None
    participants_of_households: Decimal | None
    as_of: date
    counts_of: date | None
    releases: str


def report_adoption(
    counted: MunicipalityHouseholds,
    names: Mapping[str, str | None],
    language: Language,
    participants: Mapping[str, int],
) -> MunicipalityAdoption:
    """Return the report of a counted municipality.

    Parameters
    ----------
    counted
        The municipality.
    names
        Its names.
    language
        Language of the names.
    participants
        Those who took part in something, by the code of a buurt or of the municipality.

    Raises
    ------
    UnknownAreaError
        Participants are of an area that is none of the municipality's.
    """
    known = {counted.code, *(buurt.code for buurt in counted.buurten)}
    if unknown := sorted(participants.keys() - known):
        raise UnknownAreaError(f"{counted.code} has no buurt {', '.join(unknown)} on {counted.as_of}")
    return MunicipalityAdoption.of(
        counted,
        name_in(names, language),
        {buurt.code: name_of(buurt.names, language) for buurt in counted.buurten},
        participants,
    )


def tabulate_adoption(adoption: MunicipalityAdoption) -> list[AdoptionTableRow]:
    """Return the rows of the report, the municipality last."""
    municipality = adoption.total.code
    return [
        AdoptionTableRow(
            level="municipality" if row is adoption.total else "buurt",
            municipality=municipality,
            as_of=adoption.as_of,
            counts_of=adoption.counts_of,
            releases=" ".join(adoption.releases),
            **row.model_dump(),
        )
        for row in (*adoption.buurten, adoption.total)
    ]


def chart_adoption(adoption: MunicipalityAdoption, language: Language, smallest_shown: int) -> str:
    """Draw the report: the municipality first, then its buurten by their share; those withheld last, and why."""
    texts = TEXTS[language]

    def bar(row: AdoptionRow, *, whole: bool) -> AdoptionBar:
        adoption = None if row.members is None else Adoption(row.members, row.households)
        return AdoptionBar(row.name or row.code, adoption, whole)

    def order(row: AdoptionRow) -> tuple[bool, bool, Decimal, str]:
        return row.members is None, row.share is None, -(row.share or Decimal()), row.code

    rows = sorted(adoption.buurten, key=order)
    withheld = any(row.members is None for row in (*rows, adoption.total))
    return draw_adoption(
        texts.title.format(name=adoption.total.name or adoption.total.code),
        explain_counts(adoption, language, smallest_shown, withheld=withheld),
        [bar(adoption.total, whole=True), *(bar(row, whole=False) for row in rows)],
        texts,
        lambda number: format_count(number, language),
    )


def explain_counts(
    answer: MunicipalityHouseholds | MunicipalityAdoption, language: Language, smallest_shown: int, *, withheld: bool
) -> list[str]:
    """Return the notes below a table or a chart: of when and from where the counts are, and what is withheld."""
    texts = TEXTS[language]
    day = texts.unknown if answer.counts_of is None else format_date(answer.counts_of, language)
    notes = [
        texts.note_counts.format(day=day, releases=", ".join(answer.releases)),
        texts.note_members.format(day=format_date(answer.as_of, language), version=answer.plan_version),
    ]
    return [*notes, texts.note_withheld.format(smallest=smallest_shown)] if withheld else notes
