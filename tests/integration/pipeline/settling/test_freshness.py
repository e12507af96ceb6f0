"""Edits at a simulated Fusioo whose answers lag, over HTTP: nothing is lost, and no delete invented."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.changes.decision import Recheck
from service.dev.simulators.fusioo.example_apps import PEOPLE, TASKS_ID, tasks_app
from service.pipeline.accounts.opened import Accounts
from service.pipeline.settling.settle import Settler
from service.rules.loader import parse
from tests.fixtures.database import Database
from tests.fixtures.pipeline import ACCOUNT, LOST_AFTER, Pipeline
from tests.fixtures.simulator import RunningSimulator
from tests.fixtures.tiers import Scale

CONFIGURATION = """\
version: 1
accounts:
  main:
    provider: fusioo
    base_url: "{url}"
    token: "${{FUSIOO_TOKEN}}"
    budget: {{calls: 100000, window: 1h}}
"""
SCALED = 10
"""By so much all times are shorter than by default: 5 s and 30 s of patience, 4 s and 25 s of lag."""
RECHECK = Recheck(
    soon=timedelta(seconds=5 / SCALED),
    later=timedelta(seconds=30 / SCALED),
    first_rest=timedelta(seconds=1 / SCALED),
)


class Relay:
    """One process of a relay at a simulated company whose people edit tasks."""

    def __init__(self, provider: RunningSimulator, engine: AsyncEngine, database: Database) -> None:
        self.provider, self.engine, self.database = provider, engine, database
        self.pipeline = Pipeline(engine, database, rules=[])
        self.process = self.pipeline.process()
        self.chances = random.Random(5)  # noqa: S311  the same edits each time
        self.made: list[str] = []
        self.deleted: set[str] = set()
        database.execute(
            "INSERT INTO apps (account, app_id, name, schema, watched_since)"
            " VALUES (%s, %s, 'Tasks', %s, now())",
            (ACCOUNT, TASKS_ID, json.dumps(tasks_app().to_json())),
        )
        provider.state.settings.calls_per_window = 100_000
        configuration = parse(
            CONFIGURATION.format(url=provider.url), "relay.yaml", {"FUSIOO_TOKEN": provider.token}
        )
        self.accounts = Accounts(
            configuration.accounts, engine, timeout=timedelta(seconds=10), holder=self.process
        )
        self.settler = Settler(
            engine,
            process_id=self.process,
            lost_after=LOST_AFTER,
            accounts=self.accounts.settled(),
            rulebook=self.pipeline.rulebook,
            recheck=RECHECK,
            bells=self.pipeline.bells,
        )

    def edit(self) -> None:
        """Make, edit or delete a task, and tell of it."""
        records = self.provider.state.records
        living = [one for one in self.made if one not in self.deleted]
        wish = self.chances.random()
        if wish < 0.25 or not living:
            values = {"title": "A task", "status": ["To do"]}
            record_id = records.create(TASKS_ID, values, person=PEOPLE[0]).id
            self.made.append(record_id)
            self.tell(record_id, "create")
            return
        record_id = self.chances.choice(living[-4:])
        if wish < 0.35:
            records.delete(record_id, person=PEOPLE[0])
            self.deleted.add(record_id)
            self.tell(record_id, "delete")
            return
        records.update(record_id, {"title": f"Task {wish}"}, person=PEOPLE[1])
        self.tell(record_id, "update")

    def tell(self, record_id: str, kind: str) -> None:
        self.pipeline.deliver(record_id, kind, app_id=TASKS_ID)

    async def settle_once(self) -> None:
        self.pipeline.bells.apps.clear()
        await self.pipeline.sweep().sweep()
        for account, app_id in sorted(self.pipeline.bells.apps):
            await self.settler.settle(account, app_id)

    async def settle_all(self) -> None:
        """Settle until nothing is left to look at."""
        async with asyncio.timeout(60):
            while self.database.execute("SELECT 1 FROM deliveries WHERE status <> 'settled' LIMIT 1"):
                await self.settle_once()

    def check(self) -> None:
        """What we know is the truth, and no history tells more than happened."""
        known = dict(
            self.database.execute("SELECT record_id, fields->>'title' FROM records WHERE state = 'live'")
        )
        by_id = self.provider.state.records.by_id
        truth = {
            one: by_id[one].to_json(by_id[one].now)["title"] for one in self.made if one not in self.deleted
        }
        assert known == truth
        kinds: dict[str, list[str]] = {}
        for record_id, kind in self.database.execute("SELECT record_id, kind FROM changes ORDER BY version"):
            kinds.setdefault(record_id, []).append(kind)
        for record_id in self.made:
            history = kinds.get(record_id, [])
            assert history.count("delete") == (record_id in self.deleted), history
            if record_id not in self.deleted:
                assert (history[0], history.count("create")) == ("create", 1)


@pytest.fixture
async def relay(simulator: RunningSimulator, engine: AsyncEngine, database: Database) -> AsyncIterator[Relay]:
    made = Relay(simulator, engine, database)
    yield made
    await made.accounts.close()


@pytest.mark.parametrize("absent_after", ["create", "write"])
async def test_random_edits_under_lag_end_in_the_truth(
    relay: Relay, simulator: RunningSimulator, database: Database, absent_after: str, scale: Scale
) -> None:
    reads = simulator.state.faults.reads
    reads.stale_seconds, reads.absent_seconds, reads.spread = 4 / SCALED, 25 / SCALED, True
    reads.absent_after = "create" if absent_after == "create" else "write"
    for _ in range(scale.pick(small=60, full=600)):
        relay.edit()
        if relay.chances.random() < 0.7:
            await asyncio.wait_for(relay.settle_once(), 10)
    await relay.settle_all()
    relay.check()
    assert database.execute("SELECT count(*) FROM alarms") == [(0,)]
