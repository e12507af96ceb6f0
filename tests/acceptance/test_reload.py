"""Rules change while deliveries pour in: each change is judged by one edition, nothing lost or doubled."""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fixtures.auditing import assert_stream_settled
from tests.fixtures.database import Database
from tests.fixtures.installation import Installation, installation_for_faults
from tests.fixtures.relay import KINDS, QUEUES, RelayProcesses
from tests.fixtures.stream import DeliveryStream
from tests.fixtures.tiers import Scale
from tests.fixtures.waiting import wait_until

_PATIENCE = 60.0


@dataclass
class Editor:
    """The person who edits relay.yaml, and has it read."""

    installation: Installation
    path: Path
    text: str

    @property
    def processes(self) -> RelayProcesses:
        """Whose logs are shown when a test fails."""
        return self.installation.processes

    def take(self, edition: str) -> None:
        """Name the one rule after the edition, and wait until changes are judged by it."""
        self.write(self.text.replace("name: tasks", f"name: tasks-{edition}"))
        database = self.installation.database
        judged = "SELECT 1 FROM runs WHERE rule = %s"
        wait_until(
            lambda: database.execute(judged, [f"tasks-{edition}"]), _PATIENCE, what=f"{edition} is in use"
        )

    def write(self, text: str) -> None:
        """Replace the file as editors do, in one step, and tell every process."""
        new = self.path.with_suffix(".new")
        new.write_text(text)
        new.replace(self.path)
        for kind in KINDS:
            self.installation.processes.signal(kind, signal.SIGHUP)

    def alarms(self) -> list[tuple[str, str]]:
        """The alarms that last, with their subjects."""
        rows = self.installation.database.execute("SELECT name, subject FROM alarms WHERE cleared_at IS NULL")
        return [(name, subject) for name, subject in rows]


@pytest.fixture
def editor(database: Database, redis_url: str, tmp_path: Path) -> Iterator[Editor]:
    with installation_for_faults(database, redis_url, tmp_path) as installation:
        path = tmp_path / "relay.yaml"
        yield Editor(installation, path, path.read_text())


def rules_by_digest(installation: Installation) -> dict[str, set[str]]:
    """Which rules had runs by which digest."""
    found: dict[str, set[str]] = {}
    for digest, rule in installation.database.execute("SELECT DISTINCT rules_digest, rule FROM runs"):
        found.setdefault(digest, set()).add(rule)
    return found


def assert_judged_once(installation: Installation) -> None:
    """Check that each change was judged by one edition, and its runs are of that one."""
    judged = installation.database.execute(
        "SELECT changes.id, array_agg(DISTINCT rule) || array(SELECT jsonb_object_keys(verdicts))"
        " FROM changes JOIN runs ON runs.change_id = changes.id GROUP BY changes.id"
    )
    assert [rules for _, rules in judged if len(set(rules)) != 1] == []
    assert {len(rules) for rules in rules_by_digest(installation).values()} == {1}


@pytest.mark.timeout(600)  # at full scale
def test_rules_change_under_load_and_wrong_ones_change_nothing(editor: Editor, scale: Scale) -> None:
    installation = editor.installation
    tasks = [installation.create(told=False, title=f"Task {number}") for number in range(4)]
    editions = [f"n{number}" for number in range(scale.pick(small=2, full=10))]
    before = {queue: installation.processes.child(queue) for queue in QUEUES}
    with DeliveryStream(installation, tasks) as stream:
        stream.go_on_for(10)
        for edition in editions:
            editor.take(edition)
            stream.go_on_for(10)
        wait_until(
            lambda: all(before[queue] not in installation.processes.members("worker") for queue in QUEUES),
            _PATIENCE,
            what="the first processes have left",
        )
        editor.write(editor.text.replace("run: [ops, mirror]", "run: [ops, mirorr]"))
        refused = [("rules_refused", "relay.yaml")]
        wait_until(lambda: editor.alarms() == refused, _PATIENCE, what="the wrong rules are refused")
        os.kill(installation.processes.child("settle"), signal.SIGKILL)
        stream.go_on_for(30)
        assert set.union(*rules_by_digest(installation).values()) == {
            "tasks",
            *(f"tasks-{edition}" for edition in editions),
        }
        editor.take("mended")
        wait_until(lambda: editor.alarms() == [], _PATIENCE, what="the alarm is over")
        stream.go_on_for(10)
    assert set(stream.statuses) == {202}
    assert_stream_settled(installation, stream)
    assert_judged_once(installation)
    assert len(rules_by_digest(installation)) == len(editions) + 2
