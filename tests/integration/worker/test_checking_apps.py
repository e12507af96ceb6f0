"""The check of changed rules, as a process of its own: those that do not fit their apps are refused."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from service.worker.exits import REFUSED, STOPPED
from service.worker.programs import Executed
from service.worker.started import StartedProcess
from tests.fixtures.database import Database

Check = Callable[..., int]

_APP = {
    "id": "ia4f42",
    "name": "Tasks",
    "fields": [{"id": "status", "name": "Status", "type": "list", "options": {"items": ["To do", "Done"]}}],
}


@pytest.fixture
def check(tmp_path: Path, database: Database, redis_url: str) -> Check:
    """Check rules on an option of `status` as a reload does; gives the exit code."""

    def run(option: str, *, database_url: str = database.url) -> int:
        (tmp_path / "relay.yaml").write_text(
            'version: 1\naccounts: {main: {provider: fusioo, token: "${T}"}}\nhandlers: {note: {log: {}}}\n'
            f"rules:\n  - {{name: r, account: main, app: Tasks, when: {{status: {{equal: {option}}}}},"
            " run: [note]}\n"
        )
        environment = os.environ | {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "RELAY_SECRET_KEY": "k" * 32,
            "RELAY_CONFIG": str(tmp_path / "relay.yaml"),
            "T": "t",
        }
        process = StartedProcess(
            Executed((sys.executable, "-P", "-m", "service.worker.checking")), (), environment
        )
        process.wait()
        return process.ended() or 0

    return run


def refusals(database: Database) -> list[str]:
    rows = database.execute("SELECT message FROM alarms WHERE name = 'rules_refused' AND cleared_at IS NULL")
    return [message for (message,) in rows]


def test_rules_that_do_not_fit_their_apps_are_refused(check: Check, database: Database) -> None:
    assert check("Dnoe") == STOPPED, "nothing is known of the app"
    database.execute(
        "INSERT INTO apps (account, app_id, name, schema) VALUES ('main', 'ia4f42', 'Tasks', %s)",
        [json.dumps(_APP)],
    )
    assert check("Dnoe") == REFUSED
    (message,) = refusals(database)
    assert "relay.yaml:5:65: Dnoe is not one of the options of `status` (did you mean `Done`?)" in message
    assert "`relay webhooks apply` asks for them anew" in message
    assert check("Done") == STOPPED
    assert refusals(database) == []


def test_without_postgres_new_rules_are_not_compared(check: Check) -> None:
    assert check("Dnoe", database_url="postgresql://nobody@127.0.0.1:9/none") == STOPPED
