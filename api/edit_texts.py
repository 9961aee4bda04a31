"""Why an edit of a draft is refused, in the reader's language."""

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import Query, Request

from api.reason_texts import Language
from boundaries.edit_errors import (
    CodeTakenError,
    DiscontiguousBuurtError,
    EditError,
    LineCutsNothingError,
    LockedBuurtError,
    NothingChangesError,
    NotJoinableError,
    NotOnBorderError,
    UncuttableError,
    UnknownCodeError,
)
from data.plans.replaying import LostBuurtError, OtherGroundError

MOST_NAMED = 5
"""Codes that a text names at most."""

DUTCH: Final[Mapping[type[EditError], str]] = {
    UnknownCodeError: "Dat heeft dit plan niet",
    CodeTakenError: "Die code is niet vrij",
    LockedBuurtError: "Die buurt is vergrendeld: ontgrendel ze eerst",
    NothingChangesError: "Het plan is al zo",
    DiscontiguousBuurtError: "Een buurt zou uiteenvallen",
    LineCutsNothingError: "De lijn snijdt niets door",
    NotOnBorderError: "De lijn begint en eindigt niet op die grens",
    NotJoinableError: "De delen van die sector zijn niet samen te voegen",
    UncuttableError: "Langs die lijn is niet exact te snijden",
    OtherGroundError: "Die code is in het nieuwere plan een ander stuk grond",
    LostBuurtError: "De stap die de buurt maakt, is weggelaten",
    EditError: "Dat kan in dit plan niet",
}
FRENCH: Final[Mapping[type[EditError], str]] = {
    UnknownCodeError: "Ce plan ne l'a pas",
    CodeTakenError: "Ce code n'est pas libre",
    LockedBuurtError: "Ce quartier est verrouillé : déverrouillez-le d'abord",
    NothingChangesError: "Le plan est déjà ainsi",
    DiscontiguousBuurtError: "Un quartier serait coupé en morceaux",
    LineCutsNothingError: "La ligne ne coupe rien",
    NotOnBorderError: "La ligne ne commence et ne finit pas sur cette limite",
    NotJoinableError: "Les parties de ce secteur ne peuvent pas être réunies",
    UncuttableError: "Aucune coupe exacte n'existe le long de cette ligne",
    OtherGroundError: "Ce code désigne un autre terrain dans le plan plus récent",
    LostBuurtError: "L'étape qui crée ce quartier a été laissée de côté",
    EditError: "Ce plan ne le permet pas",
}
GERMAN: Final[Mapping[type[EditError], str]] = {
    UnknownCodeError: "Das hat dieser Plan nicht",
    CodeTakenError: "Dieser Code ist nicht frei",
    LockedBuurtError: "Diese Nachbarschaft ist gesperrt: erst entsperren",
    NothingChangesError: "Der Plan ist schon so",
    DiscontiguousBuurtError: "Eine Nachbarschaft würde zerfallen",
    LineCutsNothingError: "Die Linie durchschneidet nichts",
    NotOnBorderError: "Die Linie beginnt und endet nicht auf dieser Grenze",
    NotJoinableError: "Die Teile dieses Sektors lassen sich nicht vereinen",
    UncuttableError: "Entlang dieser Linie gibt es keinen genauen Schnitt",
    OtherGroundError: "Dieser Code ist im neueren Plan ein anderes Stück Boden",
    LostBuurtError: "Der Schritt, der die Nachbarschaft macht, wurde weggelassen",
    EditError: "Das geht in diesem Plan nicht",
}
TEXTS: Final[Mapping[Language, Mapping[type[EditError], str]]] = {"nl": DUTCH, "fr": FRENCH, "de": GERMAN}


def edit_text(error: EditError, language: Language) -> str:
    """Say why an edit is refused; English has the rule's own words, which say the most.

    Examples
    --------
    >>> edit_text(LockedBuurtError("25110-02 is locked: unlock it first", "into", ["25110-02"]), "fr")
    "Ce quartier est verrouillé : déverrouillez-le d'abord (25110-02)"
    """
    if language == "en":
        return str(error)
    texts = TEXTS[language]
    text = next(texts[kind] for kind in type(error).__mro__ if kind in texts)
    named = [*error.about[:MOST_NAMED], *(["…"] if len(error.about) > MOST_NAMED else [])]
    return f"{text} ({', '.join(named)})" if named else text


def ask_language(
    request: Request, lang: Annotated[Language, Query(description="Language of why an edit is refused.")] = "en"
) -> Language:
    """Take the reader's language from a request, for its answer and for its refusal."""
    request.state.language = lang
    return lang


def language_of(request: Request) -> Language:
    """Return the language that a refused request asked for."""
    asked: Language = getattr(request.state, "language", "en")
    return asked
