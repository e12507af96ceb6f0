"""The rules that changes are judged by, kept by digest."""

from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncEngine

from service.rulebooks.repository import read_rulebook, store_rulebook
from service.rules.keeping import KeptRules
from service.rules.schema import Rule
from tests.fixtures.database import Database


def kept(**keys: Any) -> KeptRules:
    rule = Rule.model_validate({"name": "r", "account": "main", "app": "Tasks", "run": ["ops"], **keys})
    return KeptRules(rules=(rule,), timezones={"main": ZoneInfo("Europe/Berlin"), "other": UTC})


async def test_rules_are_read_as_they_were_stored(engine: AsyncEngine) -> None:
    rules = kept(when={"zz": {"equal": None}, "a": {"contains_any": ["ü", 1]}, "not": {"b": {"equal": True}}})
    async with engine.begin() as connection:
        await store_rulebook(connection, "one", rules)
        found = await read_rulebook(connection, "one")
        assert await read_rulebook(connection, "other") is None
    assert found == rules
    when = found.rules[0].when
    assert when is not None
    assert list(when.fields) == ["zz", "a"]


async def test_rules_of_a_digest_are_stored_once_and_loaded_again(
    engine: AsyncEngine, database: Database
) -> None:
    async with engine.begin() as connection:
        await store_rulebook(connection, "one", kept(on=["create"]))
    database.execute("UPDATE rulebooks SET loaded_at = now() - interval '1 day'")
    async with engine.begin() as connection:
        await store_rulebook(connection, "one", kept(on=["delete"]))
        assert await read_rulebook(connection, "one") == kept(on=["create"])
    assert database.execute("SELECT loaded_at > now() - interval '1 minute' FROM rulebooks") == [(True,)]


async def test_rules_that_this_version_does_not_understand_are_as_if_not_kept(
    engine: AsyncEngine, database: Database
) -> None:
    database.execute(
        "INSERT INTO rulebooks (digest, rules, timezones) VALUES ('old', '[{\"name\": \"r\"}]', '{}')"
    )
    async with engine.connect() as connection:
        assert await read_rulebook(connection, "old") is None
