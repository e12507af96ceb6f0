"""`onspring.upsert` over real HTTP and Postgres: many at once, lost answers, whole runs."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.db.engine import open_engine
from service.dev.simulators.faults import AnswerFault
from service.dev.simulators.onspring.example import FUSIOO_ID, NAME, TAGS, TASKS
from service.errors import RelayError
from service.handlers.kinds import BoundHandler, HandlerDeps
from service.handlers.outcomes import outcome_of
from service.handlers.registry import build_handlers
from service.handlers.types import Deferred, Done, Failed, Outcome
from service.onspring.client import OnspringClient
from service.rules.loader import parse
from service.transport.retrying import NO_RETRIES
from tests.fixtures.changes import a_change
from tests.fixtures.database import Database
from tests.fixtures.handling import context
from tests.fixtures.onspring_simulator import RunningOnspring, onspring_in_thread

_FILE = """\
version: 1
accounts:
  main: {{provider: fusioo, token: "${{KEY}}"}}
  grc: {{provider: onspring, base_url: "{url}", token: "${{KEY}}"}}
handlers:
  push:
    onspring.upsert:
      account: grc
      app: Tasks
      key: {{Fusioo Id: "{{{{ change.record_id }}}}"}}
      fields: {{Name: "{{{{ record.title }}}}", Tags: "{{{{ record.tags }}}}"}}
      create_values: true
rules: []
"""


@pytest.fixture
def provider() -> Iterator[RunningOnspring]:
    with onspring_in_thread() as running:
        yield running


class Relay:
    """One process: an engine, a handler and a client of its own."""

    def __init__(self, engine: AsyncEngine, provider: RunningOnspring, held: AsyncExitStack) -> None:
        configuration = parse(_FILE.format(url=provider.url), "relay.yaml", {"KEY": provider.key})
        self.push: BoundHandler = build_handlers(configuration, HandlerDeps(Path(), engine=engine))["push"]
        self._provider, self._held = provider, held
        self.client: OnspringClient | None = None

    async def attempt(self, **record: Any) -> Outcome:
        """One attempt for a change of record i59adb, as it ends."""
        if self.client is None:
            self.client = OnspringClient.open(
                api_key=self._provider.key, base_url=self._provider.url, timeout=10, retries=NO_RETRIES
            )
            await self._held.enter_async_context(self.client)
        client, of = self.client, a_change(record=record)
        try:
            return await self.push.call(of, context(of=of, onspring=lambda *_: client))
        except RelayError as error:
            return outcome_of(error, timeout=timedelta(seconds=10))

    async def run(self, **record: Any) -> Outcome:
        """Make attempts as long as they are deferred, which is for 30 s at most."""
        async with asyncio.timeout(30):
            while True:
                outcome = await self.attempt(**record)
                if not isinstance(outcome, Deferred):
                    return outcome
                await asyncio.sleep(outcome.after or 0)


@pytest.fixture
async def relays(database: Database, provider: RunningOnspring) -> AsyncIterator[list[Relay]]:
    async with AsyncExitStack() as held:
        made = []
        for name in ("one", "two"):
            engine = open_engine(database.url, name=name)
            held.push_async_callback(engine.dispose)
            made.append(Relay(engine, provider, held))
        yield made


def kept(provider: RunningOnspring) -> list[dict[int, Any]]:
    return [record.values for record in provider.state.records.of(TASKS) if record.values.get(FUSIOO_ID)]


@pytest.mark.parametrize("many", [2, 20])
async def test_upserts_of_one_key_at_once_make_one_record(
    relays: list[Relay], provider: RunningOnspring, many: int
) -> None:
    runs = [relays[n % 2].run(title=f"Title {n}", tags=["Made now", "Urgent"]) for n in range(many)]
    outcomes = await asyncio.gather(*runs)
    details = [outcome.detail or {} for outcome in outcomes if isinstance(outcome, Done)]
    assert len(details) == many
    assert [detail["created"] for detail in details].count(True) == 1
    assert len(kept(provider)) == 1
    assert [value.name for value in provider.state.lists[907]].count("Made now") == 1
    assert len(kept(provider)[0][TAGS]) == 2


@pytest.mark.parametrize("body", ["cut", "html", "empty"])
async def test_an_answer_that_is_lost_makes_no_second_record(
    relays: list[Relay], provider: RunningOnspring, database: Database, body: Any
) -> None:
    provider.state.faults.answers.append(AnswerFault(201, body, method="PUT", takes_effect=True))
    assert isinstance(await relays[0].attempt(title="a", tags=[]), Failed)
    for relay in relays:
        waiting = await relay.attempt(title="a", tags=[])
        assert isinstance(waiting, Deferred), "nobody knows what came of it"
        assert "another run is writing what has this key" in waiting.reason
    database.execute("UPDATE upserts SET held_until = now()")
    again = await relays[1].attempt(title="a", tags=[])
    assert isinstance(again, Done)
    assert again.detail is not None
    assert (again.detail["created"], again.detail["updated"]) == (False, [])
    assert len(kept(provider)) == 1


async def test_a_second_run_of_the_same_change_makes_no_write(
    relays: list[Relay], provider: RunningOnspring
) -> None:
    first = await relays[0].attempt(title="a", tags=["Urgent", "Audit"])
    assert isinstance(first, Done)
    provider.state.calls.clear()
    for relay in relays:
        second = await relay.attempt(title="a", tags=["Audit", "Urgent"])
        assert isinstance(second, Done)
        assert second.detail == {"record": "4", "created": False, "updated": []}
    assert provider.calls_of("PUT", "/Records") == []


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (AnswerFault(500, method="PUT"), "unavailable"),
        (AnswerFault(401, "html"), "the API key is not accepted"),
        (AnswerFault(503, path="/Query", method="POST"), "unavailable"),
    ],
)
async def test_what_fails_is_done_in_the_end(
    relays: list[Relay], provider: RunningOnspring, database: Database, fault: AnswerFault, told: str
) -> None:
    provider.state.faults.answers.append(fault)
    failed = await relays[0].attempt(title="a", tags=[])
    assert isinstance(failed, Failed)
    assert told in failed.error
    assert not failed.dead
    database.execute("UPDATE upserts SET held_until = now()")
    assert isinstance(await relays[0].attempt(title="a", tags=[]), Done)
    assert [record[NAME] for record in kept(provider)] == ["a"]


async def test_too_many_calls_defers_and_frees_the_key(
    relays: list[Relay], provider: RunningOnspring
) -> None:
    provider.state.faults.answers.append(AnswerFault(429, method="PUT", retry_after=7))
    outcome = await relays[0].attempt(title="a", tags=[])
    assert isinstance(outcome, Deferred)
    assert outcome.after == 7
    assert isinstance(await relays[1].attempt(title="a", tags=[]), Done)
