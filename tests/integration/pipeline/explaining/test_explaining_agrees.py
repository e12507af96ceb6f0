"""For random rules and edits: explain and backtest agree with what settling did, through the database."""

from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from service.pipeline.explaining.backtest import BacktestReport, Progress, run_backtest
from service.pipeline.explaining.explain import explain_change
from service.pipeline.explaining.explanation import Standing
from service.rulebooks.repository import store_rulebook
from service.rules.backtest import Backtest
from service.rules.keeping import KeptRules
from service.rules.rejudging import Judge
from service.rules.schema import Rule
from tests.fixtures.database import Database
from tests.fixtures.pipeline import Pipeline
from tests.fixtures.random_rules import RECORDS, RULE_SETS

EDITS = st.lists(st.none() | RECORDS, min_size=1, max_size=4)
"""A record's states, one after the other; None: it is deleted."""


async def settle(pipeline: Pipeline, edits: list[dict[str, Any] | None]) -> None:
    for fields in edits:
        pipeline.provider.truth = {} if fields is None else {"r1": {"id": "r1", **fields}}
        pipeline.deliver("r1", "delete" if fields is None else "update")
        await pipeline.drain()


async def backtested(
    engine: AsyncEngine, rules: KeptRules, against: KeptRules | None = None
) -> BacktestReport:
    seen: list[Progress] = []
    backtest = Backtest(Judge(rules), against=None if against is None else Judge(against))
    async with engine.begin() as connection:
        report = await run_backtest(connection, backtest, since=timedelta(days=1), on_progress=seen.append)
    assert seen[-1] == Progress(changes=report.changes, all_changes=report.changes)
    return report


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rules=RULE_SETS, others=RULE_SETS, edits=EDITS)
async def test_both_agree_with_what_was_done(
    engine: AsyncEngine,
    database: Database,
    rules: tuple[Rule, ...],
    others: tuple[Rule, ...],
    edits: list[dict[str, Any] | None],
) -> None:
    database.execute("TRUNCATE changes, runs, records, deliveries, slots, calls, rulebooks, apps CASCADE")
    kept = KeptRules(rules=rules, timezones={})
    pipeline = Pipeline(engine, database, rules=rules)
    pipeline.watch(fields=("id", "status", "amount", "due", "title"))
    async with engine.begin() as connection:
        await store_rulebook(connection, "digest", kept)
    await settle(pipeline, edits)

    fired: Counter[str] = Counter()
    for (change_id,) in database.execute("SELECT id FROM changes"):
        async with engine.begin() as connection:
            found = await explain_change(connection, change_id)
        matched = [each.rule for each in found.rules if each.standing is Standing.MATCHES]
        assert matched == [run.rule for run in found.runs]
        assert not any(each.differs for each in found.rules)
        fired.update(matched)

    same = await backtested(engine, kept)
    assert not same.differs
    assert {each.rule: each.fired_then for each in same.rules if each.fired_then} == fired
    assert {each.rule: each.fires_now for each in same.rules if each.fires_now} == fired

    there = await backtested(engine, kept, KeptRules(rules=others, timezones={}))
    back = await backtested(engine, KeptRules(rules=others, timezones={}), kept)
    assert {each.rule: (each.newly, each.no_longer) for each in there.rules} == {
        each.rule: (each.no_longer, each.newly) for each in back.rules
    }
