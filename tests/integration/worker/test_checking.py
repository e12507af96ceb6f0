"""The check of a changed configuration, as the process that it is: what it finds wrong, and whom it tells."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from service.rules.files import read_files
from service.worker.exits import REFUSED, STOPPED
from service.worker.kept import KeptFiles
from service.worker.programs import Executed
from service.worker.reloading import BROKE_OFF
from service.worker.started import StartedProcess
from tests.fixtures.database import Database
from tests.fixtures.waiting import wait_until

ROOT = Path(__file__).parents[3]
HEAD = 'version: 1\naccounts: {main: {provider: fusioo, token: "${FUSIOO_TOKEN}"}}\n'
RIGHT = HEAD + "handlers: {ops: {python: my_handlers.act}}\n"
RULE = "rules: [{name: every, account: main, app: Tasks, run: [ops]}]\n"

Check = Callable[..., tuple[bool, int | None]]


@pytest.fixture
def check(database: Database, redis_url: str, tmp_path: Path) -> Check:
    """Write the files and have them checked; gives whether they were found right, and the exit code."""
    (tmp_path / "my_handlers.py").write_text("async def act(change, ctx): ...")

    def run(text: str, *options: str, **environment: str) -> tuple[bool, int | None]:
        file = tmp_path / "relay.yaml"
        file.write_text(text)
        kept = KeptFiles(read_files(file))
        file.write_text("what stands there later is not looked at")
        process = StartedProcess(
            Executed((sys.executable, "-m", "service.worker.checking")),
            ("--rules", str(kept.descriptor), *options),
            {
                "PATH": os.defpath,
                "PYTHONPATH": str(ROOT),
                "RELAY_CONFIG": str(file),
                "DATABASE_URL": database.url,
                "REDIS_URL": redis_url,
                "FUSIOO_TOKEN": "t",
                **environment,
            },
            inherits=(kept.descriptor,),
        )
        try:
            wait_until(lambda: process.ended() is not None, 60, what="the check ends")
            return process.is_ready, process.ended()
        finally:
            process.wait()
            kept.close()

    return run


def alarms(database: Database) -> list[tuple[str, str]]:
    rows = database.execute("SELECT subject, message FROM alarms WHERE cleared_at IS NULL")
    return [(subject, message) for subject, message in rows]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (HEAD + "rules: {", "relay.yaml:3:9: "),
        (RIGHT + RULE.replace("ops", "opps"), "there is no handler `opps` (did you mean `ops`?)"),
        (HEAD + "handlers: {ops: {htpp: {}}}", "unknown handler kind or setting `htpp`"),
        (RIGHT.replace("act", "atc"), "has no 'atc'"),
        (RIGHT.replace("my_handlers.act", "leaves.act"), "importing leaves failed: SystemExit"),
        (HEAD.replace("token:", "base_url: 'http://${NOT_SET}', token:"), "NOT_SET is not set"),
        (
            HEAD.replace(
                'token: "${FUSIOO_TOKEN}"', 'oauth: {client_id: c, client_secret: "${FUSIOO_TOKEN}"}'
            ),
            "RELAY_SECRET_KEY is not set",
        ),
    ],
)
def test_what_no_process_could_start_with_is_refused(
    check: Check, database: Database, tmp_path: Path, text: str, complaint: str
) -> None:
    (tmp_path / "leaves.py").write_text("import sys; sys.exit(0)")
    assert check(text) == (False, REFUSED)
    ((subject, message),) = alarms(database)
    assert subject == "relay.yaml"
    assert message.startswith("the new rules are not taken, the ones before go on: ")
    assert complaint in message


def test_what_is_right_is_said_to_be_and_ends_the_alarm(check: Check, database: Database) -> None:
    database.execute(
        "INSERT INTO alarms (name, subject, message, untold)"
        " VALUES ('rules_refused', 'relay.yaml', 'wrong', true)"
    )
    assert check(RIGHT + RULE) == (True, STOPPED)
    assert alarms(database) == []
    assert database.execute("SELECT kind FROM processes") == [], "nobody takes it for a worker"


def test_that_the_check_before_broke_off_is_an_alarm(check: Check, database: Database) -> None:
    assert check(HEAD + "rules: {", BROKE_OFF, "killed by SIGKILL") == (False, STOPPED), "nothing is read"
    ((subject, message),) = alarms(database)
    assert subject == "relay.yaml"
    assert message.startswith("the new rules are not taken, the ones before go on: ")
    assert "broke off (killed by SIGKILL); send SIGHUP again" in message
    assert check(RIGHT + RULE) == (True, STOPPED)
    assert alarms(database) == []


def test_without_postgres_it_is_judged_all_the_same(check: Check) -> None:
    away = "postgresql://nobody@127.0.0.1:9/none"
    assert check(RIGHT + RULE, DATABASE_URL=away) == (True, STOPPED)
    assert check(RULE, DATABASE_URL=away) == (False, REFUSED)
