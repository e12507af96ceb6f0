"""Which services a command works on: those of the environment, or those of a running `relay up`."""

import os
from collections.abc import Mapping
from pathlib import Path

from service.config import Settings, read_settings
from service.errors import ConfigurationError


def data_dir(settings: Settings) -> Path:
    """The directory of the embedded services."""
    from service.dev.embedded.places import default_data_dir

    return settings.data_dir or default_data_dir(os.environ, Path.home(), root=os.geteuid() == 0)


def attached_settings(*, queue: bool = False) -> Settings:
    """Read the settings, with a database and a secret key in any case, and with a queue if it is needed.

    Raises ConfigurationError where DATABASE_URL is set without the others, or where neither it is set nor a
    `relay up` is running.
    """
    settings = read_settings()
    if settings.database_url is None:
        return _attach(settings)
    if settings.secret_key is None:
        raise _missing("RELAY_SECRET_KEY", "make one with: openssl rand -base64 32")
    if queue and settings.redis_url is None:
        raise _missing("REDIS_URL", "for example redis://localhost:6379/0")
    return settings


def is_attachable() -> bool:
    """Tell whether there is a database to work on: the environment's, or a running `relay up`'s."""
    from service.dev.environment import read_running

    settings = read_settings()
    return settings.database_url is not None or read_running(data_dir(settings)) is not None


def attached_variables() -> Mapping[str, str]:
    """What the configuration's `${VAR}` are read from: the environment, and a `relay up` attached to."""
    from service.dev.up.attachment import read_attachment

    settings = read_settings()
    told = {} if settings.database_url else read_attachment(data_dir(settings))
    return {**told, **os.environ}


def _missing(variable: str, remedy: str) -> ConfigurationError:
    return ConfigurationError(
        f"{variable} is not set, and is needed with DATABASE_URL", place="environment", remedy=remedy
    )


def _attach(settings: Settings) -> Settings:
    from pydantic import SecretStr

    from service.dev.environment import read_running
    from service.dev.secret_key import embedded_secret_key
    from service.dev.up.attachment import read_attachment

    root = data_dir(settings)
    running = read_running(root)
    if running is None:
        raise ConfigurationError(
            f"DATABASE_URL is not set, and no `relay up` is running on {root}",
            place="environment",
            remedy="start `relay up` in another terminal, or set DATABASE_URL",
        )
    told = read_attachment(root)
    config_is_set = "config" in settings.model_fields_set or "RELAY_CONFIG" not in told
    return settings.model_copy(
        update={
            "database_url": running.database_url,
            "redis_url": running.redis_url,
            "secret_key": settings.secret_key or SecretStr(embedded_secret_key(root)),
            "config": settings.config if config_is_set else Path(told["RELAY_CONFIG"]),
            "public_url": settings.public_url or told.get("RELAY_PUBLIC_URL"),
        }
    )
