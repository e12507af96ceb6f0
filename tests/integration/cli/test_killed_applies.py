"""`relay webhooks apply` and `rotate` as processes that are killed while Fusioo holds its answer."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from service.dev.simulators.faults import Hold
from service.sealing import SecretBox
from tests.fixtures.database import Database
from tests.fixtures.simulator import RunningSimulator
from tests.fixtures.waiting import wait_until

COMMAND = Path(sys.executable).with_name("relay")
KEY = "k" * 32


class Applies:
    """`relay webhooks …` on a database, for one app at the simulator."""

    def __init__(self, directory: Path, database: Database, simulator: RunningSimulator) -> None:
        self._directory, self._simulator = directory, simulator
        self._environment = {
            "PATH": os.defpath,
            "DATABASE_URL": database.url,
            "RELAY_SECRET_KEY": KEY,
            "RELAY_PUBLIC_URL": "http://127.0.0.1:9",
            "FUSIOO_TOKEN": simulator.token,
        }
        (directory / "relay.yaml").write_text(
            "version: 1\n"
            "accounts:\n"
            f'  main: {{provider: fusioo, token: "${{FUSIOO_TOKEN}}", base_url: "{simulator.url}"}}\n'
            "handlers: {note: {log: {}}}\n"
            "rules: [{name: tasks, account: main, app: Tasks, run: [note]}]\n"
        )

    def run(self, *arguments: str) -> None:
        with self._running(*arguments) as process:
            assert process.wait(60) == 0

    def kill_at_the_second_webhook(self, *arguments: str) -> None:
        """Kill it when Fusioo has made one webhook, then another, and not answered yet."""
        state = self._simulator.state
        made = len(state.webhooks)
        state.faults.holds = [Hold(path="/webhooks$", method="POST", times=2)]
        with self._running(*arguments) as process:
            wait_until(lambda: len(state.webhooks) == made + 1 and state.gate.held)
            state.gate.release()
            wait_until(lambda: len(state.webhooks) == made + 2 and state.gate.held)
            process.kill()
        state.faults.holds = []
        state.gate.release()

    @contextmanager
    def _running(self, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
        process = subprocess.Popen(  # noqa: S603  ourselves
            [COMMAND, "webhooks", *arguments], cwd=self._directory, env=self._environment
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


@pytest.fixture
def applies(tmp_path: Path, database: Database, simulator: RunningSimulator) -> Iterator[Applies]:
    yield Applies(tmp_path, database, simulator)
    simulator.state.gate.release()


def kept(database: Database, status: str) -> dict[str, str]:
    """The secrets that we can open of registrations with a status, by webhook."""
    rows = database.execute(
        "SELECT webhook_id, sealed FROM registrations JOIN registration_secrets ON registration_id ="
        " registrations.id WHERE retired_at IS NULL AND status = %s",
        [status],
    )
    return {webhook_id: SecretBox(KEY).open(bytes(sealed)) for webhook_id, sealed in rows}


def test_the_next_apply_finishes_what_a_killed_one_began(
    applies: Applies, database: Database, simulator: RunningSimulator
) -> None:
    applies.kill_at_the_second_webhook("apply")
    assert database.execute("SELECT status, count(*) FROM registrations GROUP BY 1 ORDER BY 1") == [
        ("active", 1),
        ("creating", 1),
    ]
    applies.run("apply")
    assert kept(database, "active") == {
        webhook.id: webhook.secret for webhook in simulator.state.webhooks.values()
    }
    assert len(simulator.state.webhooks) == 3


def test_the_next_rotation_finishes_what_a_killed_one_began(
    applies: Applies, database: Database, simulator: RunningSimulator
) -> None:
    applies.run("apply")
    old = kept(database, "active")
    applies.kill_at_the_second_webhook("rotate", "--account", "main")
    assert len(kept(database, "retiring")) == 2
    applies.run("apply")
    there = {webhook.id: webhook.secret for webhook in simulator.state.webhooks.values()}
    assert {**kept(database, "active"), **kept(database, "retiring")} == there
    assert (len(kept(database, "active")), len(there)) == (3, 5)
    assert old.items() <= there.items()
