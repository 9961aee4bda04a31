"""Settings, one small class per concern, all from the environment with the prefix BUURTWIJZER_."""

import re
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from api.base_map import BaseMap
from boundaries.checks import CheckSettings
from boundaries.operations import Language
from boundaries.proposals import HouseholdsBand
from data.api_keys import Scope
from data.members.attempts import AttemptLimit
from data.members.retention import Retention
from licensing.parties import ElectronicAddress, Party, PostalAddress, Seller
from licensing.price_book import Country

Origin = Annotated[str, StringConstraints(pattern=r"^https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?$")]
"""Scheme, host and port of pages (RFC 6454), nothing after."""
MOST_DAYS: Final = 36_500
"""A century: a number of days beyond it is mistyped, and the calendar ends."""
MOST_CODE_DAYS: Final = 730
"""Until when the codes of letters may be good: a letter lies in a drawer."""


class StoreSettings(BaseSettings):
    """Where releases and the store are kept."""

    model_config = SettingsConfigDict(env_prefix="BUURTWIJZER_", frozen=True)

    data_dir: Path = Field(default=Path("var"), description="Directory of releases and of the embedded store.")
    database_url: str | None = Field(
        default=None,
        repr=False,
        description="SQLAlchemy URL of PostgreSQL with PostGIS; unset, the store is SQLite in the data directory.",
    )

    replica_url: str | None = Field(
        default=None, repr=False, description="SQLAlchemy URL of a streaming replica, which reports are read from."
    )
    migrate: bool = Field(
        default=True,
        description="Migrate an older schema when the store is opened; false refuses it, for a role that may not.",
    )

    @property
    def store_url(self) -> str:
        """The URL of the store in use."""
        return self.database_url or f"sqlite:///{self.data_dir / 'store.sqlite'}"


class ServerSettings(BaseSettings):
    """How the HTTP server listens, and what it accepts."""

    model_config = SettingsConfigDict(env_prefix="BUURTWIJZER_SERVER_", frozen=True)

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    workers: int = Field(
        default=1, ge=1, le=256, description="Processes that answer; a processor each is a good number."
    )
    max_connections: int = Field(
        default=2_000, ge=1, description="Connections of a worker; a request on any beyond them is answered with 503."
    )
    stop_seconds: int = Field(default=30, ge=0, description="How long running requests may go on after SIGTERM.")
    stop_notice_seconds: float = Field(
        default=0.0,
        ge=0,
        description="How long new requests are still taken after SIGTERM, while /readyz says 503, so that a load "
        "balancer can turn to others first.",
    )
    allowed_hosts: tuple[str, ...] = Field(
        default=("127.0.0.1", "localhost", "[::1]", "::1", "testserver"),
        description="Host headers that are answered: a page on another site cannot reach a loopback server by name.",
    )
    max_body_bytes: int = Field(default=65_536, gt=0, description="Largest request body.")
    max_batch_bytes: int = Field(default=8_388_608, gt=0, description="Largest body of a batch of verifications.")
    max_plan_bytes: int = Field(default=33_554_432, gt=0, description="Largest file of a plan or of areas.")
    max_head_seconds: float = Field(
        default=10.0, gt=0, description="Longest time that the head of a request may take to come in."
    )
    max_body_seconds: float = Field(
        default=60.0, gt=0, description="Longest time that a request body may take to come in."
    )
    max_json_depth: int = Field(default=32, ge=8, description="Deepest nesting of JSON in a request body.")
    cors_origins: tuple[Origin, ...] = Field(
        default=(), description="Origins whose pages may call the API, such as https://form.example; none by default."
    )
    reload_seconds: float = Field(
        default=0.5, gt=0, description="How long a worker may go on with answers that the store has replaced."
    )
    editor_dir: Path | None = Field(
        default=None, description="Folder of the built map editor; unset, web/dist of the source tree."
    )
    base_map: str | None = Field(
        default=None,
        max_length=500,
        description="Template of raster tiles with {z}, {x} and {y}, or URL of a MapLibre style, that the editor lays "
        "under its own map; none by default, and then no request of the page leaves its origin.",
    )
    base_map_attribution: str = Field(
        default="", max_length=200, description="Whose map the base map is, shown on it; required with one."
    )

    @property
    def base_map_shown(self) -> BaseMap | None:
        """The base map, where one is set."""
        return None if self.base_map is None else BaseMap.of(self.base_map, self.base_map_attribution)

    @model_validator(mode="after")
    def _base_map_is_one(self) -> Self:
        _ = self.base_map_shown
        return self


class RateSettings(BaseSettings):
    """How many requests a minute a key may make over all workers and machines, by its scopes; the highest counts.

    A key that was made with a rate of its own has that instead.
    """

    model_config = SettingsConfigDict(env_prefix="BUURTWIJZER_RATE_", frozen=True)

    lookup: int = Field(default=6_000, ge=1, description="Of a web page; everybody who opens it shares its key.")
    signup: int = Field(default=6_000, ge=1, description="Of a sign-up form; one key serves all who fill it in.")
    viewer: int = Field(default=3_000, ge=1, description="Of who looks at plans, counts and reports.")
    ops: int = Field(default=6_000, ge=1, description="Of the map editor; a view of the map has dozens of tiles.")
    sales: int = Field(default=3_000, ge=1, description="Of who prices and quotes.")
    admin: int = Field(default=6_000, ge=1, description="Of who may do everything.")

    def of(self, scopes: Iterable[Scope]) -> int:
        """Return the rate of a caller with some scopes."""
        rates: dict[str, int] = dict(self)
        return max(rates[scope] for scope in scopes)


Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Those with a public key; a shared secret, or none, is no proof of who has made a token."""


def is_trustworthy(url: str) -> bool:
    """Whether what is read from a URL comes from who it names: over HTTPS, or from this machine.

    Examples
    --------
    >>> is_trustworthy("https://id.example"), is_trustworthy("http://id.example"), is_trustworthy("http://127.0.0.1:9")
    (True, False, True)
    """
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost"))


class OidcSettings(BaseSettings):
    """Whose tokens are taken beside keys: an OpenID Connect provider, by its discovery document."""

    model_config = SettingsConfigDict(env_prefix="BUURTWIJZER_OIDC_", frozen=True)

    issuer: str | None = Field(
        default=None, description="The provider, exactly as it names itself in `iss`; unset, keys alone are taken."
    )
    audience: str | None = Field(default=None, description="Who the tokens must be for (`aud`): this server.")
    scopes_claim: str = Field(
        default="roles", description="Claim that says what a person may do; dots lead into it: `realm_access.roles`."
    )
    scopes: dict[str, tuple[Scope, ...]] = Field(
        default={}, description='Scopes by a value of that claim, as {"buurt-ops": ["ops"]}; others give none.'
    )
    algorithms: tuple[Algorithm, ...] = Field(
        default=("RS256", "PS256", "ES256", "EdDSA"), min_length=1, description="Signatures that are taken."
    )
    leeway_seconds: int = Field(default=30, ge=0, le=300, description="How far the clocks may be apart.")
    keys_seconds: int = Field(default=300, ge=1, description="How long the provider's keys are used without asking.")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.issuer is not None:
            if not is_trustworthy(self.issuer):
                raise ValueError("the issuer must be an https URL (http on this machine alone)")
            if not self.audience or not self.scopes:
                raise ValueError("an issuer needs BUURTWIJZER_OIDC_AUDIENCE and BUURTWIJZER_OIDC_SCOPES too")
        return self


class MetricsSettings(BaseSettings):
    """Where Prometheus may ask `buurtwijzer serve` for metrics: a port of its own, without keys and for nobody else."""

    model_config = SettingsConfigDict(env_prefix="BUURTWIJZER_METRICS_", frozen=True)

    port: int | None = Field(default=None, ge=0, le=65535, description="Port of /metrics; unset, there are none.")
    host: str = Field(default="127.0.0.1", description="Address to listen on for it.")


class TracingSettings(BaseSettings):
    """Where traces go; needs the extra `tracing`."""

    model_config = SettingsConfigDict(env_prefix="BUURTWIJZER_TRACING_", frozen=True)

    endpoint: str | None = Field(
        default=None,
        pattern="^https?://[^/]",
        description="OTLP over HTTP, as http://127.0.0.1:4318/v1/traces; unset, nothing is traced.",
    )
    share: float = Field(default=1.0, ge=0, le=1, description="Share of requests traced that belong to no trace yet.")


class LogSettings(BaseSettings):
    """How the server logs, on standard error."""

    model_config = SettingsConfigDict(env_prefix="BUURTWIJZER_LOG_", frozen=True)

    format: Literal["json", "text"] = Field(default="json", description="An object a line, or text for people.")
    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least that is logged; `info` has a line for every request."
    )


class HouseholdSettings(BaseSettings):
    """How sign-ups are kept and limited."""

    model_config = SettingsConfigDict(env_prefix="BUURTWIJZER_HOUSEHOLDS_", frozen=True)

    keys: str | None = Field(
        default=None,
        repr=False,
        description="Keys of households as ID:HEX, the current one first; no sign-ups without.",
    )
    sign_up_days: int = Field(default=30, gt=0, le=MOST_DAYS, description="How long a sign-up waits for its proof.")
    guesses_per_dwelling: int = Field(default=5, gt=0, description="Wrong codes that a dwelling may try in a window.")
    guesses_per_caller: int = Field(
        default=1_000,
        gt=0,
        description="Wrong codes that an API key may bring in a window: one key serves a whole sign-up form.",
    )
    guess_window_minutes: int = Field(default=60, gt=0, le=1_440, description="Length of that window.")
    smallest_shown: int = Field(
        default=10,
        ge=1,
        description="The smallest number of member households that is told of an area, zero apart; 1 tells everything.",
    )

    @property
    def dwelling_limit(self) -> AttemptLimit:
        """The limit of a dwelling."""
        return AttemptLimit(self.guesses_per_dwelling, timedelta(minutes=self.guess_window_minutes))

    @property
    def caller_limit(self) -> AttemptLimit:
        """The limit of a caller."""
        return AttemptLimit(self.guesses_per_caller, timedelta(minutes=self.guess_window_minutes))


_GOOD_BUURT = CheckSettings()


class PlanSettings(BaseSettings):
    """What a good buurt is: plans are checked by it, and proposals aim at it."""

    model_config = SettingsConfigDict(env_prefix="BUURTWIJZER_PLANS_", frozen=True)

    households_least: int = Field(default=_GOOD_BUURT.households_least, ge=1, description="Households at least.")
    households_target: int = Field(default=_GOOD_BUURT.households_target, ge=1, description="Households to aim at.")
    households_most: int = Field(default=_GOOD_BUURT.households_most, ge=1, description="Households at most.")
    dwellings_least: int = Field(default=_GOOD_BUURT.dwellings_least, ge=0, description="Dwellings at least.")
    languages: tuple[Language, ...] = Field(
        default=(), description='Languages that every buurt is named in, as ["nl", "fr"]; none: in any one.'
    )
    polsby_popper_least: float = Field(
        default=_GOOD_BUURT.polsby_popper_least, ge=0, le=1, description="Polsby-Popper compactness at least."
    )
    reock_least: float = Field(default=_GOOD_BUURT.reock_least, ge=0, le=1, description="Reock compactness at least.")
    sliver_width_m: float = Field(
        default=_GOOD_BUURT.sliver_width_m, ge=0, description="Mean width below which a part of a block is a sliver."
    )
    barrier_least_m: float = Field(
        default=_GOOD_BUURT.barrier_least_m, ge=0, description="Length from which a barrier inside divides a buurt."
    )
    barrier_width_m: float = Field(
        default=_GOOD_BUURT.barrier_width_m, ge=0, description="Distance within which a barrier runs along a border."
    )
    street_share_most: float = Field(
        default=_GOOD_BUURT.street_share_most,
        ge=0,
        le=1,
        description="Share of a street's house numbers up to which their lying in another buurt is an oversight.",
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        _ = self.band
        return self

    @property
    def checks(self) -> CheckSettings:
        """What plans are checked by."""
        return CheckSettings(**self.model_dump())

    @property
    def band(self) -> HouseholdsBand:
        """What proposals aim at."""
        return HouseholdsBand(self.households_least, self.households_most, self.households_target)


class RetentionSettings(BaseSettings):
    """How long what is over is kept, in days; `buurtwijzer purge` enforces it."""

    model_config = SettingsConfigDict(env_prefix="BUURTWIJZER_RETENTION_", frozen=True)

    sign_ups: int = Field(default=90, ge=0, le=MOST_DAYS, description="Settled or expired sign-ups.")
    left_households: int = Field(default=365, ge=0, le=MOST_DAYS, description="Households and accounts that have left.")
    staff: int = Field(
        default=365, ge=0, le=MOST_DAYS, description="Staff accounts that were revoked or whose time is over."
    )
    codes: int = Field(default=30, ge=0, le=MOST_DAYS, description="Expired codes.")
    attempts: int = Field(default=7, ge=1, le=MOST_DAYS, description="Counts of attempts at codes.")

    @property
    def retention(self) -> Retention:
        """The same as lengths of time."""
        return Retention(**{name: timedelta(days=getattr(self, name)) for name in type(self).model_fields})


class LetterSettings(BaseSettings):
    """Who writes invitation letters, and where residents enter their code."""

    model_config = SettingsConfigDict(env_prefix="BUURTWIJZER_LETTERS_", frozen=True)

    sender: str = Field(default="", max_length=80, description="Name of the sender, on the letterhead.")
    sender_lines: tuple[str, ...] = Field(default=(), max_length=4, description="Address and ways to reach the sender.")
    website: str = Field(default="", max_length=120, description="Page where residents enter their code.")
    code_days: int = Field(default=60, ge=1, le=MOST_CODE_DAYS, description="Days that the code of a letter is valid.")


class SellerSettings(BaseSettings):
    """Who sells: the letterhead of quotes, and the seller of invoices. The defaults are an example and say so."""

    model_config = SettingsConfigDict(env_prefix="BUURTWIJZER_SELLER_", frozen=True)

    name: str = Field(default="Voorbeeldverkoper (example)", description="Name of the organisation.")
    street: str = Field(default="Voorbeeldstraat 1", description="Street and number of its seat.")
    postcode: str = Field(default="9000", description="Postcode of its seat.")
    city: str = Field(default="Gent", description="Place of its seat.")
    country: Country = Field(default="BE", description="Country of its seat.")
    iban: str = Field(default="BE68539007547034", description="Account that it is paid on.")
    bic: str | None = Field(default=None, description="BIC of that account.")
    vat_number: str | None = Field(default="BE0123456749", description="VAT number, with the country's letters.")
    registration: str | None = Field(default="0123456749", description="Number in the register of enterprises.")
    peppol_scheme: str = Field(default="0208", description="Scheme of its Peppol address.")
    peppol_id: str | None = Field(default="0123456749", description="Its Peppol address.")
    email: str | None = Field(default=None, description="Where questions go.")
    phone: str | None = Field(default=None, description="Number for questions.")
    website: str | None = Field(default=None, description="Its site.")

    @property
    def seller(self) -> Seller:
        """The seller as quotes freeze it."""
        address = None if self.peppol_id is None else ElectronicAddress(self.peppol_scheme, self.peppol_id)
        party = Party(
            self.name,
            PostalAddress(self.street, self.postcode, self.city, self.country),
            address,
            self.vat_number,
            self.registration,
            email=self.email,
            phone=self.phone,
        )
        return Seller(party, self.iban, self.bic, self.website)


def all_settings() -> list[type[BaseSettings]]:
    """Return every class of settings, in the order of this file."""
    return [each for each in BaseSettings.__subclasses__() if each.__module__ == __name__]


def unreadable_variable(error: SettingsError) -> str:
    """Say which environment variable holds a list or an object that is no JSON, without its value."""
    named = re.search(r'field "(\w+)"', str(error))
    for settings in all_settings():
        if named is not None and named[1] in settings.model_fields:
            name = f"{settings.model_config.get('env_prefix', '')}{named[1]}".upper()
            return f"{name}: a list or an object is written as JSON"
    return str(error)


def mistaken_variables(error: ValidationError) -> list[str]:
    """Say which environment variables cannot be used and why, without their values; nothing of other errors."""
    settings = next((each for each in all_settings() if each.__name__ == error.title), None)
    if settings is None:
        return []
    prefix = settings.model_config.get("env_prefix", "")
    return [
        f"{prefix}{'_'.join(map(str, found['loc'])).upper() or '*'}: {found['msg']}"
        for found in error.errors(include_url=False, include_input=False)
    ]
