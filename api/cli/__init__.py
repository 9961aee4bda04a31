"""The command line: `buurtwijzer --help`."""

import os
import sys

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError
from rich.console import Console
from sqlalchemy.exc import OperationalError

from api.adoption_reports import UnknownAreaError
from api.atlas import NothingActiveError, OutsideCoverageError
from api.cli import (
    answering,
    audit,
    backups,
    carrying_over,
    counting,
    databases,
    importing,
    keys,
    letters,
    licences,
    members,
    offers,
    plan_files,
    plans,
    pricebooks,
    quotes,
    serving,
    settings,
)
from api.cli.literal import literal
from api.geojson_input import DrawnAreaError
from api.operation.listening import ListeningError
from api.operation.production import DefaultSecretError
from api.operation.tracing import TracingError
from api.settings import mistaken_variables, unreadable_variable
from boundaries.carry_over import CarryOverError
from boundaries.diffs import PlansDifferError
from boundaries.edit_errors import EditError
from boundaries.growing import UngrowableError
from boundaries.overlaps import InvalidAreaError
from boundaries.proposals import BandError, ProposalProblemError
from data.api_keys import KeyFormError, UnknownKeyError
from data.backups import BackupError
from data.directory import DamagedReleaseError, ImportRunningError
from data.importing import ImportOptionError, ReleaseExistsError
from data.members.audit import COMMAND, Act, acting
from data.members.letters import LettersError
from data.members.rules import RulesChangedError
from data.municipalities import UnknownMunicipalityError
from data.plans.drafts import DraftStateError, EditConflictError, NothingToUndoError, UnknownDraftError
from data.plans.plan_file import PlanFileError
from data.plans.published import NoPlanError
from data.plans.publishing import NotPublishableError, OutdatedDraftError, PublishingDayError
from data.plans.rebasing import NoRebaseError, NothingToRebaseError, RebaseConflictError
from data.plans.sectors_in_use import FormerReleaseError, InactiveReleaseError
from data.plans.successions import NoSuccessorError
from data.quotes.offers import UnknownQuoteError
from data.quotes.price_books import UnknownBookError
from data.readers.mapping import MappingError
from data.releases import UnknownReleaseError
from data.selection import SelectionError
from data.store import StoreError, UnstorableValueError
from data.tables import SourceError
from geo.addresses import AddressIndexError
from geo.sector_errors import IndexFileError, LayerError
from households.dwelling_keys import HouseholdKeyError
from licensing.price_book_reader import PriceBookError
from licensing.quote_request import QuoteError
from licensing.ubl import InvoiceError

EXPECTED = (
    AddressIndexError,
    BackupError,
    BandError,
    CarryOverError,
    DefaultSecretError,
    DraftStateError,
    DrawnAreaError,
    EditConflictError,
    EditError,
    ImportOptionError,
    DamagedReleaseError,
    ImportRunningError,
    NothingActiveError,
    OutsideCoverageError,
    ReleaseExistsError,
    SelectionError,
    RulesChangedError,
    FormerReleaseError,
    HouseholdKeyError,
    InactiveReleaseError,
    IndexFileError,
    InvoiceError,
    InvalidAreaError,
    KeyFormError,
    LayerError,
    LettersError,
    ListeningError,
    MappingError,
    NoPlanError,
    NoRebaseError,
    NoSuccessorError,
    NotPublishableError,
    NothingToRebaseError,
    NothingToUndoError,
    OutdatedDraftError,
    RebaseConflictError,
    PlanFileError,
    PlansDifferError,
    PriceBookError,
    ProposalProblemError,
    PublishingDayError,
    QuoteError,
    SourceError,
    TracingError,
    StoreError,
    UnknownAreaError,
    UngrowableError,
    UnknownDraftError,
    UnknownKeyError,
    UnknownBookError,
    UnknownMunicipalityError,
    UnknownQuoteError,
    UnknownReleaseError,
    UnstorableValueError,
    plans.OperationTextError,
)
"""Errors that say themselves what is wrong and what to do: the operator sees that, and no traceback."""

app = typer.Typer(
    name="buurtwijzer",
    help="From official files to an answer: in which sector and buurt is this address?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
importing.add_commands(app)
answering.add_commands(app)
counting.add_commands(app)
serving.add_commands(app)
settings.add_commands(app)
audit.add_commands(app)
keys.add_commands(app)
pricebooks.add_commands(app)
quotes.add_commands(app)
offers.add_commands(app)
licences.add_commands(app)
letters.add_commands(app)
members.add_commands(app)
backups.add_commands(app)
databases.add_commands(app)
plans.add_commands(app)
plan_files.add_commands(plans.plan)
carrying_over.add_commands(plans.plan)


def main() -> None:
    """Run the command line; an expected error becomes one message and exit code 1."""
    try:
        with acting(Act(COMMAND, lambda: (f"buurtwijzer {_command()}", None))):
            app()
    except EXPECTED as error:
        Console(stderr=True, soft_wrap=True).print(f"[bold red]error:[/] {_literal_lines(error)}", highlight=False)
        sys.exit(1)
    except OperationalError as error:
        # The driver's own words: those of SQLAlchemy hold the statement and its values.
        Console(stderr=True, soft_wrap=True).print(
            f"error: the store is stopped, busy or full: {error.orig}", markup=False, highlight=False
        )
        sys.exit(1)
    except OSError as error:
        if error.errno is None:
            raise
        where = f": {error.filename}" if error.filename else ""
        Console(stderr=True, soft_wrap=True).print(
            f"error: {os.strerror(error.errno)}{where}", markup=False, highlight=False
        )
        sys.exit(1)
    except SettingsError as error:
        Console(stderr=True, soft_wrap=True).print(
            f"error: {unreadable_variable(error)}", markup=False, highlight=False
        )
        sys.exit(1)
    except ValidationError as error:
        mistakes = mistaken_variables(error)
        if not mistakes:
            raise
        Console(stderr=True, soft_wrap=True).print(f"error: {'; '.join(mistakes)}", markup=False, highlight=False)
        sys.exit(1)
    except KeyboardInterrupt:
        Console(stderr=True).print("stopped; nothing was half written")
        sys.exit(130)


def _command() -> str:
    """Return the command that is run, without what was given to it."""
    known = {command.name for command in app.registered_commands} | {group.name for group in app.registered_groups}
    return next((word for word in sys.argv[1:2] if word in known), "")


def _literal_lines(error: Exception) -> str:
    return "\n".join(map(literal, str(error).splitlines()))
