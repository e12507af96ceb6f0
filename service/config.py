"""The settings registry: every environment variable that the relay reads, with its default and its help.

Only the doors (web, worker, scheduler, cli, dev) read settings; everything below takes plain values.
`docs/reference/configuration.md` is generated from here, and a house test compares them.
"""

from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.clock import Duration, format_duration
from service.errors import ConfigurationError


class LogFormat(StrEnum):
    """How log lines are written."""

    CONSOLE = "console"
    JSON = "json"


class LogLevel(StrEnum):
    """The lowest level that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Settings(BaseSettings):
    """Everything that is set by environment variables (CONTRACT §3), read once at start-up."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    database_url: str | None = Field(
        None,
        alias="DATABASE_URL",
        description="PostgreSQL, `postgresql://…` or `postgres://…`. Unset: attach to a running `relay up`.",
    )
    redis_url: str | None = Field(
        None,
        alias="REDIS_URL",
        description="Redis or Valkey, used as given; nothing of ours but Dramatiq lives there.",
    )
    config: Path = Field(
        Path("relay.yaml"),
        alias="RELAY_CONFIG",
        description="The file of accounts, handlers and rules, or a directory of such files.",
    )
    public_url: str | None = Field(
        None,
        alias="RELAY_PUBLIC_URL",
        description="Where providers reach this relay; may have a path. Needed to apply webhooks.",
    )
    secret_key: SecretStr | None = Field(
        None,
        alias="RELAY_SECRET_KEY",
        description=(
            "Encrypts secrets at rest, at least 32 characters; required with `DATABASE_URL`. Several, "
            "separated by commas: the first encrypts, all decrypt."
        ),
    )
    admin_token: SecretStr | None = Field(
        None,
        alias="RELAY_ADMIN_TOKEN",
        description="Opens the API, the metrics and the dashboard. Unset: they answer 404.",
    )
    data_dir: Path | None = Field(
        None,
        alias="RELAY_DATA_DIR",
        description="Where `relay up` keeps its embedded database. Default: in the user's state directory.",
    )
    host: str = Field("127.0.0.1", alias="HOST", description="The address that the web process listens on.")
    port: int = Field(8000, alias="PORT", ge=0, le=65535, description="Its port; 0 takes any free one.")
    log_format: LogFormat = Field(
        LogFormat.CONSOLE, alias="RELAY_LOG_FORMAT", description="`console` or `json`."
    )
    log_level: LogLevel = Field(
        LogLevel.INFO, alias="RELAY_LOG_LEVEL", description="`debug`, `info`, `warning` or `error`."
    )
    beat_every: Duration = Field(
        timedelta(seconds=3),
        alias="RELAY_BEAT_EVERY",
        description="How often a process says that it lives.",
    )
    lost_after: Duration = Field(
        timedelta(seconds=15),
        alias="RELAY_LOST_AFTER",
        description="A process without a beat for so long has lost all it held; others take over.",
    )
    sweep_every: Duration = Field(
        timedelta(seconds=1),
        alias="RELAY_SWEEP_EVERY",
        description="How often the scheduler looks for what is pending, due, stuck or lost.",
    )
    refresh_every: Duration = Field(
        timedelta(seconds=5),
        alias="RELAY_REFRESH_EVERY",
        description="How often the web process reads the registrations anew.",
    )
    recheck_after: Duration = Field(
        timedelta(seconds=5),
        alias="RELAY_RECHECK_AFTER",
        description="When a record that is absent or unchanged is asked for again, the first time.",
    )
    recheck_again_after: Duration = Field(
        timedelta(seconds=30),
        alias="RELAY_RECHECK_AGAIN_AFTER",
        description="And the second time, when it is still absent.",
    )
    fetch_timeout: Duration = Field(
        timedelta(seconds=30),
        alias="RELAY_FETCH_TIMEOUT",
        description="The longest wait for a provider's answer.",
    )
    apps_every: Duration = Field(
        timedelta(hours=1),
        alias="RELAY_APPS_EVERY",
        description="How often the fields of the apps are asked for, and the rules checked against them.",
    )
    rotation_overlap: Duration = Field(
        timedelta(minutes=10),
        alias="RELAY_ROTATION_OVERLAP",
        description="How long a replaced webhook is accepted beside the new one, until it is deleted.",
    )
    reconcile_grace: Duration = Field(
        timedelta(seconds=10),
        alias="RELAY_RECONCILE_GRACE",
        description=(
            "How long a webhook may be on its way before a change counts as one that no webhook told of."
        ),
    )
    drift_every: Duration = Field(
        timedelta(hours=1),
        alias="RELAY_DRIFT_EVERY",
        description="How often the webhooks at the providers are compared with what they should be.",
    )
    poll_every: Duration = Field(
        timedelta(milliseconds=15),
        alias="RELAY_POLL_EVERY",
        description="How often an idle worker looks for a doorbell in Redis.",
    )

    @field_validator("database_url")
    @classmethod
    def _postgres_only(cls, url: str | None) -> str | None:
        if url is None or url.startswith("postgresql://"):
            return url
        if url.startswith("postgres://"):
            return "postgresql://" + url.removeprefix("postgres://")
        message = "must start with postgresql:// or postgres://"
        raise ValueError(message)

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and any(len(part) < MIN_SECRET_KEY for part in key.get_secret_value().split(",")):
            message = (
                f"must have at least {MIN_SECRET_KEY} characters, for example from: openssl rand -base64 32"
            )
            raise ValueError(message)
        return key

    @field_validator("public_url")
    @classmethod
    def _http_only(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("https://", "http://")):
            message = "must start with https:// (or http:// for tests)"
            raise ValueError(message)
        return url.rstrip("/") if url else url


MIN_SECRET_KEY = 32


def read_settings() -> Settings:
    """Read the environment. Raises ConfigurationError that names each wrong variable, never its value."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(f"{problem['loc'][0]}: {_message(problem['msg'])}" for problem in error.errors())
        raise ConfigurationError(wrong, place="environment") from None


def to_environment(settings: Settings) -> dict[str, str]:
    """Write settings as the environment that reads back as the same: how child processes get them.

    Holds secrets in clear text: for `subprocess`, never for a log.
    """
    environment: dict[str, str] = {}
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            value = value.get_secret_value()
        elif isinstance(value, timedelta):
            value = format_duration(value)
        if value is not None and field.alias is not None:
            environment[field.alias] = str(value)
    return environment


def _message(text: str) -> str:
    return text.removeprefix("Value error, ")
