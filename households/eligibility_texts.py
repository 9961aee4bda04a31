"""What every outcome of a rule says to a person, in Dutch, French, German and English, by its stable code."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

TextLanguage = Literal["nl", "fr", "de", "en"]


def _say(nl: str, fr: str, de: str, en: str) -> Mapping[TextLanguage, str]:
    return MappingProxyType({"nl": nl, "fr": fr, "de": de, "en": en})


TEXTS: Mapping[str, Mapping[TextLanguage, str]] = MappingProxyType(
    {
        "address-found": _say(
            "Het adres staat in het officiële register.",
            "L'adresse figure dans le registre officiel.",
            "Die Adresse steht im amtlichen Register.",
            "The address is in the official register.",
        ),
        "address-corrected": _say(
            "We hebben het adres verbeterd. Kijk na of het klopt.",
            "Nous avons corrigé l'adresse. Vérifiez qu'elle est exacte.",
            "Wir haben die Adresse berichtigt. Bitte prüfen Sie, ob sie stimmt.",
            "We corrected the address. Please check that it is right.",
        ),
        "address-unknown": _say(
            "Dit adres staat niet in het officiële register.",
            "Cette adresse ne figure pas dans le registre officiel.",
            "Diese Adresse steht nicht im amtlichen Register.",
            "This address is not in the official register.",
        ),
        "address-current": _say(
            "Het adres is in gebruik.",
            "L'adresse est en usage.",
            "Die Adresse ist gültig.",
            "The address is in use.",
        ),
        "address-proposed": _say(
            "Het adres is nog maar voorgesteld.",
            "L'adresse n'est encore que proposée.",
            "Die Adresse ist erst vorgeschlagen.",
            "The address is only proposed so far.",
        ),
        "address-retired": _say(
            "Het adres bestaat niet meer.",
            "L'adresse n'existe plus.",
            "Die Adresse besteht nicht mehr.",
            "The address no longer exists.",
        ),
        "status-unknown": _say(
            "Het register zegt niet of het adres in gebruik is.",
            "Le registre ne dit pas si l'adresse est en usage.",
            "Das Register sagt nicht, ob die Adresse gültig ist.",
            "The register does not say whether the address is in use.",
        ),
        "is-home": _say(
            "Het is een woning.",
            "C'est un logement.",
            "Es ist eine Wohnung.",
            "It is a home.",
        ),
        "not-home": _say(
            "Volgens het register is dit geen woning.",
            "Selon le registre, ce n'est pas un logement.",
            "Laut Register ist dies keine Wohnung.",
            "According to the register this is not a home.",
        ),
        "purpose-unknown": _say(
            "Het register zegt niet of dit een woning is.",
            "Le registre ne dit pas s'il s'agit d'un logement.",
            "Das Register sagt nicht, ob dies eine Wohnung ist.",
            "The register does not say whether this is a home.",
        ),
        "home-not-required": _say(
            "Ook wie hier niet woont, kan meedoen.",
            "Il n'est pas nécessaire que ce soit un logement.",
            "Es muss keine Wohnung sein.",
            "It need not be a home.",
        ),
        "buurt-live": _say(
            "Je buurt is actief.",
            "Votre quartier est actif.",
            "Ihre Nachbarschaft ist aktiv.",
            "Your neighbourhood is live.",
        ),
        "buurt-not-live": _say(
            "Je buurt is nog niet actief.",
            "Votre quartier n'est pas encore actif.",
            "Ihre Nachbarschaft ist noch nicht aktiv.",
            "Your neighbourhood is not live yet.",
        ),
        "no-buurt": _say(
            "Dit adres ligt in geen enkele buurt van het netwerk.",
            "Cette adresse n'est dans aucun quartier du réseau.",
            "Diese Adresse liegt in keiner Nachbarschaft des Netzwerks.",
            "This address is in no neighbourhood of the network.",
        ),
        "licensed": _say(
            "Je gemeente doet mee.",
            "Votre commune participe.",
            "Ihre Gemeinde nimmt teil.",
            "Your municipality takes part.",
        ),
        "no-licence": _say(
            "Je gemeente doet op dit ogenblik niet mee.",
            "Votre commune ne participe pas pour le moment.",
            "Ihre Gemeinde nimmt derzeit nicht teil.",
            "Your municipality does not take part at present.",
        ),
        "licence-unknown": _say(
            "We weten niet of je gemeente op dit ogenblik meedoet.",
            "Nous ne savons pas si votre commune participe pour le moment.",
            "Wir wissen nicht, ob Ihre Gemeinde derzeit teilnimmt.",
            "We do not know whether your municipality takes part at present.",
        ),
        "licence-not-required": _say(
            "Je gemeente hoeft hiervoor niet mee te doen.",
            "La participation de votre commune n'est pas nécessaire.",
            "Ihre Gemeinde muss dafür nicht teilnehmen.",
            "Your municipality need not take part for this.",
        ),
        "citizens-initiative": _say(
            "Je buurt is een burgerinitiatief.",
            "Votre quartier est une initiative citoyenne.",
            "Ihre Nachbarschaft ist eine Bürgerinitiative.",
            "Your neighbourhood is a citizens' initiative.",
        ),
        "room": _say(
            "Er is plaats op dit adres.",
            "Il y a de la place à cette adresse.",
            "An dieser Adresse ist Platz.",
            "There is room at this address.",
        ),
        "dwelling-full": _say(
            "Voor deze woning bestaat al een huishouden. Sluit je daarbij aan.",
            "Un ménage existe déjà pour ce logement. Rejoignez-le.",
            "Für diese Wohnung gibt es schon einen Haushalt. Schließen Sie sich ihm an.",
            "This dwelling already has a household. Please join that one.",
        ),
        "household-full": _say(
            "Dit huishouden heeft al zoveel accounts als het mag hebben.",
            "Ce ménage a déjà autant de comptes qu'il peut en avoir.",
            "Dieser Haushalt hat schon so viele Konten, wie er haben darf.",
            "This household already has as many accounts as it may have.",
        ),
        "email-free": _say(
            "Er is nog geen account met dit e-mailadres op een ander adres.",
            "Il n'y a pas encore de compte avec cette adresse e-mail ailleurs.",
            "Mit dieser E-Mail-Adresse gibt es anderswo noch kein Konto.",
            "There is no account with this e-mail address elsewhere.",
        ),
        "room-not-told": _say(
            "Of er plaats is op dit adres, wordt nagekeken bij het aanmelden.",
            "La place disponible à cette adresse sera vérifiée lors de l'inscription.",
            "Ob an dieser Adresse Platz ist, wird bei der Anmeldung geprüft.",
            "Whether there is room at this address is checked when somebody signs up.",
        ),
        "email-not-given": _say(
            "Er werd geen e-mailadres gegeven. Dat wordt nagekeken bij het aanmelden.",
            "Aucune adresse e-mail n'a été donnée. Elle sera vérifiée lors de l'inscription.",
            "Es wurde keine E-Mail-Adresse angegeben. Sie wird bei der Anmeldung geprüft.",
            "No e-mail address was given. It is checked when somebody signs up.",
        ),
        "email-elsewhere": _say(
            "Met dit e-mailadres bestaat al een account op een ander adres. Verhuisd? Meld het daar.",
            "Un compte existe déjà avec cette adresse e-mail ailleurs. Vous avez déménagé ? Signalez-le là-bas.",
            "Mit dieser E-Mail-Adresse gibt es anderswo schon ein Konto. Umgezogen? Melden Sie es dort.",
            "There is an account with this e-mail address elsewhere. Moved house? Say so there.",
        ),
    }
)
