"""The ledger in Postgres against its rules written once more (tests/fixtures/budget_model.py).

Calls of all lanes begin, are answered, refused, or never end; time passes. After each step both say the
same: who may call, and when the next one may. Time passes by moving what is stored into the past.
"""

import asyncio
from datetime import timedelta
from time import monotonic
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.budget.lanes import Lane, Limit
from service.budget.ledger import Ledger
from service.budget.usage import read_usage
from service.db.engine import open_engine
from service.errors import BudgetExhaustedError
from tests.fixtures.budget_model import ModelCall, ModelLedger
from tests.fixtures.database import Database
from tests.fixtures.tiers import Scale

ACCOUNT = "main"
WINDOW, LONGEST = timedelta(minutes=10), timedelta(seconds=30)
STEP = 15.0
"""Everything lasts a multiple of it, but for the margin: the little real time between never decides."""
TOLERANCE = 0.9


class States(RuleBasedStateMachine):
    """One account whose budget many use."""

    url: str

    @initialize(calls=st.integers(1, 30), reserve=st.sampled_from([0.0, 0.1, 0.25]))
    def start(self, calls: int, reserve: float) -> None:
        self.loop = asyncio.new_event_loop()
        self.engine: AsyncEngine = open_engine(self.url, name="states", pool_size=1)
        self._do(self._execute("DELETE FROM calls"))
        self._do(self._execute("DELETE FROM blocks"))
        limit = Limit(calls, WINDOW, reserve)
        self.ledger = Ledger(self.engine, ACCOUNT, limit, longest=LONGEST)
        self.model = ModelLedger(limit, LONGEST.total_seconds())
        self.passed, self.began = 0.0, monotonic()
        self.under_way: list[tuple[int, ModelCall]] = []

    @rule(lane=st.sampled_from(Lane), many=st.integers(1, 12))
    def begin(self, lane: Lane, many: int) -> None:
        for _ in range(many):
            self._look_at_the_clock()
            expected = self.model.free_at(lane)
            call_id, wait = self._do(self._reserve(lane))
            if expected is None:
                assert call_id is not None, f"refused for {wait} s, and should not be"
                self.under_way.append((call_id, self.model.reserve(lane)))
            else:
                assert call_id is None, f"counted, and should wait for {expected - self.model.now} s"
                assert wait == pytest.approx(expected - self.model.now, abs=TOLERANCE)
                return

    @precondition(lambda self: self.under_way)
    @rule(data=st.data(), status=st.sampled_from([200, 200, 200, 404, 429, None]), many=st.integers(1, 8))
    def end(self, data: st.DataObject, status: int | None, many: int) -> None:
        for _ in range(min(many, len(self.under_way))):
            index = data.draw(st.integers(0, len(self.under_way) - 1))
            call_id, call = self.under_way.pop(index)
            self._look_at_the_clock()
            self._do(self.ledger.finish(call_id, status))
            self.model.finish(call, status)

    @rule(steps=st.one_of(st.integers(1, 5), st.integers(30, 90)))
    def wait(self, steps: int) -> None:
        by = timedelta(seconds=steps * STEP)
        self.passed += by.total_seconds()
        self._look_at_the_clock()
        self._do(
            self._execute(
                "UPDATE calls SET started_at = started_at - :by, finished_at = finished_at - :by,"
                " counts_until = counts_until - :by",
                by=by,
            )
        )
        self._do(
            self._execute(
                "UPDATE blocks SET blocked_until = blocked_until - :by, probe_until = probe_until - :by,"
                " ceiling_until = ceiling_until - :by",
                by=by,
            )
        )
        # A call that could not last so long: its process was killed.
        self.under_way = [
            one for one in self.under_way if one[1].started + self.model.longest > self.model.now
        ]

    @invariant()
    def both_find_the_same(self) -> None:
        if not hasattr(self, "model"):
            return
        self._look_at_the_clock()
        found, expected = self._do(self._standing()), self.model.standing()
        assert (found.used, found.usable) == (expected.used, expected.usable)
        assert (found.since_last is None) == (expected.since_last is None)
        if not found.is_plentiful:
            assert found.returning == pytest.approx(expected.returning, abs=TOLERANCE)
        assert found.used <= self.model.limit.calls
        usage = self._do(self._usage())
        assert (usage.used, usage.usable) == (expected.used, expected.usable)
        assert (usage.free_at is None) == (expected.used < expected.usable)

    def teardown(self) -> None:
        if hasattr(self, "engine"):
            self._do(self.engine.dispose())
            self.loop.close()

    def _look_at_the_clock(self) -> None:
        self.model.now = self.passed + monotonic() - self.began

    def _do(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    async def _execute(self, statement: str, **values: Any) -> None:
        async with self.engine.begin() as connection:
            await connection.execute(text(statement), values)

    async def _reserve(self, lane: Lane) -> tuple[int | None, float]:
        try:
            async with self.engine.begin() as connection:
                return await self.ledger.reserve(connection, lane, "GET /"), 0.0
        except BudgetExhaustedError as error:
            async with self.engine.connect() as connection:
                now = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
            return None, (error.free_at - now).total_seconds()

    async def _standing(self) -> Any:
        async with self.engine.begin() as connection:
            return await self.ledger.standing(connection)

    async def _usage(self) -> Any:
        async with self.engine.begin() as connection:
            return await read_usage(connection, ACCOUNT, self.ledger.limit)


def test_the_ledger_keeps_its_rules(database: Database, scale: Scale) -> None:
    States.url = database.url
    run_state_machine_as_test(
        States,
        settings=settings(
            max_examples=scale.pick(small=25, full=600),
            stateful_step_count=scale.pick(small=25, full=60),
            deadline=None,
        ),
    )
