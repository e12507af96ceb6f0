"""What one `relay up` runs: against which provider, with which configuration, on which ports."""

import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from service.config import LogFormat, Settings, to_environment
from service.dev.environment import ServiceUrls
from service.dev.kept import kept
from service.dev.secret_key import embedded_secret_key
from service.errors import ConfigurationError

EXAMPLE = Path(__file__).parents[1] / "example" / "relay.yaml"
_LOOPBACK = "127.0.0.1"
_USUAL_PORT_OF_SIMULATOR = 8010
_EVERYWHERE = {"0.0.0.0": _LOOPBACK, "::": "::1"}  # noqa: S104  compared, not listened on


@dataclass(frozen=True)
class Simulator:
    """The simulated Fusioo of one `relay up`: where it listens, and what opens it."""

    port: int
    token: SecretStr
    keep_in: Path

    @property
    def url(self) -> str:
        """The base address of its API."""
        return f"http://{_LOOPBACK}:{self.port}/v3"


@dataclass(frozen=True)
class Plan:
    """Everything that is decided before anything is started."""

    root: Path
    settings: Settings
    """Complete, but for the URLs of the embedded servers."""
    web_url: str
    """Where this machine reaches the web process."""
    simulator: Simulator | None
    """None: the real Fusioo."""
    own_admin_token: bool
    """Whether the admin token was made here, so that the user has to be told."""

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def provider_variables(self) -> dict[str, str]:
        """What the example's `${VAR}` need beside the environment; the real Fusioo needs nothing."""
        if self.simulator is None:
            return {}
        return {
            "FUSIOO_TOKEN": self.simulator.token.get_secret_value(),
            "FUSIOO_BASE_URL": self.simulator.url,
        }

    @property
    def attachment(self) -> dict[str, str]:
        """The environment in which other commands see what this one runs."""
        told = {"RELAY_CONFIG": str(self.settings.config), "RELAY_PUBLIC_URL": self.settings.public_url or ""}
        return told | self.provider_variables

    def on(self, urls: ServiceUrls) -> Settings:
        """The settings with the embedded servers."""
        return self.settings.model_copy(
            update={"database_url": urls.database_url, "redis_url": urls.redis_url}
        )

    def environment(self, environment: Mapping[str, str], urls: ServiceUrls) -> dict[str, str]:
        """The environment of the processes. Holds secrets."""
        return {**environment, **self.provider_variables, **to_environment(self.on(urls))}


def make_plan(settings: Settings, environment: Mapping[str, str], root: Path) -> Plan:
    """Decide, and make what is made once: keys, tokens, the simulator's port.

    The file that RELAY_CONFIG names is used where it exists; the simulator has an example for who has none.
    Raises ConfigurationError: the port is taken, only one of FUSIOO_TOKEN and RELAY_PUBLIC_URL is set, or
    there is no file, although RELAY_CONFIG is set or the real Fusioo needs it.
    """
    simulated = _is_simulated(settings, environment)
    port = _port_of_web(settings)
    host = _EVERYWHERE.get(settings.host, settings.host)
    web_url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    own_admin_token = settings.admin_token is None
    admin_token = settings.admin_token or SecretStr(kept(root / "admin_token", _new_token))
    update = {
        "port": port,
        "config": _configuration(settings, simulated=simulated),
        "public_url": web_url if simulated else settings.public_url,
        "secret_key": settings.secret_key or SecretStr(embedded_secret_key(root)),
        "admin_token": admin_token,
        "log_format": LogFormat.JSON,  # its logs are files, and errors are found in them
    }
    simulator = _simulator(root) if simulated else None
    return Plan(root, settings.model_copy(update=update), web_url, simulator, own_admin_token)


def _is_simulated(settings: Settings, environment: Mapping[str, str]) -> bool:
    given = {
        "FUSIOO_TOKEN": bool(environment.get("FUSIOO_TOKEN")),
        "RELAY_PUBLIC_URL": settings.public_url is not None,
    }
    if not any(given.values()):
        return True
    for name, is_there in given.items():
        if not is_there:
            raise ConfigurationError(
                f"{name} is not set",
                place="environment",
                remedy="set FUSIOO_TOKEN and RELAY_PUBLIC_URL for the real Fusioo, neither for the simulator",
            )
    return False


def _configuration(settings: Settings, *, simulated: bool) -> Path:
    if settings.config.exists():
        return settings.config.resolve()
    if simulated and "config" not in settings.model_fields_set:
        return EXAMPLE
    raise ConfigurationError(
        "there is no such file" + ("" if simulated else ", and the real Fusioo needs it"),
        place=str(settings.config),
        remedy="`relay init` writes a first one; or name another one in RELAY_CONFIG",
    )


def _port_of_web(settings: Settings) -> int:
    """The port that the web process will listen on, found to be free now."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        with socket.create_server((settings.host, settings.port), family=family) as listener:
            port: int = listener.getsockname()[1]
            return port
    except OSError as error:
        raise ConfigurationError(
            f"PORT: can't listen on port {settings.port} of {settings.host}: {os.strerror(error.errno or 0)}",
            place="environment",
            remedy="stop what uses it, or set PORT to another one (0: any free one)",
        ) from None


def _simulator(root: Path) -> Simulator:
    """The simulator of this directory: the same token and, while nobody else takes it, port each time."""
    home = root / "simulator"
    token = SecretStr(kept(home / "token", _new_token))
    kept_port = home / "port"
    port = int(kept(kept_port, lambda: str(_port_for_simulator())))
    if not _is_free(port):
        kept_port.unlink()
        port = int(kept(kept_port, lambda: str(_port_for_simulator())))
    return Simulator(port, token, home / "fusioo.json")


def _port_for_simulator() -> int:
    """The one that the documentation names, if nobody has it."""
    if _is_free(_USUAL_PORT_OF_SIMULATOR):
        return _USUAL_PORT_OF_SIMULATOR
    with socket.create_server((_LOOPBACK, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _is_free(port: int) -> bool:
    try:
        socket.create_server((_LOOPBACK, port)).close()
    except OSError:
        return False
    return True


def _new_token() -> str:
    return secrets.token_urlsafe(24)
