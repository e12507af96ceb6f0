"""What a benchmark runs against: embedded services that write through to the disk, and the web process."""

import http.client
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
from pydantic import SecretStr

from benchmarks.processes import LOOPBACK, listening, running, wait_until
from benchmarks.routes import CPU_PATH
from service.config import LogFormat, Settings, to_environment
from service.db.migrating import upgrade
from service.dev.embedded.places import default_data_dir
from service.dev.environment import EmbeddedServices, ServiceUrls, embedded_services
from service.sealing import SecretBox

SECRET = "benchmark"  # noqa: S105  of a registration that lives as long as the benchmark
KEY = "benchmark"
WEBHOOK_PATH = f"/webhooks/fusioo/{KEY}"

_SEALING_KEY = "benchmark " * 4
_BACKLOG = 2048


@dataclass(frozen=True, slots=True)
class Receiver:
    """A web process that knows one registration, `WEBHOOK_PATH` with `SECRET`."""

    port: int
    urls: ServiceUrls

    def cpu_seconds(self) -> float:
        """The CPU time that the web process has used so far."""
        status, body = _get(self.port, CPU_PATH)
        assert status == http.client.OK, f"{CPU_PATH} answered {status}"
        return float(json.loads(body)["seconds"])

    def checkpoint(self) -> None:
        """Let Postgres write out what it holds: no earlier load is still being written during the next."""
        with psycopg.connect(self.urls.database_url, autocommit=True) as connection:
            connection.execute("CHECKPOINT")

    def stored(self) -> int:
        """How many deliveries are committed."""
        with psycopg.connect(self.urls.database_url) as connection:
            row = connection.execute("SELECT count(*) FROM deliveries").fetchone()
        return 0 if row is None else int(row[0])


def data_directory() -> Path:
    """A place of our own on a real disk: in the temporary directory of many machines fsync costs nothing."""
    usual = default_data_dir(os.environ, Path.home(), root=os.geteuid() == 0)
    return usual.with_name(f"fusioo-relay-benchmarks-{os.getpid()}")


@contextmanager
def running_services(directory: Path) -> Iterator[ServiceUrls]:
    """PostgreSQL and Valkey with their default settings, so fsync on, and all tables, empty."""
    EmbeddedServices(directory).erase()
    try:
        with embedded_services(directory) as services:
            upgrade(services.database_url)
            yield services.urls
    finally:
        EmbeddedServices(directory).erase()


@contextmanager
def running_receiver(urls: ServiceUrls, directory: Path) -> Iterator[Receiver]:
    """The web process, ready; it ends with the block. Its log is written to a file in `directory`."""
    _register(urls.database_url)
    with (
        listening(_BACKLOG) as listener,
        running(
            "web",
            [sys.executable, "-m", "benchmarks.server", str(listener.fileno())],
            directory=directory,
            environment=relay_environment(urls, config=directory / "none.yaml"),
            pass_fds=(listener.fileno(),),
        ) as web,
    ):
        port = int(listener.getsockname()[1])
        wait_until(lambda: is_ready(port), what="the web process is ready", processes=[web])
        yield Receiver(port, urls)


def relay_environment(urls: ServiceUrls, *, config: Path, port: int = 0) -> dict[str, str]:
    """All that a process of the measured relay is told, as it would be on a server: JSON logs and all."""
    settings = Settings(
        database_url=urls.database_url,
        redis_url=urls.redis_url,
        secret_key=SecretStr(_SEALING_KEY),
        config=config,
        public_url=f"http://{LOOPBACK}:{port}",
        port=port,
        log_format=LogFormat.JSON,
    )
    return to_environment(settings)


def is_ready(port: int) -> bool:
    """Ask the web process on a port whether it takes deliveries."""
    try:
        return _get(port, "/health/ready")[0] == http.client.OK
    except OSError:
        return False  # it does not listen yet


def _register(database_url: str) -> None:
    registration = uuid4()
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO registrations (id, account, provider, app_id, kind, key, url, status)"
            " VALUES (%s, 'main', 'fusioo', 'benchmark', 'update', %s, '', 'active')",
            [registration, KEY],
        )
        connection.execute(
            "INSERT INTO registration_secrets (registration_id, sealed) VALUES (%s, %s)",
            [registration, SecretBox(_SEALING_KEY).seal(SECRET)],
        )


def _get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
