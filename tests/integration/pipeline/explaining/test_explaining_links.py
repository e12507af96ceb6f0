"""Rules that ask about linked records are judged again with those that were fetched then."""

from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from service.pipeline.explaining.backtest import BacktestReport, run_backtest
from service.pipeline.explaining.explain import explain_change
from service.pipeline.explaining.explanation import Explanation, Standing
from service.rulebooks.repository import store_rulebook
from service.rules.backtest import Backtest
from service.rules.keeping import KeptRules
from service.rules.rejudging import Judge
from service.rules.schema import Rule
from tests.fixtures.database import Database
from tests.fixtures.pipeline import ACCOUNT, APP, Pipeline, rule

GERMAN = rule("german", when={"client.country": {"equal": "DE"}})
FRENCH = rule("french", when={"client.country": {"equal": "FR"}})
OWNED = rule("german", when={"client.owner.name": {"equal": "John"}})


async def settled(
    engine: AsyncEngine, database: Database, *rules: Rule, country: str, expand: bool = True
) -> Pipeline:
    pipeline = Pipeline(engine, database, rules=rules)
    pipeline.watch(fields=("id", "client"))
    pipeline.linked.targets = {APP: {"client": "iclients"}}
    pipeline.linked.truth = {"c1": {"id": "c1", "country": [country]}}
    pipeline.provider.truth = {"r1": {"id": "r1", "client": ["c1"]}}
    pipeline.deliver("r1")
    async with engine.begin() as connection:
        await store_rulebook(connection, "digest", KeptRules(rules=rules, timezones={}))
    if expand:
        await pipeline.drain()
    else:
        await pipeline.settler(pipeline.process()).settle(ACCOUNT, APP)
    return pipeline


async def explained(engine: AsyncEngine, database: Database) -> Explanation:
    ((change_id,),) = database.execute("SELECT id FROM changes")
    async with engine.begin() as connection:
        return await explain_change(connection, change_id)


async def backtested(engine: AsyncEngine, *rules: Rule) -> BacktestReport:
    backtest = Backtest(Judge(KeptRules(rules=rules, timezones={})))
    async with engine.begin() as connection:
        return await run_backtest(connection, backtest, since=timedelta(days=1), on_progress=_ignore)


def _ignore(_: Any) -> None:
    """Nobody watches."""


async def test_what_was_seen_of_linked_records_is_told(engine: AsyncEngine, database: Database) -> None:
    await settled(engine, database, GERMAN, FRENCH, country="DE")
    german, french = (await explained(engine, database)).rules
    assert (german.standing, german.differs) == (Standing.MATCHES, False)
    assert (french.standing, french.differs) == (Standing.DOES_NOT_MATCH, False)
    assert "DE" in french.reason


async def test_what_waits_for_linked_records_says_so(engine: AsyncEngine, database: Database) -> None:
    await settled(engine, database, GERMAN, country="DE", expand=False)
    (german,) = (await explained(engine, database)).rules
    assert (german.standing, german.said_then, german.differs) == (Standing.AWAITS_LINKS, "matches", False)


async def test_backtest_judges_by_the_linked_records_of_that_day(
    engine: AsyncEngine, database: Database
) -> None:
    pipeline = await settled(engine, database, GERMAN, FRENCH, country="DE")
    pipeline.linked.truth = {}
    database.execute("TRUNCATE linked_records")
    same = await backtested(engine, GERMAN, FRENCH)
    assert [(each.rule, each.fired_then, each.fires_now, each.unclear) for each in same.rules] == [
        ("german", 1, 1, 0),
        ("french", 0, 0, 0),
    ]
    (new,) = (await backtested(engine, FRENCH.model_copy(update={"name": "german"}))).rules[:1]
    assert (new.no_longer, new.unclear) == (1, 0), "another condition on the same records"


async def test_what_was_never_fetched_is_counted_apart(engine: AsyncEngine, database: Database) -> None:
    await settled(engine, database, GERMAN, country="DE")
    (owned,) = (await backtested(engine, OWNED)).rules
    assert (owned.fired_then, owned.fires_now, owned.no_longer, owned.unclear) == (0, 0, 0, 1)
