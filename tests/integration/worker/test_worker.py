"""`relay worker` as its user starts it: the real processes, a real configuration, a real database."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.queue.messages import DoJob
from service.queue.publisher import Publisher
from tests.fixtures.database import Database
from tests.fixtures.pids import lives, state_of
from tests.fixtures.waiting import wait_until

_DOOR = """
from datetime import timedelta
from service.config import read_settings
from service.worker.main import run_worker
run_worker(read_settings(), longest_silence=timedelta(seconds=5))
"""
_FILE = """\
version: 1
accounts: {main: {provider: fusioo, token: "${FUSIOO_TOKEN}", base_url: "http://127.0.0.1:9/v3"}}
handlers: {told: {log: {}}}
rules: [{name: every, account: main, app: app, run: [told]}]
"""
KINDS = {"settle", "run", "job"}


class RunningWorker:
    """The parent of the worker processes, seen through the database."""

    def __init__(self, directory: Path, database: Database, redis_url: str) -> None:
        (directory / "relay.yaml").write_text(_FILE)
        self._database = database
        urls = {
            "DATABASE_URL": database.url,
            "REDIS_URL": redis_url,
            "RELAY_BEAT_EVERY": "100ms",
            "FUSIOO_TOKEN": "t",
        }
        self.parent = subprocess.Popen(  # noqa: S603  ourselves
            [sys.executable, "-W", "error", "-c", _DOOR],
            cwd=directory,
            env=os.environ | urls | {"PYTHONPATH": str(Path(__file__).parents[3])},
        )

    def pids(self) -> dict[str, int]:
        """The pid of each kind of process that beat a moment ago."""
        beating = "SELECT kind, pid FROM processes WHERE beat_at > now() - interval '1 s'"
        return {str(kind): int(pid) for kind, pid in self._database.execute(beating)}

    def all_beat(self) -> dict[str, int]:
        what = "each kind of worker process beats"
        wait_until(lambda: set(self.pids()) == KINDS, 60, what=what, seen=self._beats)
        return self.pids()

    def _beats(self) -> list[tuple[object, ...]]:
        """Kind, pid, last beat and state of every process that has beaten."""
        rows = self._database.execute("SELECT kind, pid, now() - beat_at FROM processes")
        return [(kind, pid, str(silent), state_of(pid)) for kind, pid, silent in rows]

    def end(self) -> None:
        for pid in self.pids().values():
            if lives(pid):
                os.kill(pid, signal.SIGKILL)
        self.parent.kill()
        self.parent.wait()


@pytest.fixture
def worker(tmp_path: Path, database: Database, redis_url: str) -> Iterator[RunningWorker]:
    running = RunningWorker(tmp_path, database, redis_url)
    yield running
    running.end()


def test_a_job_is_done_and_a_killed_process_replaced_and_nothing_is_left(
    worker: RunningWorker, database: Database, redis_url: str
) -> None:
    first = worker.all_beat()

    database.execute("INSERT INTO ticks (name, key, every, wanted_at) VALUES ('retention', '', '1 h', now())")
    publisher = Publisher.open(redis_url)
    publisher.ring(DoJob("retention", ""))
    wait_until(lambda: database.execute("SELECT 1 FROM ticks WHERE done_at >= wanted_at"))
    publisher.close()

    os.kill(first["settle"], signal.SIGKILL)
    wait_until(lambda: worker.pids().get("settle", first["settle"]) != first["settle"], 30)
    second = worker.all_beat()
    assert (second["run"], second["job"]) == (first["run"], first["job"])

    worker.parent.terminate()
    assert worker.parent.wait(20) == 0
    assert not [kind for kind, pid in second.items() if lives(pid)]
    rows = database.execute("SELECT kind FROM processes WHERE pid <> %s", [first["settle"]])
    assert rows == [], "who ends in order takes its row along, and with it every lease"


def test_a_process_that_stands_still_is_replaced_and_the_others_go_on(worker: RunningWorker) -> None:
    first = worker.all_beat()
    os.kill(first["run"], signal.SIGSTOP)
    wait_until(lambda: not lives(first["run"]))
    assert worker.all_beat()["run"] != first["run"]
    assert lives(first["settle"]), "it said that it goes on"
    assert lives(first["job"])


def test_no_process_outlives_its_parent(worker: RunningWorker) -> None:
    pids = worker.all_beat()
    worker.parent.kill()
    worker.parent.wait()
    wait_until(lambda: not [pid for pid in pids.values() if lives(pid)], 20)
    assert worker.pids() == {}
