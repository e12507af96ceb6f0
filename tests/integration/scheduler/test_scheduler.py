"""Schedulers on a real database: several of them, failing ticks, and Postgres away."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from service.db.engine import open_engine
from service.db.migrating import upgrade
from service.dev.environment import EmbeddedServices
from service.queue.messages import DoJob
from service.scheduler.ticking import Scheduler
from service.ticks.repository import DueTick
from tests.fixtures.database import Database
from tests.fixtures.waiting import wait_until, wait_until_async

OFTEN = timedelta(milliseconds=50)
HOUR = timedelta(hours=1)


SWEEP, TIDY = DueTick("sweep", ""), DueTick("tidy", "")


class Running:
    """A scheduler at work, and what it did: ticks done here, and jobs rung for."""

    def __init__(self, engine: AsyncEngine, *, tidy: timedelta = HOUR, failing: bool = False) -> None:
        self.done: list[str] = []
        self.rung: list[DoJob] = []
        self._stop, self._failing = asyncio.Event(), failing
        self._scheduler = Scheduler(
            engine,
            periods={SWEEP: OFTEN, TIDY: tidy},
            here={"sweep": self._sweep},
            ring=self.rung.append,
            overdue_every=OFTEN,
        )
        self._task = asyncio.create_task(self._scheduler.run(self._stop))

    async def _sweep(self) -> None:
        self.done.append("sweep")
        if self._failing:
            raise ValueError("of a sweep")

    def take(self, *periods: DueTick) -> None:
        self._scheduler.take({SWEEP: OFTEN, **dict.fromkeys(periods, HOUR)})

    async def end(self) -> None:
        self._stop.set()
        await asyncio.wait_for(self._task, 30)


async def test_quick_ticks_are_done_here_and_jobs_rung_for(engine: AsyncEngine, database: Database) -> None:
    running = Running(engine)
    await wait_until_async(lambda: len(running.done) > 3)
    await running.end()
    assert running.rung == [DoJob("tidy", "")]
    assert database.execute("SELECT done_at IS NOT NULL FROM ticks WHERE name = 'sweep'") == [(True,)]


async def test_several_schedulers_ring_once_for_each_tick(engine: AsyncEngine) -> None:
    several = [Running(engine) for _ in range(4)]
    await wait_until_async(lambda: sum(len(one.done) for one in several) > 8)
    for one in several:
        await one.end()
    assert [bell for one in several for bell in one.rung] == [DoJob("tidy", "")]


async def test_a_job_that_was_called_for_in_vain_is_rung_for_again(
    engine: AsyncEngine, database: Database
) -> None:
    running = Running(engine)
    await wait_until_async(lambda: running.rung)
    database.execute("UPDATE ticks SET wanted_at = now() - interval '31 s' WHERE name = 'tidy'")
    await wait_until_async(lambda: len(running.rung) > 1)
    database.execute("UPDATE ticks SET done_at = now() WHERE name = 'tidy'")
    await running.end()
    assert set(running.rung) == {DoJob("tidy", "")}


async def test_a_tick_that_fails_stops_no_other(engine: AsyncEngine) -> None:
    with capture_logs() as logs:
        running = Running(engine, failing=True)
        await wait_until_async(lambda: len(running.done) > 1)
        await running.end()
    assert running.rung == [DoJob("tidy", "")]
    assert "scheduler.interrupted" in {log["event"] for log in logs}


async def test_ticks_of_accounts_come_and_go_with_the_configuration(
    engine: AsyncEngine, database: Database
) -> None:
    def about() -> set[tuple[str, ...]]:
        return set(database.execute("SELECT name, key FROM ticks WHERE name <> 'overdue'"))

    main, other = DueTick("tidy", "main"), DueTick("tidy", "other")
    running = Running(engine)
    await wait_until_async(lambda: running.rung)
    running.take(TIDY, main, other)
    await wait_until_async(lambda: set(running.rung) == {DoJob("tidy", key) for key in ("", "main", "other")})
    running.take(other)
    await wait_until_async(lambda: about() == {("sweep", ""), ("tidy", ""), ("tidy", "other")})
    await running.end()
    assert len(running.rung) == 3  # nothing twice


@pytest.fixture(scope="module")
def breakable(own_services: EmbeddedServices) -> EmbeddedServices:
    upgrade(own_services.database_url)
    return own_services


async def test_postgres_may_go_and_come_back(breakable: EmbeddedServices) -> None:
    engine = open_engine(breakable.database_url, name="test")
    running = Running(engine)
    await wait_until_async(lambda: running.done)
    with capture_logs() as logs:

        def told() -> list[str]:
            return [log["event"] for log in logs if log["event"].startswith("scheduler")]

        await asyncio.to_thread(breakable.stop_postgres)
        await wait_until_async(lambda: told() == ["scheduler.interrupted"])
        await asyncio.to_thread(breakable.start_postgres)
        await wait_until_async(lambda: told() == ["scheduler.interrupted", "scheduler.resumed"])
        seen = len(running.done)
        await wait_until_async(lambda: len(running.done) > seen)
    await running.end()
    await engine.dispose()


_DOOR = """
from service.config import read_settings
from service.scheduler.main import run_scheduler
run_scheduler(read_settings())
"""


class Door:
    """`run_scheduler` as a process, with what it says."""

    def __init__(self, directory: Path, services: EmbeddedServices) -> None:
        (directory / "relay.yaml").write_text(
            'version: 1\naccounts: {main: {provider: fusioo, token: "${FUSIOO_TOKEN}"}}\n'
            "handlers: {ops: {log: {}}}\n"
        )
        self._said = directory / "said"
        urls = {"DATABASE_URL": services.database_url, "REDIS_URL": services.redis_url, "FUSIOO_TOKEN": "t"}
        with self._said.open("wb") as said:
            self.process = subprocess.Popen(  # noqa: S603  ourselves
                [sys.executable, "-W", "error", "-c", _DOOR],
                cwd=directory,
                env=os.environ | urls | {"PYTHONPATH": str(Path(__file__).parents[3])},
                stdout=said,
                stderr=subprocess.STDOUT,
            )

    def says(self, event: str) -> None:
        wait_until(lambda: event in self._said.read_text(), 30, what=f"the scheduler says {event}")

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


class TestDoor:
    @pytest.fixture
    def doors(self) -> Iterator[list[Door]]:
        doors: list[Door] = []
        yield doors
        for door in doors:
            door.process.kill()
            door.process.wait()

    def test_it_beats_sweeps_and_ends_without_a_trace(
        self, doors: list[Door], breakable: EmbeddedServices, tmp_path: Path
    ) -> None:
        door = Door(tmp_path, breakable)
        doors.append(door)
        door.says("scheduler.started")
        database = Database(breakable.database_url)
        wait_until(lambda: database.execute("SELECT 1 FROM processes WHERE kind = 'scheduler'"))
        done = "SELECT 1 FROM ticks WHERE name = 'sweep' AND done_at > now() - interval '1 s'"
        wait_until(lambda: database.execute(done))
        assert door.end() == 0
        assert database.execute("SELECT 1 FROM processes WHERE kind = 'scheduler'") == []

    def test_it_takes_a_changed_configuration_and_refuses_a_wrong_one(
        self, doors: list[Door], breakable: EmbeddedServices, tmp_path: Path
    ) -> None:
        door = Door(tmp_path, breakable)
        doors.append(door)
        door.says("scheduler.started")
        database = Database(breakable.database_url)
        database.execute(
            "INSERT INTO alarms (name, subject, message, untold)"
            " VALUES ('app_halted', 'main/a', 'gone', true)"
        )
        file = tmp_path / "relay.yaml"
        right = file.read_text()
        file.write_text(right + "alarms: [nobody]")
        door.process.send_signal(signal.SIGHUP)
        door.says("there is no handler `nobody`")
        wait_until(lambda: not database.execute("SELECT 1 FROM alarms WHERE untold"))
        assert database.execute("SELECT 1 FROM notices") == []
        database.execute("UPDATE alarms SET untold = true")
        file.write_text(right + "alarms: [ops]")
        door.process.send_signal(signal.SIGHUP)
        wait_until(lambda: database.execute("SELECT 1 FROM notices WHERE handler = 'ops'"))
        assert door.end() == 0

    def test_it_starts_and_ends_while_everything_is_away(
        self, doors: list[Door], breakable: EmbeddedServices, tmp_path: Path
    ) -> None:
        breakable.stop_postgres()
        breakable.stop_valkey()
        try:
            door = Door(tmp_path, breakable)
            doors.append(door)
            door.says("scheduler.interrupted")
            assert door.end() == 0
        finally:
            breakable.start_postgres()
            breakable.start_valkey()
