"""A whole app read while its people work in it: what we know afterwards is the truth, and what that cost."""

import asyncio
import random
import tracemalloc
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from service.db.engine import open_engine
from service.dev.simulators.fusioo.records import Happening, Record
from service.lifecycle import WalkPurpose
from service.pipeline.accounts.fusioo import FusiooAccount
from service.pipeline.settling.settle import Settler
from service.pipeline.walking.pages import Keeping
from service.pipeline.walking.reader import Reader
from service.rules.account import Account
from service.walks.repository import Walk, begin_walk, claim_walk
from tests.fixtures.database import Database
from tests.fixtures.pipeline import AT_ONCE, LOST_AFTER, RungBells
from tests.fixtures.simulator import TOKEN, RunningSimulator, running_simulator
from tests.fixtures.tiers import Scale
from tests.fixtures.walking import (
    ACCOUNT,
    APP,
    PERSON,
    add_record,
    company_of,
    known_names,
    rulebook_of,
    store_app,
    truth_of,
)

SHARE = 0.05
"""Of the records are edited, or vanish, while they are read; and some are made."""


@pytest.fixture
async def engine(database: Database) -> AsyncIterator[AsyncEngine]:
    opened = open_engine(database.url, name="test", pool_size=10)
    yield opened
    await opened.dispose()


class Relay:
    """What a relay does of all this: hears webhooks, settles, walks."""

    def __init__(self, engine: AsyncEngine, database: Database, company: RunningSimulator) -> None:
        company.state.settings.calls_per_window = 1_000_000
        self.engine, self.database, self.company = engine, database, company
        self.process = uuid4()
        database.execute(
            "INSERT INTO processes (id, kind, host, pid, beat_at)"
            " VALUES (%s, 'settle', 'here', 1, now() + interval '1 day')",
            (self.process,),
        )
        settings = {"provider": "fusioo", "token": SecretStr(TOKEN), "base_url": company.url}
        account = Account.model_validate({**settings, "budget": {"calls": 1_000_000}})
        timeout = timedelta(seconds=30)
        self.account = FusiooAccount(ACCOUNT, account, engine, timeout=timeout, holder=self.process)
        self._heard: list[tuple[str, str]] = []

    def hear(self, happening: Happening, record: Record) -> None:
        """Be told of a change, as by a webhook."""
        self._heard.append((record.id, happening.value))

    def receive(self) -> None:
        heard, self._heard = self._heard, []
        self.database.execute(
            "INSERT INTO deliveries (registration_id, account, app_id, kind, record_id, request_id)"
            " SELECT gen_random_uuid(), %s, %s, kind, record_id, gen_random_uuid()"
            " FROM unnest(%s::text[], %s::text[]) AS heard (record_id, kind)",
            (ACCOUNT, APP, [one for one, _ in heard], [kind for _, kind in heard]),
        )

    async def settle(self) -> None:
        """Settle until nothing is due any more."""
        settler = Settler(
            self.engine,
            process_id=self.process,
            lost_after=LOST_AFTER,
            accounts={ACCOUNT: self.account.settled()},
            rulebook=rulebook_of(),
            recheck=AT_ONCE,
            bells=RungBells(),
            gather=0.0,
        )
        self.receive()
        async with asyncio.timeout(1800):
            while self.database.execute(
                "SELECT 1 FROM deliveries WHERE status IN ('pending', 'recheck') LIMIT 1"
            ):
                await settler.settle(ACCOUNT, APP)

    async def begin(self, purpose: WalkPurpose) -> Reader:
        async with self.engine.begin() as connection:
            await begin_walk(connection, ACCOUNT, APP, purpose)
            walk = await claim_walk(connection, ACCOUNT, APP, purpose, token=uuid4())
        assert walk is not None
        return self.reader(walk)

    def reader(self, walk: Walk) -> Reader:
        listed = self.account.walked().listed(APP)
        return Reader(self.engine, walk, listed, Keeping("fusioo", timedelta(0)))


class People:
    """They edit, delete and make records: their share of the app, by and by."""

    def __init__(self, company: RunningSimulator, count: int, calls: float) -> None:
        self._records, self._state = company.state.records, company.state
        self._chance = random.Random(11)  # noqa: S311  repeatable, protects nothing
        self._ids = [record.id for record in self._records.live(APP)]
        self._left, self._at_once = count * SHARE, count * SHARE / calls

    def work(self, *, told: bool = True) -> None:
        """Do what is done between two calls."""
        acts = min(self._left, max(1.0, self._at_once))
        self._left -= acts
        for number in range(round(acts)):
            place = self._chance.randrange(len(self._ids))
            one = self._ids[place]
            match self._chance.choice(("edit", "edit", "delete", "make")):
                case "edit":
                    self._records.update(one, {"name": f"edited {number}"}, person=PERSON, told=told)
                case "delete":
                    self._records.delete(one, person=PERSON, told=told)
                    self._ids[place] = self._ids[-1]
                    del self._ids[-1]
                case _:
                    self._ids.append(add_record(self._state, number))


async def test_what_is_known_after_a_backfill_is_the_truth(
    engine: AsyncEngine, database: Database, scale: Scale
) -> None:
    count = scale.pick(small=2_000, full=105_000)
    most_calls = count / 200 * 1.25 + scale.pick(small=2, full=0)
    async with running_simulator(company_of(count)) as company:
        relay = Relay(engine, database, company)
        store_app(database)
        company.state.records.listeners.append(relay.hear)
        people = People(company, count, count / 190)
        reader, killed = await relay.begin(WalkPurpose.BACKFILL), False
        while not reader.is_read:
            await reader.step()
            people.work()
            relay.receive()
            if not killed and reader.walk.seen > count // 2:  # somebody else goes on
                killed, reader = True, await relay.begin(WalkPurpose.BACKFILL)
        await reader.finish()
        assert (reader.walk.steady, reader.walk.missing) == (True, 0)
        assert reader.walk.calls <= most_calls
        await relay.settle()
        assert known_names(database) == truth_of(company.state)
        await relay.account.close()


async def test_a_full_sweep_finds_what_nobody_told_of(
    engine: AsyncEngine, database: Database, scale: Scale
) -> None:
    count = scale.pick(small=2_000, full=20_000)
    async with running_simulator(company_of(count)) as company:
        relay, records = Relay(engine, database, company), company.state.records
        store_app(database)
        reader = await relay.begin(WalkPurpose.BACKFILL)
        while not reader.is_read:
            await reader.step()
        await reader.finish()
        ids = [record.id for record in records.live(APP)]
        gone = ids[3 :: count // 15]
        edited = sorted(set(ids[:: count // 100]) - set(gone))
        for one in edited:
            records.update(one, {"name": "edited"}, person=PERSON, told=False)
        for one in gone:
            records.delete(one, person=PERSON, told=False)
        before = len(company.state.calls)
        reader = await relay.begin(WalkPurpose.FULL_SWEEP)
        while not reader.is_read:
            await reader.step()
        await reader.finish()
        assert reader.walk.calls == len(company.state.calls) - before
        assert (reader.walk.noticed, reader.walk.absent) == (len(edited) + len(gone), len(gone))
        await relay.settle()
        assert known_names(database) == truth_of(company.state)
        told = database.execute(
            "SELECT kind, origin, count(*) FROM changes GROUP BY kind, origin ORDER BY kind"
        )
        assert told == [("delete", "reconcile", len(gone)), ("update", "reconcile", len(edited))]
        await relay.account.close()


async def test_memory_does_not_grow_with_the_app(
    engine: AsyncEngine, database: Database, scale: Scale
) -> None:
    count = scale.pick(small=6_000, full=50_000)
    async with running_simulator(company_of(count)) as company:
        relay = Relay(engine, database, company)
        store_app(database)
        reader = await relay.begin(WalkPurpose.BACKFILL)
        for _ in range(10):
            await reader.step()
        tracemalloc.start()
        try:
            before, _ = tracemalloc.get_traced_memory()
            while not reader.is_read:
                company.state.calls.clear()
                await reader.step()
            kept, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert reader.walk.seen == count
        assert len(str(reader.walk.course)) < 10_000
        assert kept - before < 10_000_000
        await relay.account.close()
