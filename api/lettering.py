"""Drafts letters for whatever was selected, buurt by buurt in the order of their rounds; the command and the API do."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy.orm import Session

from api.letters_pdf import LetterSender
from api.settings import MOST_CODE_DAYS, LetterSettings
from data.directory import DataDirectory
from data.members.letters import (
    Existing,
    LetterBatch,
    LetterBuurt,
    LettersError,
    read_letter_addresses,
    without_members,
)
from data.plans.published import sector_names
from data.selection import select_dwellings
from data.tables import country_of
from households.codes import make_code
from households.dwelling_keys import HouseholdKeys
from households.eligibility_texts import TextLanguage
from households.letter_rounds import plan_round
from households.letters import Letter, letter_languages, name_in
from households.selections import Wish


@dataclass(frozen=True, slots=True)
class LetterDraft:
    """Letters that no code is valid of yet."""

    batches: tuple[LetterBatch, ...]
    """By buurt; their letters in the order of the round, numbered through."""
    sector_names: dict[str, str]
    unknown_addresses: tuple[str, ...]
    """Those of a list that are no dwelling."""

    @property
    def count(self) -> int:
        """How many letters there are."""
        return sum(len(batch.letters) for batch in self.batches)


def draft_letters(
    session: Session,
    directory: DataDirectory,
    keys: HouseholdKeys,
    wish: Wish,
    *,
    language: TextLanguage | None,
    existing: Existing,
    now: datetime,
    choose: Callable[[str], str],
) -> LetterDraft:
    """Draft a letter, with a code, for every selected dwelling that is no member's.

    Parameters
    ----------
    language
        None writes to each address in its own.
    choose
        Picks a character of a code: `secrets.choice`.

    Raises
    ------
    LettersError
        Nobody there needs a letter.
    """
    selection = select_dwellings(session, directory, wish, now.date())
    batches: list[LetterBatch] = []
    names: dict[str, str] = {}
    for selected in selection.municipalities:
        plan = selected.plan
        country = country_of(selected.code)
        for code in selected.buurt_codes:
            here = selected.dwellings.filter(pc.equal(selected.dwellings["buurt_code"], pa.scalar(code)))
            addresses = read_letter_addresses(here, country)
            chosen = without_members(session, keys, addresses, existing=existing, now=now)
            streets = tuple(plan_round(chosen, addresses))
            walked = [address for street in streets for address in street.addresses]
            done = sum(len(batch.letters) for batch in batches)
            made = tuple(
                Letter(number, address, (language,) if language else letter_languages(address), code, make_code(choose))
                for number, address in enumerate(walked, start=done + 1)
            )
            if made:
                buurt = LetterBuurt(code, plan.buurten[code].names, selected.code)
                batches.append(LetterBatch(buurt, made, streets))
        found = sector_names(session, plan.release, {block.sector_code for block in plan.blocks})
        names |= {code: name_in(of_sector, "nl") for code, of_sector in found.items()}
    if not batches:
        raise LettersError("no dwelling there needs a letter: each has a member, or a letter that is still valid")
    return LetterDraft(tuple(batches), names, selection.unknown_addresses)


def read_sender(settings: LetterSettings) -> LetterSender:
    """Return who writes.

    Raises
    ------
    LettersError
        The settings do not say.
    """
    if not settings.website or not settings.sender:
        raise LettersError(
            "letters need a sender and the page where residents enter their code: set BUURTWIJZER_LETTERS_SENDER and "
            "BUURTWIJZER_LETTERS_WEBSITE, or take the printer's table alone"
        )
    return LetterSender(settings.sender, settings.sender_lines, settings.website)


def last_day(asked: date | None, settings: LetterSettings, now: datetime) -> date:
    """Return the last day of codes: the one that is asked for, or the setting's.

    Raises
    ------
    LettersError
        It is over, or too far ahead.
    """
    last = asked or now.date() + timedelta(days=settings.code_days)
    if last < now.date():
        raise LettersError(f"{last:%Y-%m-%d} is over: codes need a last day that is to come")
    if last > (furthest := now.date() + timedelta(days=MOST_CODE_DAYS)):
        # A mistyped year would keep the codes of a drawer valid for a lifetime.
        raise LettersError(f"{last} is too far ahead: codes are valid until {furthest} at most; look at the year")
    return last


def end_of(day: date) -> datetime:
    """Return the instant at which a day is over."""
    return datetime.combine(day + timedelta(days=1), time(), UTC)
