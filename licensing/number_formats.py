"""Numbers, money and dates as people of each language write them."""

from datetime import date
from decimal import Decimal
from typing import Final

from licensing.quote_request import Language

NO_BREAK = "\u00a0"
_GROUP: Final[dict[Language, str]] = {"nl": ".", "fr": NO_BREAK, "de": ".", "en": ","}
_POINT: Final[dict[Language, str]] = {"nl": ",", "fr": ",", "de": ",", "en": "."}
_MONTHS: Final[dict[Language, tuple[str, ...]]] = {
    "nl": ("januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober",
           "november", "december"),
    "fr": ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
           "novembre", "décembre"),
    "de": ("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
           "November", "Dezember"),
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December"),
}  # fmt: skip


def format_count(number: int, language: Language) -> str:
    """Write a whole number.

    Examples
    --------
    >>> format_count(515225, "nl"), format_count(515225, "en")
    ('515.225', '515,225')
    """
    return f"{number:,}".replace(",", _GROUP[language])


def format_decimal(number: Decimal, language: Language, places: int = 0) -> str:
    """Write a decimal with at least some places, and no needless zeros after them.

    Examples
    --------
    >>> format_decimal(Decimal("1234.5000"), "nl", places=2)
    '1.234,50'
    """
    text = f"{abs(number.normalize()):f}"
    whole, _, fraction = text.partition(".")
    fraction = fraction.ljust(places, "0")
    sign = "−" if number < 0 else ""
    grouped = format_count(int(whole), language)
    return sign + grouped + (_POINT[language] + fraction if fraction else "")


def format_money(amount: Decimal, language: Language) -> str:
    """Write an amount in euros.

    Examples
    --------
    >>> format_money(Decimal("-1750"), "en")
    '−€1,750.00'
    >>> format_money(Decimal("0.125"), "nl").replace(chr(160), "_")
    '€_0,125'
    """
    sign, number = ("−" if amount < 0 else ""), format_decimal(abs(amount), language, places=2)
    if language == "en":
        return f"{sign}€{number}"
    if language == "nl":
        return f"{sign}€{NO_BREAK}{number}"
    return f"{sign}{number}{NO_BREAK}€"


def format_percent(percent: Decimal, language: Language) -> str:
    """Write a percentage.

    Examples
    --------
    >>> format_percent(Decimal("7.50"), "en")
    '7.5%'
    """
    return format_decimal(percent, language) + ("%" if language in {"nl", "en"} else f"{NO_BREAK}%")


def format_date(day: date, language: Language) -> str:
    """Write a day in full.

    Examples
    --------
    >>> format_date(date(2027, 1, 1), "fr").replace(NO_BREAK, " ")
    '1er janvier 2027'
    """
    number = str(day.day)
    if language == "de":
        number += "."
    if language == "fr" and day.day == 1:
        number = "1er"
    return f"{number}{NO_BREAK}{_MONTHS[language][day.month - 1]}{NO_BREAK}{day.year}"
