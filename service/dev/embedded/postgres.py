"""A real PostgreSQL for development and tests: its data directory and its command line."""

import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import psycopg

from service.dev.embedded.account import Account
from service.dev.embedded.binaries import postgres_programs
from service.dev.embedded.places import Places, make_private
from service.dev.embedded.process import SERVER_ENVIRONMENT, EmbeddedServerError, ServerProcess

_USER = "postgres"
_DATABASE = "relay"
_PORT = "5432"  # of the socket's name only; nothing listens on TCP
_FIRST_BUILTIN_LOCALE = 17
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_STOP = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0))  # fast, immediate, at once


class EmbeddedPostgres:
    """PostgreSQL on one data directory, reached through a socket only this user may open."""

    def __init__(
        self, places: Places, account: Account, *, version: str, settings: Mapping[str, str] | None = None
    ) -> None:
        """`settings` are server settings beyond ours (`{"fsync": "off"}`)."""
        self._places, self._account, self._version = places, account, version
        self._data = places.root / f"postgres-{version}"
        self._settings = {**_SETTINGS, **(settings or {}), "unix_socket_directories": str(places.sockets)}
        self._socket = places.sockets / f".s.PGSQL.{_PORT}"
        self.process = ServerProcess(
            f"PostgreSQL {version}",
            directory=places.root,
            listens=self._socket,
            log=places.root / "postgres.log",
            lock=places.root / "postgres.lock",
            account=account,
            stop_signals=_STOP,
            is_ready=self._answers,
        )

    @property
    def url(self) -> str:
        return self._url(_DATABASE)

    def start(self) -> None:
        """Start it, after making its data directory and its database if they are missing.

        Raises ConfigurationError: no wheel, or not of this version; EmbeddedServerError: it does not start.
        """
        if self.process.pid:
            return
        programs = postgres_programs(self._version, self._account, self._places.root)
        if not self._data.exists():
            self._initialise(programs)
        # Our lock says that nobody runs here, so whatever these say is left from a crash.
        for stale in (self._data / "postmaster.pid", self._socket.with_name(f"{self._socket.name}.lock")):
            stale.unlink(missing_ok=True)
        options = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        self.process.start([programs / "postgres", "-D", self._data, "-p", _PORT, *options])
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_DATABASE]).fetchone()
            if known is None:
                connection.execute(f"CREATE DATABASE {_DATABASE}".encode())

    def _initialise(self, programs: Path) -> None:
        unfinished = self._data.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        make_private(unfinished, self._account)
        # The same order of strings on every machine, whatever its locales.
        builtin = int(self._version) >= _FIRST_BUILTIN_LOCALE
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if builtin else []
        sync = ["--no-sync"] if self._settings.get("fsync") == "off" else []
        command: list[str | Path] = [programs / "initdb", "-D", unfinished, "-U", _USER, "--auth=trust"]
        done = subprocess.run(  # noqa: S603  a program of the wheel
            [*command, "--encoding=UTF8", "--locale=C", *locale, *sync, "--no-instructions"],
            check=False,
            capture_output=True,
            text=True,
            cwd=self._places.root,
            env=SERVER_ENVIRONMENT,
            **self._account.for_subprocess(),
        )
        if done.returncode:
            message = f"the embedded PostgreSQL could not make {unfinished}: {done.stderr.strip()}"
            raise EmbeddedServerError(message)
        unfinished.rename(self._data)  # only a finished directory has this name

    def _answers(self) -> bool:
        try:
            psycopg.connect(self._url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _url(self, database: str) -> str:
        return f"postgresql://{_USER}@/{database}?host={self._places.sockets}&port={_PORT}"
