"""Reading relay.yaml for a command."""

from typing import TYPE_CHECKING

from service.cli.attaching import attached_variables
from service.config import Settings
from service.errors import NotFoundError

if TYPE_CHECKING:
    from service.rules.configuration import Configuration


def read_configuration(settings: Settings) -> "Configuration":
    """Read the file that RELAY_CONFIG names. Raises ConfigurationError with every mistake in it."""
    from service.rules.loader import load

    return load(settings.config, attached_variables())


def chosen_accounts(configuration: "Configuration", account: str | None) -> list[str]:
    """The accounts that a command works on: all, or the one asked for. Raises NotFoundError."""
    if account is None:
        return list(configuration.accounts)
    if account not in configuration.accounts:
        known = ", ".join(configuration.accounts)
        raise NotFoundError(f"there is no account {account} in the configuration; there are: {known}")
    return [account]
