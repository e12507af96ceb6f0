"""The in-process table: what is known costs no read, what is not shares one."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import uuid4

import pytest

from service.registrations.receiving import LiveRegistration
from service.registrations.table import RegistrationsUnavailableError, RegistrationTable, UnknownKeyError
from tests.fixtures.waiting import wait_until_async

GAP = timedelta(milliseconds=30)
NEVER = timedelta(hours=1)
WAIT = timedelta(seconds=5)


def registration(key: str, *secrets: bytes) -> LiveRegistration:
    return LiveRegistration(uuid4(), "main", "fusioo", "app", "update", key, secrets)


class Source:
    """Stands in for the database: what it holds, how often it was read, whether it answers."""

    def __init__(self, *registrations: LiveRegistration) -> None:
        self.held = {each.key: each for each in registrations}
        self.reads = 0
        self.away = False

    async def load(self) -> Mapping[str, LiveRegistration]:
        self.reads += 1
        await asyncio.sleep(0)
        if self.away:
            raise OSError("away")
        return dict(self.held)


@asynccontextmanager
async def opened(
    source: Source, *, refresh_every: timedelta = NEVER, wait: timedelta = WAIT, gap: timedelta = GAP
) -> AsyncIterator[RegistrationTable]:
    async with RegistrationTable(source.load, refresh_every=refresh_every, least_gap=gap, wait=wait) as table:
        await table.refreshed()
        yield table


async def test_known_keys_cost_no_read() -> None:
    source = Source(registration("k", b"s"))
    async with opened(source) as table:
        found = [await table.find("fusioo", "k") for _ in range(100)]
    assert {each.key for each in found} == {"k"}
    assert source.reads == 1


async def test_unknown_keys_share_reads_however_many_there_are() -> None:
    source = Source()
    async with opened(source, gap=timedelta(milliseconds=200)) as table:
        answers = await asyncio.gather(
            *(table.find("fusioo", f"unknown-{number}") for number in range(500)), return_exceptions=True
        )
    assert {type(answer) for answer in answers} == {UnknownKeyError}
    assert source.reads == 2


async def test_two_reads_keep_their_distance() -> None:
    source, loop = Source(), asyncio.get_running_loop()
    async with opened(source, gap=timedelta(milliseconds=100)) as table:
        began = loop.time()
        for number in range(3):
            with pytest.raises(UnknownKeyError):
                await table.find("fusioo", f"unknown-{number}")
        assert loop.time() - began > 0.25
    assert source.reads == 4


async def test_a_key_that_was_stored_meanwhile_is_found() -> None:
    source = Source()
    async with opened(source) as table:
        source.held["new"] = registration("new", b"s")
        assert (await table.find("fusioo", "new")).key == "new"


async def test_a_key_of_another_provider_is_unknown() -> None:
    source = Source(registration("k", b"s"))
    async with opened(source) as table:
        with pytest.raises(UnknownKeyError):
            await table.find("onspring", "k")


async def test_a_registration_without_its_secret_is_waited_for() -> None:
    source = Source(registration("k"))
    async with opened(source) as table:
        finding = asyncio.create_task(table.find("fusioo", "k"))
        await wait_until_async(lambda: source.reads >= 3)
        assert not finding.done()
        source.held["k"] = registration("k", b"s")
        assert (await finding).secrets == (b"s",)


async def test_a_secret_that_does_not_come_is_our_fault() -> None:
    source = Source(registration("k"))
    async with opened(source, wait=timedelta(milliseconds=100)) as table:
        with pytest.raises(RegistrationsUnavailableError):
            await table.find("fusioo", "k")


async def test_while_the_database_is_away_known_keys_work_and_unknown_ones_are_our_fault() -> None:
    source = Source(registration("k", b"s"))
    async with opened(source, refresh_every=GAP) as table:
        source.away = True
        with pytest.raises(RegistrationsUnavailableError) as caught:
            await table.find("fusioo", "unknown")
        assert caught.value.retry_after
        assert (await table.find("fusioo", "k")).key == "k"
        source.away = False
        with pytest.raises(UnknownKeyError):
            await table.find("fusioo", "unknown")


async def test_a_table_that_was_never_loaded_knows_of_no_unknown_key() -> None:
    source = Source(registration("k", b"s"))
    source.away = True
    async with opened(source, refresh_every=GAP) as table:
        assert not table.loaded
        with pytest.raises(RegistrationsUnavailableError):
            await table.find("fusioo", "k")
        source.away = False
        await wait_until_async(lambda: table.loaded)
        assert (await table.find("fusioo", "k")).key == "k"


async def test_a_removed_registration_is_forgotten_at_the_next_read() -> None:
    source = Source(registration("k", b"s"))
    async with opened(source, refresh_every=GAP) as table:
        source.held.clear()
        await table.refreshed()
        with pytest.raises(UnknownKeyError):
            await table.find("fusioo", "k")


async def test_a_read_that_hangs_is_given_up() -> None:
    async def hang() -> Mapping[str, LiveRegistration]:
        await asyncio.Event().wait()
        return {}

    wait = timedelta(milliseconds=100)
    async with RegistrationTable(hang, refresh_every=NEVER, least_gap=GAP, wait=wait) as table:
        with pytest.raises(RegistrationsUnavailableError):
            await table.find("fusioo", "k")


async def test_closing_lets_nobody_wait() -> None:
    source = Source()
    async with opened(source, gap=NEVER) as table:
        finding = asyncio.create_task(table.find("fusioo", "k"))
        await asyncio.sleep(0)
    with pytest.raises(RegistrationsUnavailableError):
        await finding


def test_every_live_secret_is_known_and_nothing_else() -> None:
    live = registration("k", b"first", b"second")
    assert live.knows(b"first")
    assert live.knows(b"second")
    assert not any(live.knows(given) for given in (b"", b"firs", b"first ", b"third", b"\xff"))


def test_a_registration_without_secrets_knows_none() -> None:
    assert not registration("k").knows(b"")


def test_its_repr_shows_neither_key_nor_secret() -> None:
    assert "hidden" not in repr(registration("hidden-key", b"hidden-secret"))
