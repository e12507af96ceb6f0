"""The accounts that a command about webhooks works on, one after the other."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from service.cli.attaching import attached_settings
from service.cli.database_session import with_engine
from service.cli.edge import report
from service.config import Settings
from service.errors import ConfigurationError, RelayError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.pipeline.registering.applying import Registrar
    from service.rules.configuration import Configuration
    from service.sealing import SecretBox


@dataclass(frozen=True, slots=True)
class Desk:
    """What the commands about webhooks work with."""

    settings: Settings
    configuration: "Configuration"

    def for_each(self, accounts: list[str], work: "Callable[[Registrar, str], Awaitable[Any]]") -> list[str]:
        """Work on the accounts; one's trouble is reported and keeps no other from its webhooks.

        Gives the accounts that failed.
        """
        failed = []
        for account in accounts:
            try:
                with_engine(self.settings, lambda engine: work(self._registrar(engine), account))  # noqa: B023  called at once
            except RelayError as error:
                report(error)
                failed.append(account)
        return failed

    def _registrar(self, engine: "AsyncEngine") -> "Registrar":
        from service.pipeline.registering.applying import Registrar

        return Registrar(
            engine=engine,
            configuration=self.configuration,
            box=box_of(self.settings),
            public_url=public_url(self.settings),
            overlap=self.settings.rotation_overlap,
            call_timeout=self.settings.fetch_timeout,
        )


def open_desk() -> Desk:
    """Read settings and configuration. Raises ConfigurationError for what is missing or wrong."""
    from service.cli.configuration import read_configuration

    settings = attached_settings()
    configuration = read_configuration(settings)
    public_url(settings)
    return Desk(settings, configuration)


def public_url(settings: Settings) -> str:
    """Where providers reach us. Raises ConfigurationError if nobody said so."""
    if settings.public_url is None:
        raise ConfigurationError(
            "RELAY_PUBLIC_URL is not set", place="environment", remedy="set it to where providers reach us"
        )
    return settings.public_url


def box_of(settings: Settings) -> "SecretBox":
    """What seals the secrets."""
    from service.sealing import SecretBox

    return SecretBox(settings.secret_key.get_secret_value() if settings.secret_key else "")
