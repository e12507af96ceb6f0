"""Leases of keys on real Postgres: one holder at a time, what was made is remembered, old keys go."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.errors import BudgetExhaustedError
from service.handlers.builtin.onspring_leases import SLACK, KeptLeases, KeyHeldError
from service.onspring.errors import AccessDeniedError, UnavailableError
from service.pipeline.retention import Retention
from tests.fixtures.database import Database

APP, HASH = "app 195", "h1"


@pytest.fixture
def leases(engine: AsyncEngine) -> KeptLeases:
    return KeptLeases(engine, "grc", longest=timedelta(seconds=30))


async def fail(leases: KeptLeases, error: Exception) -> None:
    """Hold a key while what makes it fails."""
    async with leases.holding(APP, HASH) as lease:
        with lease.making():
            raise error


async def test_one_holds_a_key_and_the_next_knows_what_was_made(leases: KeptLeases) -> None:
    async with leases.holding(APP, HASH) as lease:
        assert lease.record_id is None
        with pytest.raises(KeyHeldError) as refused:
            async with leases.holding(APP, HASH):
                pytest.fail("two hold it")
        async with leases.holding(APP, "another"), leases.holding("app 2", HASH):
            """Other keys, and other apps, are free."""
        lease.record_id = "16"
    assert 0 < (refused.value.retry_after or 0) <= 2
    async with leases.holding(APP, HASH) as lease:
        assert lease.record_id == "16"


async def test_of_many_at_once_one_gets_it(leases: KeptLeases) -> None:
    begun: list[str] = []
    finish = asyncio.Event()

    async def hold() -> None:
        async with leases.holding(APP, HASH):
            begun.append("holds")
            await finish.wait()

    attempts = [asyncio.ensure_future(hold()) for _ in range(12)]
    refused, _ = await asyncio.wait(attempts, return_when=asyncio.FIRST_COMPLETED)
    while len(refused) < 11:
        more, _ = await asyncio.wait(set(attempts) - refused, return_when=asyncio.FIRST_COMPLETED)
        refused |= more
    finish.set()
    results = await asyncio.gather(*attempts, return_exceptions=True)
    assert begun == ["holds"]
    assert sum(isinstance(each, KeyHeldError) for each in results) == 11


async def test_a_lease_ends_with_its_handler_at_the_latest(leases: KeptLeases, database: Database) -> None:
    with pytest.raises(UnavailableError):
        await fail(leases, UnavailableError(endpoint="PUT /Records", status=500))
    ((left,),) = database.execute("SELECT held_until - now() FROM upserts")
    assert SLACK < left <= timedelta(seconds=30) + SLACK
    with pytest.raises(KeyHeldError):
        async with leases.holding(APP, HASH):
            pytest.fail("nobody knows yet what came of it")
    database.execute("UPDATE upserts SET held_until = now()")
    async with leases.holding(APP, HASH) as lease:
        assert lease.record_id is None


@pytest.mark.parametrize(
    "error",
    [
        AccessDeniedError(endpoint="PUT /Records"),
        ValueError("no field"),
        BudgetExhaustedError("grc", datetime.now(UTC)),
    ],
)
async def test_what_surely_made_nothing_frees_the_key_at_once(leases: KeptLeases, error: Exception) -> None:
    with pytest.raises(type(error)):
        await fail(leases, error)
    async with leases.holding(APP, HASH):
        """It is free."""


async def test_a_call_that_is_cut_off_keeps_the_key(leases: KeptLeases) -> None:
    begun = asyncio.Event()

    async def make() -> None:
        async with leases.holding(APP, HASH) as lease:
            with lease.making():
                begun.set()
                await asyncio.Event().wait()

    making = asyncio.ensure_future(make())
    await begun.wait()
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    with pytest.raises(KeyHeldError):
        async with leases.holding(APP, HASH):
            pytest.fail("the call may still go on")


async def test_whoever_lost_a_lease_changes_nothing(leases: KeptLeases, database: Database) -> None:
    async with leases.holding(APP, HASH) as slow:
        database.execute("UPDATE upserts SET held_until = now()")
        async with leases.holding(APP, HASH) as quick:
            quick.record_id = "1"
        slow.record_id = "2"
    assert database.execute("SELECT record_id, token FROM upserts") == [("1", None)]


async def test_keys_are_forgotten_that_nobody_used_for_long(
    leases: KeptLeases, engine: AsyncEngine, database: Database
) -> None:
    for name in ("used", "unused", "held"):
        async with leases.holding(APP, name):
            """It is known from now on."""
    database.execute("UPDATE upserts SET used_at = now() - interval '31 days' WHERE key_hash <> 'used'")
    async with leases.holding(APP, "held"):
        database.execute("UPDATE upserts SET used_at = now() - interval '31 days' WHERE key_hash = 'held'")
        month = timedelta(days=30)
        await Retention(engine, deliveries=month, changes=month).forget()
        assert database.execute("SELECT key_hash FROM upserts ORDER BY 1") == [("held",), ("used",)]
