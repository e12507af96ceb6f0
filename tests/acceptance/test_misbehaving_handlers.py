"""Handlers that raise, hang, block, exit, babble or chase their own tail: the others go on, in order."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.lifecycle import RunStatus
from tests.fixtures.database import Database
from tests.fixtures.installation import Installation, running_installation
from tests.fixtures.sink import HttpSink
from tests.fixtures.waiting import wait_until

MODULE = """\
import asyncio
import os
import time

from service.handlers import Change, Context, handler


@handler
async def raises(change: Change, ctx: Context) -> None:
    raise RuntimeError("I never work")


@handler
async def hangs(change: Change, ctx: Context) -> None:
    await asyncio.Event().wait()


@handler
async def blocks(change: Change, ctx: Context) -> None:
    time.sleep(0.5)


@handler
async def exits(change: Change, ctx: Context) -> None:
    if ctx.attempt == 1 and change.version == 1:
        os._exit(3)


@handler
def babbles(change: Change, ctx: Context) -> object:
    return {"surely": object()}


@handler
async def counts(change: Change, ctx: Context) -> None:
    await ctx.db.execute("INSERT INTO effects VALUES (:run)", {"run": ctx.idempotency_key})
    if ctx.attempt == 1 and change.version % 2:
        raise RuntimeError("after the effect, before the mark")
"""
CONFIGURATION = """\
handlers:
  raises: {python: chaos.raises, retry: [%(retry)s], breaker: {failures: 3, pause: 1s}}
  hangs: {python: chaos.hangs, timeout: 200ms, retry: [%(retry)s], breaker: {failures: 3, pause: 1s}}
  refused:
    http: {url: "http://127.0.0.1:1/", allow_private: true}
    retry: [%(retry)s]
    breaker: {failures: 3, pause: 1s}
  blocks: {python: chaos.blocks, timeout: 5s}
  exits: {python: chaos.exits, retry: [%(retry)s]}
  babbles: {python: chaos.babbles}
  counts: {python: chaos.counts, retry: [%(retry)s]}
  ops: {http: {url: "%(sink)s/ops", allow_private: true}, retry: [%(retry)s]}
  ping: {fusioo.update: {account: main, fields: {notes: "ping {{ change.version }}"}}, loop: {runs: 3}}
  pong: {fusioo.update: {account: main, fields: {title: "Loop {{ change.version }}"}}, loop: {runs: 3}}
rules:
  - name: everything
    account: main
    app: Tasks
    on: [create, update]
    when: {title: {contains: Chaos}}
    run: [raises, hangs, refused, blocks, exits, babbles, counts, ops]
  - {name: pings, account: main, app: Tasks, changed: [title], when: {title: {contains: Loop}}, run: [ping]}
  - {name: pongs, account: main, app: Tasks, changed: [notes], when: {title: {contains: Loop}}, run: [pong]}
"""
WELL = ("blocks", "exits", "babbles", "counts", "ops")
BROKEN = ("hangs", "raises", "refused")


@pytest.fixture(scope="module")
def installation(
    module_database: Database, module_redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """A relay with every kind of bad handler, and good ones beside them."""
    directory: Path = tmp_path_factory.mktemp("relay")
    (directory / "chaos.py").write_text(MODULE)
    module_database.execute("CREATE TABLE effects (run uuid)")
    with HttpSink() as sink:
        rest = CONFIGURATION % {"sink": sink.url, "retry": ", ".join(["200ms"] * 8)}
        with running_installation(
            module_database, module_redis_url, directory, sink, rest=rest, settings={}
        ) as running:
            yield running


def runs(installation: Installation, *handlers: str) -> list[tuple[Any, ...]]:
    return installation.database.execute(
        "SELECT runs.id, handler, runs.record_id, version, status, attempts FROM runs"
        " JOIN changes ON changes.id = change_id WHERE handler = ANY(%s) ORDER BY seq",
        [list(handlers)],
    )


def lasting(installation: Installation, alarm: str) -> list[str]:
    """What this alarm is about, where it lasts."""
    rows = installation.database.execute(
        "SELECT subject FROM alarms WHERE name = %s AND cleared_at IS NULL ORDER BY subject", [alarm]
    )
    return [subject for (subject,) in rows]


def wait_for_version(installation: Installation, record_id: str, version: int) -> None:
    """Edits that follow each other at once are one change: each waits for the one before."""
    wait_until(
        lambda: installation.database.execute(
            "SELECT 1 FROM changes WHERE record_id = %s AND version = %s", [record_id, version]
        ),
        60,
        what=f"version {version} of {record_id} is seen",
    )


def test_the_others_go_on_in_order_and_nothing_is_lost_or_doubled(installation: Installation) -> None:
    records = [installation.create(title=f"Chaos {number}") for number in range(2)]
    for revision in (1, 2):
        for record_id in records:
            wait_for_version(installation, record_id, revision)
            installation.update(record_id, estimate=revision)
    all_done = [RunStatus.DONE] * 3 * len(records) * len(WELL)
    wait_until(
        lambda: [status for *_, status, _ in runs(installation, *WELL)] == all_done,
        90,
        what="the runs of all that work are done",
    )
    for record_id in records:
        versions = [each.json["data"]["version"] for each in installation.received("/ops", record_id)]
        assert sorted(set(versions)) == [1, 2, 3]
        assert versions == sorted(versions), "it was told out of order"
    effects = installation.database.execute("SELECT run FROM effects ORDER BY run")
    assert [run for (run,) in effects] == sorted(run for run, *_ in runs(installation, "counts"))
    broken = runs(installation, *BROKEN)
    assert len(broken) == 3 * len(records) * len(BROKEN), "they are all there"
    assert RunStatus.DONE not in {status for *_, status, _ in broken}
    wait_until(
        lambda: lasting(installation, "handler_failing") == sorted(BROKEN),
        30,
        what="the alarm of each broken handler",
    )


def test_two_that_call_each_other_are_stopped(installation: Installation) -> None:
    """Each rule sees the other one's writes, as those of a second relay: no echo of its own."""
    record_id = installation.create(title="Still")
    wait_for_version(installation, record_id, 1)
    installation.update(record_id, title="Loop")
    wait_until(lambda: lasting(installation, "loop_held"), 90, what="the loop is held")
    (subject,) = lasting(installation, "loop_held")
    assert subject in {f"ping/{record_id}", f"pong/{record_id}"}
    made = runs(installation, "ping", "pong")
    assert len(made) <= 2 * 3 + 1
    assert [status for *_, status, _ in made].count(RunStatus.READY) == 1
    installation.processes.call("resume", subject.partition("/")[0])
    wait_until(lambda: len(runs(installation, "ping", "pong")) > len(made), 90, what="after that it goes on")
