"""The words of a quote in Dutch, French, German and English: names of lines, and the sentence of every step."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from licensing.quote_request import Language


def _say(nl: str, fr: str, de: str, en: str) -> Mapping[Language, str]:
    return MappingProxyType({"nl": nl, "fr": fr, "de": de, "en": en})


ITEMS: Final[Mapping[str, Mapping[Language, str]]] = MappingProxyType(
    {
        "base": _say("Basislicentie", "Licence de base", "Grundlizenz", "Base licence"),
        "inclusie-en-buurtzorg": _say(
            "Inclusie en buurtzorg",
            "Inclusion et entraide de quartier",
            "Inklusion und Nachbarschaftshilfe",
            "Inclusion and neighbourhood care",
        ),
        "buurtcommunicatie": _say(
            "Buurtcommunicatie",
            "Communication de quartier",
            "Kommunikation im Viertel",
            "Neighbourhood communication",
        ),
        "burgerparticipatie": _say(
            "Burgerparticipatie", "Participation citoyenne", "Bürgerbeteiligung", "Citizen participation"
        ),
        "bundle-discount": _say("Bundelkorting", "Remise de groupe", "Bündelrabatt", "Bundle discount"),
        "term-discount": _say("Meerjarenkorting", "Remise pluriannuelle", "Mehrjahresrabatt", "Multi-year discount"),
        "pilot-discount": _say(
            "Korting voor een proefproject",
            "Remise pour un projet pilote",
            "Rabatt für ein Pilotprojekt",
            "Pilot discount",
        ),
        "households": _say("{count} huishoudens", "{count} ménages", "{count} Haushalte", "{count} households"),
        "letter-count": _say("{count} brieven", "{count} lettres", "{count} Briefe", "{count} letters"),
        "start-up": _say("Opstart (eenmalig)", "Démarrage (unique)", "Einrichtung (einmalig)", "Start-up (one-off)"),
        "letters": _say(
            "Uitnodigingsbrieven (eenmalig)",
            "Lettres d'invitation (unique)",
            "Einladungsbriefe (einmalig)",
            "Invitation letters (one-off)",
        ),
    }
)
"""The name of each kind of line and each programme line."""

METHODS: Final[Mapping[str, Mapping[Language, str]]] = MappingProxyType(
    {
        "official": _say("officieel", "officiel", "amtlich", "official"),
        "split-by-dwellings": _say(
            "verdeeld volgens woningen",
            "réparti selon les logements",
            "nach Wohnungen aufgeteilt",
            "split by dwellings",
        ),
        "split-by-area": _say(
            "verdeeld volgens oppervlakte", "réparti selon la superficie", "nach Fläche aufgeteilt", "split by area"
        ),
        "residual-by-dwellings": _say(
            "geschat volgens woningen",
            "estimé selon les logements",
            "nach Wohnungen geschätzt",
            "estimated by dwellings",
        ),
        "residual-by-population": _say(
            "geschat volgens inwoners",
            "estimé selon la population",
            "nach Einwohnern geschätzt",
            "estimated by population",
        ),
        "residual-by-area": _say(
            "geschat volgens oppervlakte", "estimé selon la superficie", "nach Fläche geschätzt", "estimated by area"
        ),
        "occupancy": _say(
            "geschat volgens bezetting",
            "estimé selon l'occupation",
            "nach Belegung geschätzt",
            "estimated by occupancy",
        ),
        "assumed": _say("aangenomen", "supposé", "angenommen", "assumed"),
    }
)
"""How a count was found (`households.counts.Method`), or that it was assumed for a comparison."""

STEPS: Final[Mapping[str, Mapping[Language, str]]] = MappingProxyType(
    {
        "counts": _say(
            "{name}: {households} huishoudens in {buurten} van de {buurten_in_plan} buurten van plan {plan}, "
            "geteld in {release}.",
            "{name} : {households} ménages dans {buurten} des {buurten_in_plan} quartiers du plan {plan}, "
            "comptés dans {release}.",
            "{name}: {households} Haushalte in {buurten} von {buurten_in_plan} Vierteln des Plans {plan}, "
            "gezählt in {release}.",
            "{name}: {households} households in {buurten} of the {buurten_in_plan} buurten of plan {plan}, "
            "counted in {release}.",
        ),
        "counts-one": _say(
            "{name}: {households} huishoudens in de ene buurt van plan {plan}, geteld in {release}.",
            "{name} : {households} ménages dans le seul quartier du plan {plan}, comptés dans {release}.",
            "{name}: {households} Haushalte im einzigen Viertel des Plans {plan}, gezählt in {release}.",
            "{name}: {households} households in the one buurt of plan {plan}, counted in {release}.",
        ),
        "estimate": _say(
            "Daarvan zijn {households} huishoudens geschat; het aantal ligt tussen {low} en {high}.",
            "Dont {households} ménages estimés ; le nombre se situe entre {low} et {high}.",
            "Davon sind {households} Haushalte geschätzt; die Zahl liegt zwischen {low} und {high}.",
            "Of these, {households} households are an estimate; the count lies between {low} and {high}.",
        ),
        "unknown-sectors": _say(
            "Statistische sectoren zonder gepubliceerd aantal: {sectors}. Ze tellen niet mee.",
            "Secteurs statistiques sans nombre publié : {sectors}. Ils ne sont pas comptés.",
            "Statistische Sektoren ohne veröffentlichte Zahl: {sectors}. Sie werden nicht mitgezählt.",
            "Statistical sectors without a published count: {sectors}. They are not counted.",
        ),
        "pilot": _say(
            "Slechts een deel van de buurten: de regels voor een proefproject gelden.",
            "Une partie des quartiers seulement : les règles d'un projet pilote s'appliquent.",
            "Nur ein Teil der Viertel: es gelten die Regeln für ein Pilotprojekt.",
            "Some of the buurten only: the rules for a pilot hold.",
        ),
        "tier-graduated": _say(
            "{item}, schijf {range} huishoudens: {formula} = {amount}.",
            "{item}, tranche {range} ménages : {formula} = {amount}.",
            "{item}, Staffel {range} Haushalte: {formula} = {amount}.",
            "{item}, tier {range} households: {formula} = {amount}.",
        ),
        "tier-volume": _say(
            "{item}: alle huishoudens vallen in de schijf {range}: {formula} = {amount}.",
            "{item} : tous les ménages tombent dans la tranche {range} : {formula} = {amount}.",
            "{item}: alle Haushalte fallen in die Staffel {range}: {formula} = {amount}.",
            "{item}: all households fall in the tier {range}: {formula} = {amount}.",
        ),
        "tier-graduated-flat": _say(
            "{item}, schijf {range} huishoudens: vast bedrag van {amount}.",
            "{item}, tranche {range} ménages : montant fixe de {amount}.",
            "{item}, Staffel {range} Haushalte: fester Betrag von {amount}.",
            "{item}, tier {range} households: flat amount of {amount}.",
        ),
        "tier-volume-flat": _say(
            "{item}: alle huishoudens vallen in de schijf {range}: vast bedrag van {amount}.",
            "{item} : tous les ménages tombent dans la tranche {range} : montant fixe de {amount}.",
            "{item}: alle Haushalte fallen in die Staffel {range}: fester Betrag von {amount}.",
            "{item}: all households fall in the tier {range}: flat amount of {amount}.",
        ),
        "minimum": _say(
            "{item}: {price} ligt onder het minimum, dus {amount}.",
            "{item} : {price} est inférieur au minimum, donc {amount}.",
            "{item}: {price} liegt unter dem Mindestpreis, also {amount}.",
            "{item}: {price} is below the minimum, so {amount}.",
        ),
        "maximum": _say(
            "{item}: {price} ligt boven het maximum, dus {amount}.",
            "{item} : {price} dépasse le maximum, donc {amount}.",
            "{item}: {price} liegt über dem Höchstpreis, also {amount}.",
            "{item}: {price} is above the maximum, so {amount}.",
        ),
        "line": _say(
            "{item}, jaar {year}: {amount}.",
            "{item}, année {year} : {amount}.",
            "{item}, Jahr {year}: {amount}.",
            "{item}, year {year}: {amount}.",
        ),
        "indexation": _say(
            "{item}, jaar {year}: {price} × {factor} (indexering van {percent} per jaar) = {amount}.",
            "{item}, année {year} : {price} × {factor} (indexation de {percent} par an) = {amount}.",
            "{item}, Jahr {year}: {price} × {factor} (Indexierung von {percent} pro Jahr) = {amount}.",
            "{item}, year {year}: {price} × {factor} (indexation of {percent} a year) = {amount}.",
        ),
        "bundle-discount": _say(
            "{item}, jaar {year}: {programmes} programmalijnen, {percent} van {price} = {amount}.",
            "{item}, année {year} : {programmes} lignes de programme, {percent} de {price} = {amount}.",
            "{item}, Jahr {year}: {programmes} Programmlinien, {percent} von {price} = {amount}.",
            "{item}, year {year}: {programmes} programme lines, {percent} of {price} = {amount}.",
        ),
        "term-discount": _say(
            "{item}, jaar {year}: looptijd van {years} jaar, {percent} van {price} = {amount}.",
            "{item}, année {year} : durée de {years} ans, {percent} de {price} = {amount}.",
            "{item}, Jahr {year}: Laufzeit von {years} Jahren, {percent} von {price} = {amount}.",
            "{item}, year {year}: term of {years} years, {percent} of {price} = {amount}.",
        ),
        "pilot-discount": _say(
            "{item}, jaar {year}: {percent} van {price} = {amount}.",
            "{item}, année {year} : {percent} de {price} = {amount}.",
            "{item}, Jahr {year}: {percent} von {price} = {amount}.",
            "{item}, year {year}: {percent} of {price} = {amount}.",
        ),
        "start-up": _say("{item}: {amount}.", "{item} : {amount}.", "{item}: {amount}.", "{item}: {amount}."),
        "letters-plan": _say(
            "Brieven voor {name}: {dwellings} woningen in {release}, min {members} ledenhuishoudens "
            "(een aantal onder {smallest} wordt niet getoond en telt als nul) = {letters}.",
            "Lettres pour {name} : {dwellings} logements dans {release}, moins {members} ménages membres "
            "(un nombre inférieur à {smallest} n'est pas montré et compte pour zéro) = {letters}.",
            "Briefe für {name}: {dwellings} Wohnungen in {release}, abzüglich {members} Mitgliedshaushalte "
            "(eine Zahl unter {smallest} wird nicht gezeigt und zählt als null) = {letters}.",
            "Letters for {name}: {dwellings} dwellings in {release}, less {members} member households "
            "(a number below {smallest} is not shown and counts as none) = {letters}.",
        ),
        "letters-given": _say(
            "Brieven voor {name}: {letters}, zoals gevraagd.",
            "Lettres pour {name} : {letters}, comme demandé.",
            "Briefe für {name}: {letters}, wie gewünscht.",
            "Letters for {name}: {letters}, as asked for.",
        ),
        "letters-households": _say(
            "Brieven voor {name}: {letters}, een per huishouden; geen woningen van een adressenregister zijn bekend.",
            "Lettres pour {name} : {letters}, une par ménage ; aucun logement d'un registre d'adresses n'est connu.",
            "Briefe für {name}: {letters}, einer je Haushalt; es sind keine Wohnungen eines Adressregisters bekannt.",
            "Letters for {name}: {letters}, one a household; no dwellings of an address register are known.",
        ),
        "letters": _say(
            "{item}: {letters} × {unit} = {amount}.",
            "{item} : {letters} × {unit} = {amount}.",
            "{item}: {letters} × {unit} = {amount}.",
            "{item}: {letters} × {unit} = {amount}.",
        ),
        "year-sum": _say(
            "Jaar {year}, zonder btw: {amount}.",
            "Année {year}, hors TVA : {amount}.",
            "Jahr {year}, ohne MwSt.: {amount}.",
            "Year {year}, without VAT: {amount}.",
        ),
        "vat-standard": _say(
            "Btw, jaar {year}: {percent} van {price} = {amount}.",
            "TVA, année {year} : {percent} de {price} = {amount}.",
            "MwSt., Jahr {year}: {percent} von {price} = {amount}.",
            "VAT, year {year}: {percent} of {price} = {amount}.",
        ),
        "vat-reverse-charge": _say(
            "Btw verlegd naar de klant (artikelen 44 en 196 van richtlijn 2006/112/EG): {amount}.",
            "Autoliquidation : TVA due par le client (articles 44 et 196 de la directive 2006/112/CE) : {amount}.",
            "Steuerschuldnerschaft des Leistungsempfängers (Artikel 44 und 196 der Richtlinie 2006/112/EG): {amount}.",
            "Reverse charge: VAT is due by the customer (articles 44 and 196 of Directive 2006/112/EC): {amount}.",
        ),
        "vat-exempt": _say(
            "Vrijgesteld van btw: {amount}.",
            "Exonéré de TVA : {amount}.",
            "Von der MwSt. befreit: {amount}.",
            "Exempt from VAT: {amount}.",
        ),
        "rounding": _say(
            "Elke regel is afgerond op {unit}.",
            "Chaque ligne est arrondie à {unit}.",
            "Jede Zeile ist auf {unit} gerundet.",
            "Every line is rounded to {unit}.",
        ),
    }
)
"""One sentence for each kind of step; what stands in braces comes from the step's values."""

RANGE_TO: Final = _say("{first} tot {last}", "{first} à {last}", "{first} bis {last}", "{first} to {last}")
RANGE_FROM: Final = _say("vanaf {first}", "à partir de {first}", "ab {first}", "from {first}")


DRIFTS: Final[Mapping[str, Mapping[Language, str]]] = MappingProxyType(
    {
        "grew": _say(
            "{name}: het aantal huishoudens steeg met {percent}, van {quoted} naar {current}.",
            "{name} : le nombre de ménages a augmenté de {percent}, de {quoted} à {current}.",
            "{name}: Die Zahl der Haushalte ist um {percent} gestiegen, von {quoted} auf {current}.",
            "{name}: the count grew by {percent}, from {quoted} to {current} households.",
        ),
        "fell": _say(
            "{name}: het aantal huishoudens daalde met {percent}, van {quoted} naar {current}.",
            "{name} : le nombre de ménages a diminué de {percent}, de {quoted} à {current}.",
            "{name}: Die Zahl der Haushalte ist um {percent} gesunken, von {quoted} auf {current}.",
            "{name}: the count fell by {percent}, from {quoted} to {current} households.",
        ),
        "less-than": _say("minder dan {percent}", "moins de {percent}", "weniger als {percent}", "less than {percent}"),
        "same": _say(
            "{name}: nog altijd {current} huishoudens.",
            "{name} : toujours {current} ménages.",
            "{name}: noch immer {current} Haushalte.",
            "{name}: still {current} households.",
        ),
        "first": _say(
            "{name}: de offerte telde geen huishoudens, vandaag zijn er {current}.",
            "{name} : l'offre ne comptait aucun ménage ; il y en a {current} aujourd'hui.",
            "{name}: Im Angebot waren keine Haushalte gezählt, heute sind es {current}.",
            "{name}: the quote counted no households, and today there are {current}.",
        ),
        "uncounted": _say(
            "{name}: hetzelfde gebied is vandaag niet te tellen zoals in de offerte.",
            "{name} : le même territoire ne peut pas être compté aujourd'hui comme dans l'offre.",
            "{name}: Dasselbe Gebiet lässt sich heute nicht wie im Angebot zählen.",
            "{name}: the same area cannot be counted today as it was in the quote.",
        ),
        "moved": _say(
            "{item}: van schijf {before} naar schijf {now}.",
            "{item} : de la tranche {before} à la tranche {now}.",
            "{item}: von Staffel {before} zu Staffel {now}.",
            "{item}: from tier {before} to tier {now}.",
        ),
        "next": _say(
            "{item}: nog {households} huishoudens tot de volgende schijf.",
            "{item} : encore {households} ménages jusqu'à la tranche suivante.",
            "{item}: noch {households} Haushalte bis zur nächsten Staffel.",
            "{item}: the next tier is {households} households away.",
        ),
        "next-one": _say(
            "{item}: nog {households} huishouden tot de volgende schijf.",
            "{item} : encore {households} ménage jusqu'à la tranche suivante.",
            "{item}: noch {households} Haushalt bis zur nächsten Staffel.",
            "{item}: the next tier is {households} household away.",
        ),
        "below": _say(
            "{item}: {households} huishoudens minder, en de lagere schijf geldt.",
            "{item} : {households} ménages de moins, et la tranche inférieure s'applique.",
            "{item}: {households} Haushalte weniger, und die niedrigere Staffel gilt.",
            "{item}: the tier below is {households} households away.",
        ),
        "below-one": _say(
            "{item}: {households} huishouden minder, en de lagere schijf geldt.",
            "{item} : {households} ménage de moins, et la tranche inférieure s'applique.",
            "{item}: {households} Haushalt weniger, und die niedrigere Staffel gilt.",
            "{item}: the tier below is {households} household away.",
        ),
        "last": _say(
            "{item}: de hoogste schijf geldt al.",
            "{item} : la tranche la plus haute s'applique déjà.",
            "{item}: Die höchste Staffel gilt bereits.",
            "{item}: the highest tier holds already.",
        ),
    }
)
"""How the households moved since a quote, and how far the tiers of each item are (`drift.describe_drift`)."""


def name_method(method: str, language: Language) -> str:
    """Return a method of counting in words; several that are joined by `+` have a word each.

    Examples
    --------
    >>> name_method("official+split-by-area", "en")
    'official, split by area'
    """
    return ", ".join(METHODS[part][language] for part in method.split("+"))
