"""A real Valkey for development and tests: its directory and its command line."""

import signal

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from service.dev.embedded.account import Account
from service.dev.embedded.binaries import valkey_program
from service.dev.embedded.places import Places, make_private
from service.dev.embedded.process import ServerProcess

_DATABASES = 64  # tests give one to each of their workers
_STOP = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))


class EmbeddedValkey:
    """Valkey on one directory, reached through a socket only this user may open."""

    def __init__(self, places: Places, account: Account) -> None:
        self._places, self._account = places, account
        self._directory = places.root / "valkey"
        self._socket = places.sockets / "valkey.sock"
        settings = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": ".",  # its working directory: no path of the user's is ever parsed
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "databases": str(_DATABASES),
        }
        self._options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        self.process = ServerProcess(
            "Valkey",
            directory=self._directory,
            listens=self._socket,
            log=places.root / "valkey.log",
            lock=places.root / "valkey.lock",
            account=account,
            stop_signals=_STOP,
            is_ready=self._answers,
        )

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    def start(self) -> None:
        """Start it. Raises ConfigurationError: no wheel; EmbeddedServerError: it does not start."""
        program = valkey_program(self._account, self._places.root)
        make_private(self._directory, self._account)
        self.process.start([program, *self._options])

    def _answers(self) -> bool:
        with redis.Redis(unix_socket_path=str(self._socket), retry=Retry(NoBackoff(), 0)) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:  # not there yet, or still loading its file
                return False
