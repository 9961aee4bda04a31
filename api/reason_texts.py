"""What the codes of reasons say to a person, in each language of the answers."""

from collections.abc import Mapping
from typing import Final, Literal

from api.verifying import NO_POSITION, NO_SECTORS, OTHER_MUNICIPALITY, OUTSIDE_SECTORS, PLACE_REASONS
from geo.addresses import REASONS
from geo.addresses.questions import MAX_TEXT

Language = Literal["nl", "fr", "de", "en"]
"""A language of texts. Registers write no addresses in English: `address_language` says what stands in for it."""
AddressLanguage = Literal["nl", "fr", "de"]

DUTCH: Final[Mapping[str, str]] = {
    "empty-input": "Er werd niets gevraagd.",
    "input-too-long": f"Een veld is langer dan {MAX_TEXT} tekens.",
    "other-country": "Het adres noemt een ander land dan dat van het register.",
    "place-missing": "Er is geen postcode en geen gemeente opgegeven.",
    "place-unknown": "Het register kent die gemeente, deelgemeente of postcode niet.",
    "postcode-unknown": "Het register kent die postcode niet.",
    "postcode-corrected": "De straat heeft een andere postcode dan de opgegeven.",
    "municipality-corrected": "De straat ligt in een andere gemeente dan de opgegeven, of die is fout gespeld.",
    "municipality-from-locality": "De naam van een deel van de gemeente is opgegeven.",
    "street-missing": "Er is geen straat opgegeven.",
    "street-not-found": "Het register kent die straat daar niet.",
    "street-corrected": "De straatnaam was fout gespeld of onvolledig.",
    "street-inferred": "De straat volgt uit de postcode en het huisnummer.",
    "street-name-repeated": "Verschillende straten hebben daar deze naam.",
    "house-number-missing": "Er is geen huisnummer opgegeven.",
    "house-number-not-found": "De straat heeft dat huisnummer niet in het register.",
    "house-number-reread": "Wat als huisnummer is opgegeven, is in het register een huisnummer en een busnummer.",
    "box-missing": "Het gebouw heeft verschillende busnummers: welk is het?",
    "box-not-found": "Het gebouw heeft dat busnummer niet in het register.",
    "box-unexpected": "Het register heeft bij dit huisnummer geen busnummers.",
    "box-reread": "Het busnummer is onder een andere schrijfwijze gevonden.",
    "ambiguous": "Verschillende officiële adressen passen even goed.",
    "duplicate-in-register": "Het register heeft dit adres meer dan één keer.",
    "uncertain": "Er moest te veel verbeterd worden om zeker te zijn.",
    "extra-words": "Sommige woorden horen niet bij het officiële adres.",
    "address-proposed": "Het adres is in het register nog een voorstel: misschien bestaat het nog niet.",
    "address-retired": "Het adres is in het register opgeheven: het bestaat niet meer.",
    NO_POSITION: "Het register geeft dit adres geen ligging; daarom is de buurt onbekend.",
    OUTSIDE_SECTORS: "De ligging in het register valt in geen actieve sector; daarom is de buurt onbekend.",
    OTHER_MUNICIPALITY: "De ligging valt in een sector van een andere gemeente; die van het register geldt.",
    NO_SECTORS: "In dit land zijn geen sectoren actief; daarom is de buurt onbekend.",
}
FRENCH: Final[Mapping[str, str]] = {
    "empty-input": "Rien n'a été demandé.",
    "input-too-long": f"Un champ dépasse {MAX_TEXT} caractères.",
    "other-country": "L'adresse indique un autre pays que celui du registre.",
    "place-missing": "Ni code postal ni commune n'ont été indiqués.",
    "place-unknown": "Le registre ne connaît pas cette commune, cette section ou ce code postal.",
    "postcode-unknown": "Le registre ne connaît pas ce code postal.",
    "postcode-corrected": "La rue se trouve sous un autre code postal que celui indiqué.",
    "municipality-corrected": "La rue se trouve dans une autre commune que celle indiquée, ou celle-ci est mal écrite.",
    "municipality-from-locality": "Le nom d'une partie de la commune a été indiqué.",
    "street-missing": "Aucune rue n'a été indiquée.",
    "street-not-found": "Le registre ne connaît pas cette rue à cet endroit.",
    "street-corrected": "Le nom de la rue était mal écrit ou incomplet.",
    "street-inferred": "La rue se déduit du code postal et du numéro.",
    "street-name-repeated": "Plusieurs rues portent ce nom à cet endroit.",
    "house-number-missing": "Aucun numéro n'a été indiqué.",
    "house-number-not-found": "La rue n'a pas ce numéro dans le registre.",
    "house-number-reread": "Le numéro indiqué est, dans le registre, un numéro et une boîte.",
    "box-missing": "Le bâtiment a plusieurs boîtes : laquelle ?",
    "box-not-found": "Le bâtiment n'a pas cette boîte dans le registre.",
    "box-unexpected": "Le registre n'a pas de boîtes à ce numéro.",
    "box-reread": "La boîte a été trouvée sous une autre graphie.",
    "ambiguous": "Plusieurs adresses officielles conviennent aussi bien.",
    "duplicate-in-register": "Le registre contient cette adresse plus d'une fois.",
    "uncertain": "Il a fallu trop corriger pour en être sûr.",
    "extra-words": "Certains mots ne font pas partie de l'adresse officielle.",
    "address-proposed": "L'adresse est à l'état de proposition dans le registre : elle n'existe peut-être pas encore.",
    "address-retired": "L'adresse est supprimée dans le registre : elle n'existe plus.",
    NO_POSITION: "Le registre ne situe pas cette adresse ; son quartier est donc inconnu.",
    OUTSIDE_SECTORS: "La position du registre n'est dans aucun secteur actif ; le quartier est donc inconnu.",
    OTHER_MUNICIPALITY: "La position est dans un secteur d'une autre commune ; celle du registre fait foi.",
    NO_SECTORS: "Aucun secteur n'est actif dans ce pays ; le quartier est donc inconnu.",
}
GERMAN: Final[Mapping[str, str]] = {
    "empty-input": "Es wurde nichts gefragt.",
    "input-too-long": f"Ein Feld ist länger als {MAX_TEXT} Zeichen.",
    "other-country": "Die Adresse nennt ein anderes Land als das des Registers.",
    "place-missing": "Weder Postleitzahl noch Gemeinde wurden angegeben.",
    "place-unknown": "Das Register kennt diese Gemeinde, diesen Ortsteil oder diese Postleitzahl nicht.",
    "postcode-unknown": "Das Register kennt diese Postleitzahl nicht.",
    "postcode-corrected": "Die Straße hat eine andere Postleitzahl als die angegebene.",
    "municipality-corrected": "Die Straße liegt in einer anderen Gemeinde als angegeben, oder diese ist falsch "
    "geschrieben.",
    "municipality-from-locality": "Der Name eines Teils der Gemeinde wurde angegeben.",
    "street-missing": "Es wurde keine Straße angegeben.",
    "street-not-found": "Das Register kennt diese Straße dort nicht.",
    "street-corrected": "Der Straßenname war falsch geschrieben oder unvollständig.",
    "street-inferred": "Die Straße folgt aus Postleitzahl und Hausnummer.",
    "street-name-repeated": "Mehrere Straßen haben dort diesen Namen.",
    "house-number-missing": "Es wurde keine Hausnummer angegeben.",
    "house-number-not-found": "Die Straße hat diese Hausnummer im Register nicht.",
    "house-number-reread": "Die angegebene Hausnummer ist im Register eine Hausnummer mit Briefkastennummer.",
    "box-missing": "Das Gebäude hat mehrere Briefkastennummern: welche ist es?",
    "box-not-found": "Das Gebäude hat diese Briefkastennummer im Register nicht.",
    "box-unexpected": "Das Register hat zu dieser Hausnummer keine Briefkastennummern.",
    "box-reread": "Die Briefkastennummer wurde in anderer Schreibweise gefunden.",
    "ambiguous": "Mehrere amtliche Adressen passen gleich gut.",
    "duplicate-in-register": "Das Register enthält diese Adresse mehr als einmal.",
    "uncertain": "Es musste zu viel berichtigt werden, um sicher zu sein.",
    "extra-words": "Einige Wörter gehören nicht zur amtlichen Adresse.",
    "address-proposed": "Die Adresse ist im Register nur vorgeschlagen: vielleicht gibt es sie noch nicht.",
    "address-retired": "Die Adresse ist im Register aufgehoben: es gibt sie nicht mehr.",
    NO_POSITION: "Das Register gibt dieser Adresse keine Lage; daher ist die Nachbarschaft unbekannt.",
    OUTSIDE_SECTORS: "Die Lage im Register fällt in keinen aktiven Sektor; daher ist die Nachbarschaft unbekannt.",
    OTHER_MUNICIPALITY: "Die Lage fällt in einen Sektor einer anderen Gemeinde; die des Registers gilt.",
    NO_SECTORS: "In diesem Land sind keine Sektoren aktiv; daher ist die Nachbarschaft unbekannt.",
}
TEXTS: Final[Mapping[Language, Mapping[str, str]]] = {
    "nl": DUTCH,
    "fr": FRENCH,
    "de": GERMAN,
    "en": REASONS | PLACE_REASONS,
}


def reason_text(code: str, language: Language) -> str:
    """Say what a reason means.

    Parameters
    ----------
    code
        A key of `REASONS` or of `PLACE_REASONS`.

    Examples
    --------
    >>> reason_text("box-missing", "fr")
    'Le bâtiment a plusieurs boîtes : laquelle ?'
    """
    return TEXTS[language][code]


def address_language(language: Language) -> AddressLanguage:
    """Return the language that addresses are written in for a reader: Dutch where that is no register's.

    Examples
    --------
    >>> address_language("fr"), address_language("en")
    ('fr', 'nl')
    """
    return "nl" if language == "en" else language
