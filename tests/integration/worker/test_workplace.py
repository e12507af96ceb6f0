"""What a worker process opens, given up while it is being opened."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import psycopg
import pytest

from service.config import Settings
from service.worker.workplace import open_workplace
from tests.fixtures.database import Database
from tests.fixtures.waiting import wait_until_async

_FILE = """\
version: 1
accounts: {main: {provider: fusioo, token: "${FUSIOO_TOKEN}"}}
handlers: {told: {log: {}}}
rules: [{name: every, account: main, app: app, run: [told]}]
"""


async def test_who_gives_up_before_the_first_beat_leaves_no_row(
    database: Database, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUSIOO_TOKEN", "t")
    file = tmp_path / "relay.yaml"
    file.write_text(_FILE)
    settings = Settings(database_url=database.url, redis_url=redis_url, config=file)

    async def begin() -> None:
        async with AsyncExitStack() as held:
            await open_workplace(settings, "settle", held)

    with psycopg.connect(database.url) as connection:
        connection.execute("LOCK TABLE processes IN EXCLUSIVE MODE")
        opening = asyncio.create_task(begin())
        await wait_until_async(lambda: _beats_in_vain(database), what="the first beat waits for the lock")
        opening.cancel()
        await asyncio.sleep(0)  # it hears of it, before the beat comes through
        connection.rollback()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert database.execute("SELECT kind FROM processes") == []


def _beats_in_vain(database: Database) -> bool:
    return bool(
        database.execute(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name = 'relay-heartbeat' AND wait_event_type = 'Lock'"
        )
    )
