"""Settings, one small class per concern, all from the environment with the prefix BUURTWIJZER_."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from data.members.attempts import AttemptLimit


class StoreSettings(BaseSettings):
    """Where releases and the store are kept."""

    model_config = SettingsConfigDict(env_prefix="BUURTWIJZER_", frozen=True)

    data_dir: Path = Field(default=Path("var"), description="Directory of releases and of the embedded store.")
    database_url: str | None = Field(
        default=None,
        repr=False,
        description="SQLAlchemy URL of PostgreSQL with PostGIS; unset, the store is SQLite in the data directory.",
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
    allowed_hosts: tuple[str, ...] = Field(
        default=("127.0.0.1", "localhost", "[::1]", "::1", "testserver"),
        description="Host headers that are answered: a page on another site cannot reach a loopback server by name.",
    )
    max_body_bytes: int = Field(default=65_536, gt=0, description="Largest request body.")
    max_batch_bytes: int = Field(default=8_388_608, gt=0, description="Largest body of a batch of verifications.")
    reload_seconds: float = Field(
        default=0.5, gt=0, description="How long a worker may go on with answers that the store has replaced."
    )


class HouseholdSettings(BaseSettings):
    """How sign-ups are kept and limited."""

    model_config = SettingsConfigDict(env_prefix="BUURTWIJZER_HOUSEHOLDS_", frozen=True)

    keys: str | None = Field(
        default=None,
        repr=False,
        description="Keys of households as ID:HEX, the current one first; no sign-ups without.",
    )
    sign_up_days: int = Field(default=30, gt=0, description="How long a sign-up waits for its proof.")
    guesses_per_dwelling: int = Field(default=5, gt=0, description="Wrong codes that a dwelling may try in a window.")
    guesses_per_caller: int = Field(default=100, gt=0, description="Wrong codes that a caller may try in a window.")
    guess_window_minutes: int = Field(default=60, gt=0, description="Length of that window.")

    @property
    def dwelling_limit(self) -> AttemptLimit:
        """The limit of a dwelling."""
        return AttemptLimit(self.guesses_per_dwelling, timedelta(minutes=self.guess_window_minutes))

    @property
    def caller_limit(self) -> AttemptLimit:
        """The limit of a caller."""
        return AttemptLimit(self.guesses_per_caller, timedelta(minutes=self.guess_window_minutes))
