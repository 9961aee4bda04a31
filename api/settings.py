"""Settings, one small class per concern, all from the environment with the prefix BUURTWIJZER_."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


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
    reload_seconds: float = Field(
        default=0.5, gt=0, description="How long a worker may go on with answers that the store has replaced."
    )
