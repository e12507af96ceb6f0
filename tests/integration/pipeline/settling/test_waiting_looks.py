"""However looks wait, for a call, a turn or a rest: what is due is looked at, or somebody comes back."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from service.budget.lanes import Limit
from service.db.engine import open_engine
from service.pipeline.settling.settle import Settler
from service.pipeline.timers import LONGEST
from tests.fixtures.database import Database
from tests.fixtures.pipeline import ACCOUNT, Pipeline
from tests.fixtures.tiers import Scale

APPS = ("ia0001", "ia0002", "ia0003")
LIMIT = Limit(10, timedelta(seconds=100), reserve=0.0)

_DELIVERED = st.tuples(st.just("deliver"), st.sampled_from(APPS), st.sampled_from([1, 3, 60, 400]))
_SPENT = st.tuples(st.just("spend"), st.sampled_from(["settle", "handlers"]), st.integers(1, 9))
_RESTED = st.tuples(st.just("rest"), st.sampled_from(APPS), st.integers(1, 90))
_PASSED = st.tuples(st.just("pass"), st.just(""), st.integers(1, 60))
_SETTLED = st.tuples(st.just("settle"), st.sampled_from(APPS), st.just(0))
STEPS = st.lists(st.one_of(_DELIVERED, _SPENT, _RESTED, _PASSED, _SETTLED, _SETTLED), max_size=25)


class Waiting:
    """A relay with three apps and few calls, whose clock is moved by moving everything else."""

    def __init__(self, engine: AsyncEngine, database: Database) -> None:
        self.database = database
        self.pipeline = Pipeline(engine, database, limit=LIMIT, gather=0.05)
        self.settler = self.pipeline.settler(self.pipeline.process())

    async def do(self, step: tuple[str, str, int]) -> None:
        match step:
            case ("deliver", app_id, count):
                records = [f"{app_id}-{number}" for number in range(count)]
                self.pipeline.provider.truth |= {each: {"id": each, "rev": 1} for each in records}
                self.pipeline.deliver_many(records, app_id=app_id)
            case ("spend", lane, count):
                self.pipeline.spend(count, began=0, back_in=50, lane=lane)
            case ("rest", app_id, seconds):
                self.database.execute(
                    "UPDATE records SET rest_until = now() + make_interval(secs => %s) WHERE app_id = %s",
                    (seconds, app_id),
                )
            case ("pass", _, seconds):
                self.let_pass(seconds)
            case (_, app_id, _):
                await self.settle(self.settler, app_id)

    def let_pass(self, seconds: float) -> None:
        statements = []
        for table, columns in {
            "calls": ("started_at", "finished_at", "counts_until"),
            "slots": ("next_at", "looked_at"),
            "records": ("rest_until", "seen_at"),
            "deliveries": ("received_at", "due_at"),
        }.items():
            moved = ", ".join(f"{each} = {each} - make_interval(secs => {seconds})" for each in columns)
            statements.append(f"UPDATE {table} SET {moved}")
        self.database.execute("; ".join(statements))

    async def settle(self, settler: Settler, app_id: str) -> None:
        """Answer a doorbell, and see that whoever could not look will come back."""
        self.pipeline.bells.apps.clear()
        looks = len(self.pipeline.provider.asked)
        await settler.settle(ACCOUNT, app_id)
        rung = (ACCOUNT, app_id) in self.pipeline.bells.apps | settler._timers._running.keys()
        ((held, closed, due),) = self.database.execute(
            "SELECT count(token) > 0, coalesce(extract(epoch FROM max(next_at) - now())::float, 0), EXISTS ("
            " SELECT FROM deliveries WHERE app_id = %s AND status IN ('pending', 'recheck')"
            " AND due_at <= now()) FROM slots WHERE app_id = %s",
            (app_id, app_id),
        )
        assert not held
        assert closed < LIMIT.window.total_seconds() + 40, "no slot is closed for longer than a window"
        assert not due or rung or closed > LONGEST, "the sweep alone comes back for what is far off"
        asked = self.pipeline.provider.asked[looks:]
        assert len(asked) <= 1

    def due(self) -> list[str]:
        rows = self.database.execute(
            "SELECT DISTINCT app_id FROM deliveries WHERE status IN ('pending', 'recheck') ORDER BY app_id"
        )
        return [app_id for (app_id,) in rows]

    async def settle_all(self) -> None:
        """Let others come back whenever a slot opens, with timers of their own: those of before are lost."""
        process = self.pipeline.process()
        for _ in range(150):
            waiting = self.due()
            if not waiting:
                return
            self.let_pass(4)
            for app_id in waiting:
                await self.settle(self.pipeline.settler(process), app_id)
        raise AssertionError(f"{self.due()} still wait after 10 minutes: a window is 100 s")

    def forget(self) -> None:
        tables = ("deliveries", "records", "changes", "slots", "calls", "processes")
        self.database.execute("; ".join(f"DELETE FROM {table}" for table in tables))


@pytest.mark.timeout(3600)
def test_whatever_waits_is_looked_at_in_the_end(database: Database, scale: Scale) -> None:
    @settings(
        max_examples=scale.pick(small=12, full=400),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=scale.pick(small=(Phase.explicit, Phase.generate), full=tuple(Phase)),
    )
    @given(STEPS)
    def play(steps: list[tuple[str, str, int]]) -> None:
        asyncio.run(_play(steps, database))

    play()


async def _play(steps: list[tuple[str, str, int]], database: Database) -> None:
    engine = open_engine(database.url, name="test")
    relay = Waiting(engine, database)
    try:
        for step in steps:
            await relay.do(step)
        await relay.settle_all()
        ((most,),) = database.execute("SELECT count(*) FROM calls WHERE counts_until > now()")
        assert most <= LIMIT.calls + sum(count for kind, _, count in steps if kind == "spend")
    finally:
        relay.forget()
        await engine.dispose()
