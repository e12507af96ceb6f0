"""Workers need the secret key where an account's tokens are to be kept, and only there."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from pydantic import SecretStr

from service.config import Settings
from service.errors import ConfigurationError
from service.queue.messages import QueueName
from service.worker.assembly import Work, assemble
from service.worker.workplace import open_workplace
from tests.fixtures.database import Database
from tests.fixtures.receiver import SECRET_KEY

TOKEN = 'token: "${SECRET}"'
OAUTH = 'oauth: {client_id: app, client_secret: "${SECRET}"}'

Assembling = Callable[[str, str | None], Awaitable[Work]]


@pytest.fixture
def assembling(
    database: Database, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Assembling:
    """Put a worker together for an account with this login, under this secret key."""
    monkeypatch.setenv("SECRET", "s3cret")
    file = tmp_path / "relay.yaml"

    async def begin(login: str, key: str | None) -> Work:
        file.write_text(f"version: 1\naccounts:\n  main: {{provider: fusioo, {login}}}\n")
        settings = Settings(
            database_url=database.url,
            redis_url=redis_url,
            config=file,
            secret_key=None if key is None else SecretStr(key),
        )
        async with AsyncExitStack() as held:
            place = await open_workplace(settings, "settle", held)
            return assemble(QueueName.SETTLE, place, held, threads=1)

    return begin


@pytest.mark.parametrize(("login", "key"), [(TOKEN, None), (OAUTH, SECRET_KEY)])
async def test_a_worker_starts(assembling: Assembling, login: str, key: str | None) -> None:
    assert isinstance(await assembling(login, key), Work)


async def test_a_worker_that_could_not_keep_tokens_does_not_start(assembling: Assembling) -> None:
    with pytest.raises(ConfigurationError, match=r"relay\.yaml:3:\d+: RELAY_SECRET_KEY is not set"):
        await assembling(OAUTH, None)
