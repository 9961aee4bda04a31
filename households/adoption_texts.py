"""What a report of adoption says, in Dutch, French, German and English."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from households.eligibility_texts import TextLanguage


@dataclass(frozen=True, slots=True)
class AdoptionTexts:
    """The texts of one language; braces hold names of values."""

    title: str
    share: str
    """Members of households: `members`, `households`, `percent`."""
    no_count: str
    """Members without a count of households: `members`."""
    withheld: str
    """In place of the figures of an area whose members are withheld."""
    note_withheld: str
    """Why: `smallest`."""
    note_counts: str
    """Where the counts come from: `day`, `releases`."""
    note_members: str
    """When the members were counted: `day`, `version`."""
    unknown: str
    """In place of a day that is unknown."""
    headings: tuple[str, str, str, str, str, str, str, str]
    """Code, name, households, members, share, participants, those of members, those of households."""
    dwellings: str
    margin: str
    method: str
    official: str
    """The municipality's own published count: `official`."""


TEXTS: Mapping[TextLanguage, AdoptionTexts] = MappingProxyType(
    {
        "nl": AdoptionTexts(
            "Ledenhuishoudens: {name}",
            "{percent} % ({members} van {households})",
            "{members}; huishoudens onbekend",
            "niet vermeld",
            "Niet vermeld: minder dan {smallest} ledenhuishoudens, of een getal waaruit zo'n klein getal zou volgen.",
            "Huishoudens: stand van {day} ({releases}).",
            "Ledenhuishoudens: stand van {day}; versie {version} van het plan.",
            "onbekende datum",
            (
                "Buurt",
                "Naam",
                "Huishoudens",
                "Leden",
                "Aandeel",
                "Deelnemers",
                "per ledenhuishouden",
                "per huishouden",
            ),
            "Woningen",
            "Marge",
            "Methode",
            "Eigen telling van de gemeente: {official}",
        ),
        "fr": AdoptionTexts(
            "Ménages membres : {name}",
            "{percent} % ({members} sur {households})",
            "{members} ; nombre de ménages inconnu",
            "non publié",
            "Non publié : moins de {smallest} ménages membres, ou un nombre dont un si petit nombre se déduirait.",
            "Ménages : situation au {day} ({releases}).",
            "Ménages membres : situation au {day} ; version {version} du plan.",
            "date inconnue",
            (
                "Quartier",
                "Nom",
                "Ménages",
                "Membres",
                "Part",
                "Participants",
                "par ménage membre",
                "par ménage",
            ),
            "Logements",
            "Marge",
            "Méthode",
            "Nombre publié pour la commune : {official}",
        ),
        "de": AdoptionTexts(
            "Mitgliedshaushalte: {name}",
            "{percent} % ({members} von {households})",
            "{members}; Zahl der Haushalte unbekannt",
            "nicht angegeben",
            "Nicht angegeben: weniger als {smallest} Mitgliedshaushalte, oder eine Zahl, aus der das folgen würde.",
            "Haushalte: Stand {day} ({releases}).",
            "Mitgliedshaushalte: Stand {day}; Fassung {version} des Plans.",
            "unbekannter Tag",
            (
                "Viertel",
                "Name",
                "Haushalte",
                "Mitglieder",
                "Anteil",
                "Teilnehmer",
                "je Mitgliedshaushalt",
                "je Haushalt",
            ),
            "Wohnungen",
            "Spanne",
            "Methode",
            "Eigene Zahl der Gemeinde: {official}",
        ),
        "en": AdoptionTexts(
            "Member households: {name}",
            "{percent} % ({members} of {households})",
            "{members}; number of households unknown",
            "withheld",
            "Withheld: fewer than {smallest} member households, or a number that would give such a small one away.",
            "Households: as of {day} ({releases}).",
            "Member households: as of {day}; version {version} of the plan.",
            "an unknown day",
            (
                "Buurt",
                "Name",
                "Households",
                "Members",
                "Share",
                "Participants",
                "per member household",
                "per household",
            ),
            "Dwellings",
            "Margin",
            "Method",
            "Published for the municipality: {official}",
        ),
    }
)
