"""The owner of the embedded PostgreSQL and Valkey: `relay up` and the tests. Other commands attach to it."""

import contextlib
import json
import os
import shutil
import signal
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn, Self

from service.dev.embedded.account import find_account
from service.dev.embedded.locking import is_locked, lock_within
from service.dev.embedded.places import Places
from service.dev.embedded.postgres import EmbeddedPostgres
from service.dev.embedded.valkey import EmbeddedValkey
from service.errors import RefusedError

_READERS_PATIENCE = 1.0  # seconds: `read_running` holds the lock for a moment
_ENDINGS = (signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class ServiceUrls:
    """How to reach the two servers: `postgresql://…` and `unix://…`."""

    database_url: str
    redis_url: str


class EmbeddedServices:
    """A PostgreSQL and a Valkey on one directory, which one process owns at a time.

    As a context manager it starts both and stops both; the single handles are for tests that break things.
    """

    def __init__(
        self,
        root: Path,
        *,
        postgres_version: str = "18",
        postgres_settings: Mapping[str, str] | None = None,
    ) -> None:
        """`postgres_settings` are server settings beyond ours. Nothing is touched before `start`."""
        self._places = Places.under(root)
        self._account = find_account(self._places.root / "valkey")
        self._postgres = EmbeddedPostgres(
            self._places, self._account, version=postgres_version, settings=postgres_settings
        )
        self._valkey = EmbeddedValkey(self._places, self._account)
        self._owned: int | None = None

    @property
    def database_url(self) -> str:
        return self._postgres.url

    @property
    def redis_url(self) -> str:
        return self._valkey.url

    @property
    def urls(self) -> ServiceUrls:
        return ServiceUrls(self.database_url, self.redis_url)

    def start(self) -> Self:
        """Own the directory, end what a killed owner left running, start both servers.

        Raises RefusedError when another process owns the directory, ConfigurationError when the directory is
        unfit or the wheels are missing, EmbeddedServerError when a server does not start.
        """
        self._places.prepare(self._account)
        self._own()
        try:
            self._places.running.unlink(missing_ok=True)
            self._stop_orphans()
            self._postgres.start()
            self._valkey.start()
            self._publish()
        except BaseException:
            self.close()
            raise
        return self

    def close(self) -> None:
        """Stop both servers and give the directory up. Safe to call twice."""
        if self._owned is None:
            return
        self._places.running.unlink(missing_ok=True)
        try:
            self._valkey.process.stop()
        finally:
            try:
                self._postgres.process.stop()
            finally:
                self._places.remove_outside()
                self._disown()

    def erase(self) -> None:
        """Delete the directory with all data. Raises RefusedError when another process owns it."""
        if not self._places.root.exists():
            return
        self._own()
        try:
            self._stop_orphans()
            self._places.remove_outside()
            shutil.rmtree(self._places.root)
        finally:
            self._disown()

    def revive(self) -> list[str]:
        """Start again whichever of our servers has died, and name it. Raises EmbeddedServerError."""
        revived: list[str] = []
        for name, server in (("PostgreSQL", self._postgres), ("Valkey", self._valkey)):
            if server.process.pid is None:
                server.process.kill()  # what is left of it: children that have not noticed yet
                server.start()
                revived.append(name)
        return revived

    def end_left_behind(self) -> None:
        """End what a killed owner left running; start nothing. Raises RefusedError when somebody owns it."""
        if not self._places.root.exists():
            return
        self._own()
        try:
            self._places.running.unlink(missing_ok=True)
            self._stop_orphans()
            self._places.remove_outside()
        finally:
            self._disown()

    def start_postgres(self) -> None:
        self._postgres.start()

    def stop_postgres(self) -> None:
        self._postgres.process.stop()

    def kill_postgres(self) -> None:
        self._postgres.process.kill()

    def start_valkey(self) -> None:
        self._valkey.start()

    def stop_valkey(self) -> None:
        self._valkey.process.stop()

    def kill_valkey(self) -> None:
        self._valkey.process.kill()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _own(self) -> None:
        self._owned = lock_within(self._places.owner_lock, _READERS_PATIENCE)
        if self._owned is None:
            message = f"{self._places.root} is in use by another process: stop that, or set RELAY_DATA_DIR"
            raise RefusedError(message)

    def _disown(self) -> None:
        if self._owned is not None:
            os.close(self._owned)
            self._owned = None

    def _stop_orphans(self) -> None:
        self._postgres.process.stop_orphan()
        self._valkey.process.stop_orphan()

    def _publish(self) -> None:
        told = {"database_url": self.database_url, "redis_url": self.redis_url, "pid": os.getpid()}
        unfinished = self._places.running.with_suffix(".unfinished")
        unfinished.unlink(missing_ok=True)
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(told, file)
        unfinished.replace(self._places.running)


@contextlib.contextmanager
def embedded_services(root: Path, *, postgres_version: str = "18") -> Iterator[EmbeddedServices]:
    """Own the embedded services of a directory while the block runs; they end with it.

    In the main thread, SIGTERM and SIGHUP become SystemExit unless the caller handles them, and no signal
    cuts the stopping short. Raises what `EmbeddedServices` raises.
    """
    with _signals_end_the_block():
        services = EmbeddedServices(root, postgres_version=postgres_version)
        try:
            yield services.start()
        finally:
            with _signals_wait():
                services.close()


def read_running(root: Path) -> ServiceUrls | None:
    """The URLs of the services that another process owns on this directory now; None when none does."""
    places = Places.under(root)
    if not is_locked(places.owner_lock):
        return None
    try:
        told = json.loads(places.running.read_text())
    except FileNotFoundError:  # the owner is still starting, or already stopping
        return None
    return ServiceUrls(told["database_url"], told["redis_url"])


@contextlib.contextmanager
def _signals_end_the_block() -> Iterator[None]:
    def leave(number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    ours = _ENDINGS if threading.current_thread() is threading.main_thread() else ()
    taken = [number for number in ours if signal.getsignal(number) is signal.SIG_DFL]
    for number in taken:
        signal.signal(number, leave)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


@contextlib.contextmanager
def _signals_wait() -> Iterator[None]:
    """Hold signals back meanwhile: a second Ctrl-C must not leave a server behind."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, *_ENDINGS})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
