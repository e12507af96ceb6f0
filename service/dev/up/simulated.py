"""Whether a configuration is meant for simulators: a real provider must not get what is tried here."""

from urllib.parse import urlsplit

from service.errors import ConfigurationError
from service.rules.configuration import Configuration

_THIS_MACHINE = frozenset({"127.0.0.1", "::1", "localhost"})


def check_accounts(configuration: Configuration, simulator_url: str) -> None:
    """Raise ConfigurationError for an account that would not talk to a simulator.

    Fusioo's is at this address. Onspring's may be anywhere on this machine: `relay simulate onspring`.
    """
    for name, account in configuration.accounts.items():
        if account.provider == "onspring":
            is_simulated = urlsplit(account.base_url).hostname in _THIS_MACHINE
            remedy = "write the address of a `relay simulate onspring` there"
        else:
            is_simulated = account.base_url.rstrip("/") == simulator_url
            remedy = "write `base_url: ${FUSIOO_BASE_URL}` there"
        if not is_simulated:
            raise ConfigurationError(
                f"account {name} is not at the simulator",  # its address may hold a password
                place=configuration.place("accounts", name),
                remedy=f"{remedy} to try your rules on the simulator, or set FUSIOO_TOKEN and"
                " RELAY_PUBLIC_URL for the real Fusioo",
            )
