"""Whether a configuration is meant for the simulator: the real Fusioo must not get the simulator's token."""

from service.errors import ConfigurationError
from service.rules.configuration import Configuration


def check_accounts(configuration: Configuration, simulator_url: str) -> None:
    """Raise ConfigurationError for an account that would not talk to the simulator at this address."""
    for name, account in configuration.accounts.items():
        if account.base_url.rstrip("/") != simulator_url:
            raise ConfigurationError(
                f"account {name} is not at the simulator",  # its address may hold a password
                place=configuration.place("accounts", name),
                remedy="write `base_url: ${FUSIOO_BASE_URL}` there to try your rules on the simulator, or set"
                " FUSIOO_TOKEN and RELAY_PUBLIC_URL for the real Fusioo",
            )
