"""explain tells of a change what was found, what each rule said, and what came of it."""

from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.changes.types import Change
from service.errors import NotFoundError
from service.handlers.context import Context
from service.pipeline.explaining.explain import explain_change
from service.pipeline.explaining.explanation import Explanation, Standing
from service.rulebooks.repository import store_rulebook
from service.rules.keeping import KeptRules
from service.rules.schema import Rule
from tests.fixtures.database import Database
from tests.fixtures.pipeline import Pipeline, bound, rule

HIGH = rule("high", when={"any": [{"priority": {"equal": "High"}}, {"rev": {"greater_than": 1}}]})
STATUS = rule("of-status", changed=["status"])
ELSEWHERE = rule("elsewhere", app="i502fb")


async def refuse(_change: Change, _context: Context) -> None:
    raise RuntimeError("the sink is full")


async def settled(
    engine: AsyncEngine, database: Database, rules: Sequence[Rule], *, keep: bool = True
) -> UUID:
    """Let a record be seen, and change; gives the id of its update."""
    pipeline = Pipeline(engine, database, rules=rules, handlers=[bound(refuse, retry=())])
    if keep:
        async with engine.begin() as connection:
            await store_rulebook(connection, "digest", KeptRules(rules=tuple(rules), timezones={}))
    for rev in (1, 2):
        pipeline.provider.truth = {"r1": {"id": "r1", "rev": rev}}
        pipeline.deliver("r1", "update")
        pipeline.deliver("r1", "create")
        await pipeline.drain()
    ((change_id,),) = database.execute("SELECT id FROM changes WHERE version = 2")
    return UUID(str(change_id))


async def explained(engine: AsyncEngine, change_id: UUID) -> Explanation:
    async with engine.begin() as connection:
        return await explain_change(connection, change_id)


async def test_a_change_is_told_from_its_deliveries_to_its_tries(
    engine: AsyncEngine, database: Database
) -> None:
    found = await explained(engine, await settled(engine, database, [HIGH, STATUS, ELSEWHERE]))
    assert found.change.diff == {"rev": {"before": 1, "after": 2}}
    assert (found.merge.deliveries, found.merge.kinds) == (2, {"update": 1, "create": 1})
    assert found.fetch is not None
    assert found.fetch.call is not None
    assert (found.fetch.changes, found.fetch.call.status, found.fetch.call.lane) == (1, 200, "settle")
    high, of_status = found.rules
    assert (high.rule, high.standing, high.said_then, high.differs) == (
        "high",
        Standing.MATCHES,
        "matches",
        False,
    )
    (any_of,) = high.clauses
    assert [(each.path, each.seen, each.ok) for each in any_of.inner] == [
        ("when.any.0.priority.equal", None, False),
        ("when.any.1.rev.greater_than", 2, True),
    ]
    assert (of_status.standing, of_status.decided_by) == (Standing.DOES_NOT_MATCH, "changed")
    assert found.other_rules == 1
    (run,) = found.runs
    assert (run.rule, run.status, [each.error for each in run.tries]) == (
        "high",
        "dead",
        ["RuntimeError: the sink is full"],
    )


async def test_rules_that_changed_since_are_judged_as_they_were(
    engine: AsyncEngine, database: Database
) -> None:
    change_id = await settled(engine, database, [HIGH])
    async with engine.begin() as connection:
        await store_rulebook(connection, "later", KeptRules(rules=(STATUS,), timezones={}))
    assert [each.rule for each in (await explained(engine, change_id)).rules] == ["high"]


async def test_a_verdict_that_would_be_another_one_now_is_pointed_out(
    engine: AsyncEngine, database: Database
) -> None:
    change_id = await settled(engine, database, [HIGH])
    database.execute("""UPDATE changes SET verdicts = '{"high": "when.priority.equal"}'""")
    (high,) = (await explained(engine, change_id)).rules
    assert (high.standing, high.said_then, high.differs) == (
        Standing.MATCHES,
        "when.priority.equal",
        True,
    )


async def test_an_app_that_was_renamed_since_is_still_the_rules_app(
    engine: AsyncEngine, database: Database
) -> None:
    named = rule("named", app="Tasks")
    pipeline = Pipeline(engine, database, rules=[named])
    pipeline.watch()
    change_id = await settled(engine, database, [named])
    database.execute("UPDATE apps SET name = 'Jobs'")
    (only,) = (await explained(engine, change_id)).rules
    assert (only.rule, only.standing, only.differs) == ("named", Standing.MATCHES, False)


async def test_what_a_rule_did_itself_stays_hidden_from_it(engine: AsyncEngine, database: Database) -> None:
    change_id = await settled(engine, database, [HIGH])
    database.execute("""UPDATE changes SET verdicts = '{"high": "own write"}'""")
    (high,) = (await explained(engine, change_id)).rules
    assert (high.standing, high.decided_by, high.differs) == (
        Standing.DOES_NOT_MATCH,
        "own write",
        False,
    )


async def test_without_the_rules_of_that_day_what_was_stored_is_told(
    engine: AsyncEngine, database: Database
) -> None:
    found = await explained(engine, await settled(engine, database, [HIGH, STATUS], keep=False))
    assert not found.rules_kept
    assert [(each.rule, each.standing, each.clauses) for each in found.rules] == [
        ("high", Standing.MATCHES, ()),
        ("of-status", Standing.DOES_NOT_MATCH, ()),
    ]


async def test_what_retention_forgot_is_left_out(engine: AsyncEngine, database: Database) -> None:
    change_id = await settled(engine, database, [HIGH])
    database.execute("DELETE FROM calls")
    database.execute("DELETE FROM deliveries")
    found = await explained(engine, change_id)
    assert found.fetch is not None
    assert found.fetch.call is None
    assert (found.merge.deliveries, found.merge.kept, found.merge.last_received_at) == (2, [], None)


async def test_an_unknown_change_says_where_to_look(engine: AsyncEngine) -> None:
    with pytest.raises(NotFoundError, match="relay deliveries show"):
        await explained(engine, uuid4())
