"""What a benchmark runs against: embedded services that write through to the disk, and the web process."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
from pydantic import SecretStr

from benchmarks.routes import CPU_PATH
from service.config import Settings, to_environment
from service.db.migrating import upgrade
from service.dev.embedded.places import default_data_dir
from service.dev.environment import EmbeddedServices, ServiceUrls, embedded_services
from service.sealing import SecretBox

ROOT = Path(__file__).parents[1]
SECRET = "benchmark"  # noqa: S105  of a registration that lives as long as the benchmark
KEY = "benchmark"
WEBHOOK_PATH = f"/webhooks/fusioo/{KEY}"

_SEALING_KEY = "benchmark " * 4
_BACKLOG = 2048
_PATIENCE = 30.0  # seconds until the web process is ready
_PAUSE = 0.05


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

    def stored(self) -> int:
        """How many deliveries are committed."""
        with psycopg.connect(self.urls.database_url) as connection:
            row = connection.execute("SELECT count(*) FROM deliveries").fetchone()
        return 0 if row is None else int(row[0])


def data_directory() -> Path:
    """A place on a real disk: in the temporary directory of many machines an fsync costs nothing."""
    usual = default_data_dir(os.environ, Path.home(), root=os.geteuid() == 0)
    return usual.with_name("fusioo-relay-benchmarks")


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
    settings = Settings(
        database_url=urls.database_url,
        redis_url=urls.redis_url,
        secret_key=SecretStr(_SEALING_KEY),
        config=directory / "none.yaml",
    )
    environment = {"PATH": os.defpath, **to_environment(settings)}
    with (
        socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG) as listener,
        (directory / "web.log").open("wb") as log,
    ):
        process = subprocess.Popen(  # noqa: S603  our own module
            [sys.executable, "-m", "benchmarks.server", str(listener.fileno())],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=(listener.fileno(),),
        )
        port = int(listener.getsockname()[1])
    try:
        _wait_until_ready(process, port, directory / "web.log")
        yield Receiver(port, urls)
    finally:
        process.terminate()
        process.wait(_PATIENCE)


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


def _wait_until_ready(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if _get(port, "/health/ready")[0] == http.client.OK:
                return
        except OSError:
            pass  # it does not listen yet
        time.sleep(_PAUSE)
    message = f"the web process is not ready; its log ends with:\n{log.read_text(errors='replace')[-2000:]}"
    raise SystemExit(message)


def _get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
