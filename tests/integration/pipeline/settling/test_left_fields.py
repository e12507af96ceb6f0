"""A field that left its app, met by a look: its value is kept, and who wrote rules on it is told."""

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.fixtures.database import Database
from tests.fixtures.pipeline import ACCOUNT, APP, Pipeline, rule


@pytest.mark.parametrize(
    ("settings", "alarms"),
    [
        ({"when": {"not": {"phase": {"equal": "x"}}}}, [f"{ACCOUNT}/{APP}/phase"]),
        ({"changed": ["phase", "title"]}, [f"{ACCOUNT}/{APP}/phase"]),
        ({"expand": ["phase.owner"]}, [f"{ACCOUNT}/{APP}/phase"]),
        ({"when": {"title": {"equal": "x"}}}, []),
    ],
)
async def test_an_alarm_tells_of_a_field_that_rules_name(
    engine: AsyncEngine, database: Database, settings: dict[str, Any], alarms: list[str]
) -> None:
    pipeline = Pipeline(engine, database, rules=[rule(**settings)])
    pipeline.watch(fields=("id", "title", "phase"))
    pipeline.provider.truth["r1"] = {"id": "r1", "title": "a", "phase": "b"}
    pipeline.deliver("r1", "create")
    await pipeline.drain()

    database.execute("""UPDATE apps SET schema = '{"fields": [{"id": "id"}, {"id": "title"}]}'""")
    pipeline.provider.truth["r1"] = {"id": "r1", "title": "c"}
    pipeline.deliver("r1")
    await pipeline.drain()

    kept = database.execute("SELECT fields ->> 'title', fields ->> 'phase' FROM records")
    assert kept == [("c", "b")]
    assert database.execute("SELECT subject FROM alarms WHERE name = 'field_gone'") == [
        (subject,) for subject in alarms
    ]
