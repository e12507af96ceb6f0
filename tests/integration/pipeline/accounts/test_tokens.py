"""Tokens that expire, kept in Postgres: one process fetches, whatever becomes of it, and all use the same."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from service.dev.simulators.faults import AnswerFault, Hold
from service.fusioo.errors.oauth import GrantRefusedError, TokenUnavailableError
from service.fusioo.oauth import Application, Tokens
from service.fusioo.refreshing import OAuthToken
from service.pipeline.accounts.clients import http_within
from service.pipeline.accounts.tokens import TokenVault
from service.sealing import SecretBox
from tests.fixtures.database import Database
from tests.fixtures.receiver import SECRET_KEY
from tests.fixtures.simulator import RunningSimulator, simulator_in_thread
from tests.fixtures.token_process import answer_of, digest, token_process
from tests.fixtures.waiting import wait_until, wait_until_async

TOKEN_PATH = "/oauth/token"
CLIENT_SECRET = "the-secret-of-the-client"


@pytest.fixture
def provider() -> Iterator[RunningSimulator]:
    """A simulator that knows the application `app`."""
    with simulator_in_thread() as running:
        running.state.oauth.register("app", CLIENT_SECRET, running.state.users[running.token])
        yield running


@pytest.fixture
async def held() -> AsyncIterator[AsyncExitStack]:
    """Closes at the end what a test has opened."""
    async with AsyncExitStack() as stack:
        yield stack


def application(provider: RunningSimulator, *, refreshes: bool = True) -> Application:
    first = SecretStr(provider.state.oauth.authorise("app")) if refreshes else None
    return Application("app", SecretStr(CLIENT_SECRET), f"{provider.origin}{TOKEN_PATH}", first)


def vault_in(
    engine: AsyncEngine, *, lost_after: float = 15.0, key: str = SECRET_KEY, insist: bool = False
) -> TokenVault:
    return TokenVault(engine, SecretBox(key), lost_after=timedelta(seconds=lost_after), insist=insist)


def token_of(held: AsyncExitStack, vault: TokenVault, app: Application, account: str = "main") -> OAuthToken:
    """The tokens of an account, as one process uses them."""
    http = http_within(timedelta(seconds=10))
    held.push_async_callback(http.aclose)
    return OAuthToken(app, vault.of(account, app), http=http, timeout=10.0, patience=10.0)


async def access(token: OAuthToken) -> str:
    return (await token.headers())["Authorization"].removeprefix("Bearer ")


def token_calls(provider: RunningSimulator) -> int:
    return len(provider.calls_of("POST", TOKEN_PATH))


def hold(provider: RunningSimulator, times: int = 1) -> None:
    provider.state.faults.holds = [Hold(path=TOKEN_PATH, times=times)]


def alarms(database: Database) -> list[str]:
    rows = database.execute(
        "SELECT subject FROM alarms WHERE name = 'account_halted' AND cleared_at IS NULL ORDER BY subject"
    )
    return [subject for (subject,) in rows]


def test_three_processes_make_one_token_call(provider: RunningSimulator, database: Database) -> None:
    app = application(provider)
    hold(provider)
    with ExitStack() as running:
        processes = [running.enter_context(token_process(database.url, app, lost_after=60)) for _ in range(3)]
        wait_until(lambda: provider.state.gate.held)
        waiting = wait_until(lambda: database.execute("SELECT claim FROM tokens WHERE claim IS NOT NULL"))
        assert len(waiting) == 1
        assert all(process.poll() is None for process in processes)
        provider.state.gate.release()
        answers = {answer_of(process) for process in processes}
    assert len(answers) == 1
    assert all(len(answer) == 64 for answer in answers), "a digest, no error"
    assert token_calls(provider) == 1


async def test_a_process_that_dies_while_it_fetches_holds_nobody_up(
    provider: RunningSimulator, database: Database, engine: AsyncEngine, held: AsyncExitStack
) -> None:
    provider.state.oauth.settings.grace = timedelta(minutes=1)
    app = application(provider)
    hold(provider)
    token = token_of(held, vault_in(engine, lost_after=1), app)
    with token_process(database.url, app, lost_after=1) as process:
        await wait_until_async(lambda: provider.state.gate.held)
        waiting = asyncio.ensure_future(access(token))
        process.kill()
        fetched = await asyncio.wait_for(waiting, 10)
    assert provider.state.oauth.user_of(fetched) is not None
    assert token_calls(provider) == 2
    assert alarms(database) == []


async def test_a_refresh_token_that_died_with_its_process_halts_the_account(
    provider: RunningSimulator, database: Database, engine: AsyncEngine, held: AsyncExitStack
) -> None:
    """The provider has replaced it, and nobody has the answer: only a person can go on."""
    app = application(provider)
    hold(provider)
    with token_process(database.url, app, lost_after=1) as process:
        await wait_until_async(lambda: provider.state.gate.held)
        process.kill()
        with pytest.raises(GrantRefusedError, match="used up by an answer that got lost"):
            await token_of(held, vault_in(engine, lost_after=1), app).headers()
    assert alarms(database) == ["main"]


async def test_a_call_that_takes_long_is_not_taken_for_dead(
    provider: RunningSimulator, database: Database, engine: AsyncEngine, held: AsyncExitStack
) -> None:
    app = application(provider)
    hold(provider, times=2)
    first = asyncio.ensure_future(access(token_of(held, vault_in(engine, lost_after=1), app)))
    await wait_until_async(lambda: provider.state.gate.held)
    second = asyncio.ensure_future(access(token_of(held, vault_in(engine, lost_after=1), app)))
    begun = database.execute("SELECT claimed_until FROM tokens")[0][0]
    await wait_until_async(
        lambda: database.execute(
            "SELECT 1 FROM tokens WHERE claimed_until > %s::timestamptz + interval '1 second'", [begun]
        ),
        what="the claim was extended for longer than it lasts",
    )
    assert database.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND state LIKE 'idle in transaction%'"
    ) == [(0,)]
    provider.state.gate.release()
    assert await first == await second
    assert token_calls(provider) == 1


async def test_what_was_fetched_too_late_is_kept_if_nobody_has_fetched_since(
    provider: RunningSimulator, engine: AsyncEngine
) -> None:
    app = application(provider)
    slow, quick = (vault_in(engine, lost_after=0).of("main", app) for _ in range(2))
    lost, taken_over = await slow.claim(0), await quick.claim(0)
    assert lost is not None
    assert taken_over is not None
    kept = await slow.keep(lost, Tokens(SecretStr("a"), SecretStr("r"), 60.0), took=1.0)
    assert (kept.serial, kept.tokens) == (1, Tokens(SecretStr("a"), None, 60.0))
    assert (await quick.keep(taken_over, Tokens(SecretStr("b")), took=0.0)).tokens == kept.tokens
    assert await quick.claim(0) is None, "others have been kept since"
    following = await quick.claim(1)
    assert following is not None
    assert following.refresh == SecretStr("r")


async def test_tokens_are_sealed_and_survive_their_process(
    provider: RunningSimulator, database: Database, engine: AsyncEngine, held: AsyncExitStack
) -> None:
    app = application(provider)
    with capture_logs() as logged:
        fetched = await access(token_of(held, vault_in(engine), app))
        assert await access(token_of(held, vault_in(engine), app)) == fetched
    assert token_calls(provider) == 1
    row = repr(
        database.execute("SELECT tokens.*, encode(access, 'escape'), encode(refresh, 'escape') FROM tokens")
    )
    assert fetched not in row + repr(logged)
    assert CLIENT_SECRET not in row
    assert app.refresh_token is not None
    assert app.refresh_token.get_secret_value() not in row


async def test_without_the_key_of_kept_tokens_others_are_fetched(
    provider: RunningSimulator, engine: AsyncEngine, held: AsyncExitStack
) -> None:
    app = application(provider, refreshes=False)
    fetched = await access(token_of(held, vault_in(engine), app))
    other_key = vault_in(engine, key="another key of thirty-two characters")
    assert await access(token_of(held, other_key, app)) != fetched


async def test_an_expired_token_is_replaced_at_once_after_a_401_by_one_of_all(
    provider: RunningSimulator, database: Database, engine: AsyncEngine, held: AsyncExitStack
) -> None:
    app = application(provider)
    mine, another = (token_of(held, vault_in(engine), app) for _ in range(2))
    old = await mine.headers()
    assert await another.headers() == old
    assert not await mine.refused(old), "it is fresh: something else must be wrong"
    database.execute("UPDATE tokens SET given_at = given_at - interval '1 minute'")
    aged = [token_of(held, vault_in(engine), app) for _ in range(2)]
    assert [await token.headers() for token in aged] == [old, old]
    provider.state.oauth.expire()
    assert await asyncio.gather(*(token.refused(old) for token in aged)) == [True, True]
    new = [await token.headers() for token in aged]
    assert new[0] == new[1] != old
    assert token_calls(provider) == 2


async def test_the_rest_of_a_life_is_told_by_the_clock_of_postgres(
    provider: RunningSimulator, database: Database, engine: AsyncEngine, held: AsyncExitStack
) -> None:
    app = application(provider)
    fetched = await access(token_of(held, vault_in(engine), app))
    database.execute("UPDATE tokens SET given_at = given_at - interval '54 minutes'")
    assert await access(token_of(held, vault_in(engine), app)) == fetched
    database.execute("UPDATE tokens SET given_at = given_at - interval '2 minutes'")
    assert await access(token_of(held, vault_in(engine), app)) != fetched


async def test_an_answer_that_got_lost_is_asked_for_again_with_the_same_refresh_token(
    provider: RunningSimulator, database: Database, engine: AsyncEngine, held: AsyncExitStack
) -> None:
    provider.state.oauth.settings.grace = timedelta(minutes=1)
    provider.state.faults.answers = [AnswerFault(path=TOKEN_PATH, body="cut", status=200, takes_effect=True)]
    fetched = await access(token_of(held, vault_in(engine), application(provider)))
    assert provider.state.oauth.user_of(fetched) is not None
    assert token_calls(provider) == 2
    assert alarms(database) == []


async def test_a_dead_refresh_token_raises_one_alarm_and_is_left_alone(
    provider: RunningSimulator, database: Database, engine: AsyncEngine, held: AsyncExitStack
) -> None:
    app = application(provider)
    provider.state.oauth.revoke("app")
    with capture_logs() as logged:
        for _ in range(5):
            with pytest.raises(GrantRefusedError):
                await token_of(held, vault_in(engine), app).headers()
    assert token_calls(provider) == 1
    assert alarms(database) == ["main"]
    assert [line["event"] for line in logged].count("alarm.raised") == 1
    ((message,),) = database.execute("SELECT message FROM alarms")
    assert "set the new refresh token as oauth.refresh_token" in message
    assert app.refresh_token is not None
    for secret in (CLIENT_SECRET, app.refresh_token.get_secret_value()):
        assert secret not in message + repr(logged)

    renewed = application(provider)
    fetched = await access(token_of(held, vault_in(engine), renewed))
    assert provider.state.oauth.user_of(fetched) is not None
    assert alarms(database) == []


async def test_a_person_who_asks_does_not_wait_for_the_end_of_the_pause(
    provider: RunningSimulator, database: Database, engine: AsyncEngine, held: AsyncExitStack
) -> None:
    app = application(provider, refreshes=False)
    provider.state.oauth.register("app", "a-secret-of-somebody-else", provider.state.users[provider.token])
    with pytest.raises(Exception, match="check client_id, client_secret"):
        await token_of(held, vault_in(engine), app).headers()
    assert alarms(database) == ["main"]
    provider.state.oauth.register("app", CLIENT_SECRET, provider.state.users[provider.token])
    with pytest.raises(Exception, match="check client_id, client_secret"):
        await token_of(held, vault_in(engine), app).headers()
    await token_of(held, vault_in(engine, insist=True), app).headers()
    assert alarms(database) == []


async def test_an_endpoint_in_trouble_is_no_alarm_and_is_spared_by_all(
    provider: RunningSimulator, database: Database, engine: AsyncEngine, held: AsyncExitStack
) -> None:
    provider.state.faults.answers = [AnswerFault(path=TOKEN_PATH, status=503, body="html")]
    app = application(provider)
    for _ in range(3):
        with pytest.raises(TokenUnavailableError, match="no token can be had now") as caught:
            await token_of(held, vault_in(engine), app).headers()
        assert caught.value.retry_after is not None
    assert token_calls(provider) == 1
    assert alarms(database) == []
    database.execute("UPDATE tokens SET next_at = now()")
    assert digest(await access(token_of(held, vault_in(engine), app)))


async def test_each_settings_have_their_own_tokens_until_the_old_ones_are_long_gone(
    provider: RunningSimulator, database: Database, engine: AsyncEngine, held: AsyncExitStack
) -> None:
    """While a relay is restarted with a new refresh token, some of its processes still have the old one."""
    old, new = application(provider), application(provider)
    fetched = [await access(token_of(held, vault_in(engine), app)) for app in (old, new, old)]
    assert fetched[0] == fetched[2] != fetched[1]
    database.execute(
        "UPDATE tokens SET given_at = given_at - interval '2 days' WHERE origin = %s", [old.origin]
    )
    database.execute(
        "UPDATE tokens SET given_at = given_at - interval '1 hour' WHERE origin = %s", [new.origin]
    )
    await access(token_of(held, vault_in(engine), new))
    assert database.execute("SELECT origin FROM tokens") == [(new.origin,)]


async def test_accounts_have_their_own_tokens(
    provider: RunningSimulator, engine: AsyncEngine, held: AsyncExitStack
) -> None:
    app = application(provider, refreshes=False)
    main, other = (token_of(held, vault_in(engine), app, account) for account in ("main", "other"))
    assert await access(main) != await access(other)
