"""What each rule said of a change is kept with it, in few words."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from service.rules.schema import Rule
from tests.fixtures.database import Database
from tests.fixtures.pipeline import ACCOUNT, APP, Pipeline, rule

RULES = [
    rule("all"),
    rule("of-another-app", app="i502fb"),
    rule("creations", on=["create"]),
    rule("high", when={"rev": {"greater_than": 0}, "priority": {"equal": "High"}}),
    rule("of-status", changed=["status"]),
    rule("both", changed=["rev"], run=["ops"]),
    Rule.model_validate({"name": "of-another-account", "account": "other", "app": APP, "run": ["ops"]}),
]


async def settled_twice(engine: AsyncEngine, database: Database, rules: list[Rule]) -> list[Any]:
    pipeline = Pipeline(engine, database, rules=rules)
    settler = pipeline.settler(pipeline.process())
    for rev in (1, 2):
        pipeline.provider.truth = {"r1": {"id": "r1", "rev": rev}}
        pipeline.deliver("r1")
        await settler.settle(ACCOUNT, APP)
    return database.execute("SELECT verdicts FROM changes ORDER BY version")


async def test_every_rule_of_the_app_says_what_decided(engine: AsyncEngine, database: Database) -> None:
    first, second = await settled_twice(engine, database, RULES)
    assert second == (
        {
            "all": None,
            "creations": "kind",
            "high": "when.priority.equal",
            "of-status": "changed",
            "both": None,
        },
    )
    assert first[0]["both"] == "changed", "there is no diff at first sight"


async def test_a_change_without_rules_has_no_verdicts(engine: AsyncEngine, database: Database) -> None:
    assert await settled_twice(engine, database, [RULES[1]]) == [(None,), (None,)]


async def test_runs_know_the_rules_that_made_them(engine: AsyncEngine, database: Database) -> None:
    await settled_twice(engine, database, RULES)
    assert database.execute("SELECT DISTINCT rules_digest FROM runs") == [("digest",)]
    assert database.execute("SELECT count(*) FROM runs") == [(3,)]
