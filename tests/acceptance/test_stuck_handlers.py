"""A handler whose threads nobody can end: the others go on as if it were not there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.worker.replacing import MOST_LEAVING
from tests.fixtures.database import Database
from tests.fixtures.installation import Installation, running_installation
from tests.fixtures.sink import HttpSink
from tests.fixtures.waiting import wait_until

MODULE = """\
import time
from pathlib import Path

from service.handlers import Change, Context, handler


@handler
def stuck(change: Change, ctx: Context) -> None:
    while not Path(__file__).with_name("mended").exists():
        time.sleep(0.05)


@handler
async def good(change: Change, ctx: Context) -> None:
    pass
"""
CONFIGURATION = """\
handlers:
  stuck: {python: sticky.stuck, timeout: 200ms, retry: [%(retry)s], breaker: false}
  good: {python: sticky.good}
rules:
  - {name: everything, account: main, app: Tasks, run: [stuck, good]}
"""
GOES_ON_WITHIN = 2.0
"""Seconds from a run's being due to its end, beside any number of stuck ones."""
REPLACEMENTS = 3


@pytest.fixture
def installation(database: Database, redis_url: str, tmp_path: Path) -> Iterator[Installation]:
    (tmp_path / "sticky.py").write_text(MODULE)
    rest = CONFIGURATION % {"retry": ", ".join(["1s"] * 100)}
    with (
        HttpSink() as sink,
        running_installation(database, redis_url, tmp_path, sink, rest=rest, settings={}) as running,
    ):
        yield running


def replaced(installation: Installation) -> int:
    return installation.processes.log("worker").count('"worker.replaced"')


def test_the_others_go_on_while_one_is_stuck(installation: Installation, tmp_path: Path) -> None:
    first = installation.processes.child("run")
    made: list[str] = []
    crowd: list[int] = []

    def edited_and_replaced() -> bool:
        """Whether there were enough processes; else one more task, for which either handler runs."""
        made.append(installation.create(title=f"Task {len(made)}"))
        wait_until(lambda: done(installation, made[-1]), what="the good handler has run for it")
        crowd.append(len(installation.processes.members("worker")))
        return replaced(installation) >= REPLACEMENTS

    wait_until(edited_and_replaced, 90, what="processes follow each other", pause=0.2)
    assert longest_wait(installation) < GOES_ON_WITHIN
    assert max(crowd) <= 1 + len(("settle", "job")) + MOST_LEAVING + 2
    wait_until(lambda: first not in installation.processes.members("worker"), what="the first has left")
    (tmp_path / "mended").touch()
    installation.wait_until_done(60)


def done(installation: Installation, record_id: str) -> bool:
    return bool(
        installation.database.execute(
            "SELECT 1 FROM runs WHERE handler = 'good' AND record_id = %s AND status = 'done'", [record_id]
        )
    )


def longest_wait(installation: Installation) -> float:
    """Seconds between the moment at which a change is stored and the end of its run of the good handler."""
    ((longest,),) = installation.database.execute(
        "SELECT max(extract(epoch FROM attempts.finished_at - changes.created_at))::float8 FROM runs"
        " JOIN changes ON changes.id = change_id JOIN attempts ON run_id = runs.id WHERE handler = 'good'"
    )
    return float(longest)
