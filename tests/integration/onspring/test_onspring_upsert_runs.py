"""Whole runs of `onspring.upsert`: what is deferred is no attempt, what was written is noted and shown."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.dev.simulators.onspring.example import FUSIOO_ID, NAME, OWNER, TASKS
from service.handlers.builtin.onspring_leases import KeptLeases
from service.handlers.builtin.onspring_targets import key_of
from service.handlers.kinds import HandlerDeps
from service.handlers.listing import list_runs, show_run
from service.handlers.registry import build_handlers
from service.onspring.client import OnspringClient
from service.onspring.definitions import Definitions
from service.pipeline.accounts.opened import Accounts
from service.pipeline.running.attempts import Attempts
from service.pipeline.running.run import Runner
from service.rules.loader import parse
from tests.fixtures.database import Database
from tests.fixtures.onspring_simulator import RunningOnspring, onspring_in_thread
from tests.fixtures.pipeline import ACCOUNT, APP, Pipeline

_FILE = """\
version: 1
accounts:
  grc: {{provider: onspring, base_url: "{url}", token: "${{KEY}}"}}
handlers:
  ops:
    onspring.upsert:
      account: grc
      app: 195
      key: {{6996: "{{{{ change.record_id }}}}"}}
      fields:
        Name: "{{{{ record.title }}}}"
        Owner: {{reference: {{by: {{Username: "{{{{ record.who }}}}"}}}}}}
      missing_references: leave
rules: []
"""


class Pushing:
    """One process that writes what changes at a provider to a simulated Onspring."""

    def __init__(
        self, engine: AsyncEngine, database: Database, onspring: RunningOnspring, held: AsyncExitStack
    ) -> None:
        self.engine, self.database, self.onspring = engine, database, onspring
        configuration = parse(_FILE.format(url=onspring.url), "relay.yaml", {"KEY": onspring.key})
        built = build_handlers(configuration, HandlerDeps(Path(), engine=engine))
        self.pipeline = Pipeline(engine, database, handlers=list(built.values()))
        self.process = self.pipeline.process()
        self.accounts = Accounts(
            configuration.accounts, engine, timeout=timedelta(seconds=10), holder=self.process
        )
        held.push_async_callback(self.accounts.close)

    async def change(self, **fields: Any) -> None:
        """Let record r1 become this."""
        self.pipeline.provider.truth["r1"] = {"id": "r1", **fields}
        self.pipeline.deliver("r1")
        await self.pipeline.settler(self.process).settle(ACCOUNT, APP)

    async def run(self) -> tuple[Any, ...]:
        """Run what is due; gives status and counted attempts of the newest run."""
        self.database.execute("UPDATE runs SET next_at = now() WHERE status = 'ready'")
        attempts = Attempts(self.engine, providers={ACCOUNT: "fusioo"}, clients=self.accounts)
        runner = Runner(
            self.engine,
            process_id=self.process,
            handlers=self.pipeline.handlers,
            attempts=attempts,
            bells=self.pipeline.bells,
            places=16,
        )
        await runner.run("ops")
        ((*row,),) = self.database.execute("SELECT status, attempts FROM runs ORDER BY seq DESC LIMIT 1")
        return tuple(row)

    async def detail(self) -> Any:
        """What the last attempt of the newest run tells."""
        async with self.engine.connect() as connection:
            newest = (await list_runs(connection))[0]
            shown = await show_run(connection, newest.id)
        return shown.tries[-1].detail

    def tasks(self) -> list[dict[int, Any]]:
        return [each.values for each in self.onspring.state.records.of(TASKS) if each.values.get(FUSIOO_ID)]


@pytest.fixture
def provider() -> Iterator[RunningOnspring]:
    with onspring_in_thread() as running:
        yield running


@pytest.fixture
async def pushing(
    engine: AsyncEngine, database: Database, provider: RunningOnspring
) -> AsyncIterator[Pushing]:
    async with AsyncExitStack() as held:
        yield Pushing(engine, database, provider, held)


async def test_a_change_is_written_once_and_noted(pushing: Pushing) -> None:
    await pushing.change(title="First", who="Severus")
    assert await pushing.run() == ("done", 1)
    assert pushing.tasks() == [{FUSIOO_ID: "r1", NAME: "First", OWNER: [2]}]
    noted = pushing.database.execute("SELECT account, app_id, record_id, rule FROM own_writes")
    assert noted == [("grc", str(TASKS), None, "all")]
    await pushing.change(title="First", who="Severus", other="field")
    assert await pushing.run() == ("done", 1)
    assert await pushing.detail() == {"record": "4", "created": False, "updated": []}
    await pushing.change(title="Second", who="Severus")
    assert await pushing.run() == ("done", 1)
    assert await pushing.detail() == {"record": "4", "created": False, "updated": ["Name"]}
    assert len(pushing.onspring.calls_of("PUT", "/Records")) == 2


async def test_warnings_stand_with_the_attempt(pushing: Pushing) -> None:
    await pushing.change(title="First", who="Nobody")
    assert await pushing.run() == ("done", 1)
    detail = await pushing.detail()
    assert detail["warnings"] == [
        'Owner is left as it is: no record of app 2 has the key {"Username": "Nobody"}'
    ]


async def test_a_key_that_another_run_has_costs_no_attempt(
    pushing: Pushing, engine: AsyncEngine, provider: RunningOnspring
) -> None:
    await pushing.change(title="First", who="Severus")
    async with OnspringClient.open(api_key=provider.key, base_url=provider.url, timeout=10) as client:
        key = key_of(await Definitions().of(client, TASKS), {"Fusioo Id": "r1"})
    others = KeptLeases(engine, "grc", longest=timedelta(seconds=30))
    async with others.holding(f"app {TASKS}", key.digest):
        for _ in range(3):
            assert await pushing.run() == ("ready", 0)
    assert pushing.tasks() == []
    assert await pushing.run() == ("done", 1)
    assert len(pushing.tasks()) == 1
