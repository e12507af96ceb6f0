"""Accounts that log in with an OAuth application, settled against a provider that gives and takes tokens."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from datetime import timedelta
from uuid import uuid4

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from service.cli.doctor import _check_token
from service.config import Settings
from service.db.engine import open_engine
from service.dev.simulators.fusioo.example_apps import TASKS_ID
from service.errors import ConfigurationError
from service.fusioo.errors.oauth import ApplicationRefusedError
from service.pipeline.accounts.clients import open_client
from service.pipeline.accounts.opened import Accounts
from service.pipeline.accounts.tokens import TokenVault
from service.pipeline.settling.settle import Settler
from service.rules.loader import parse
from service.sealing import SecretBox
from service.transport.metering import Unmetered
from tests.fixtures.database import Database
from tests.fixtures.pipeline import AT_ONCE, LOST_AFTER, Pipeline
from tests.fixtures.receiver import SECRET_KEY
from tests.fixtures.simulator import RunningSimulator, simulator_in_thread

CLIENT_SECRET = "the-secret-of-the-client"
CONFIGURATION = """\
version: 1
accounts:
  main:
    provider: fusioo
    base_url: "{url}"
    oauth:
      client_id: app
      client_secret: "${{CLIENT_SECRET}}"
      token_url: "{origin}/oauth/token"
      grant: refresh_token
      refresh_token: "${{REFRESH_TOKEN}}"
  other:
    provider: fusioo
    base_url: "{url}"
    oauth: {{client_id: other, client_secret: "${{CLIENT_SECRET}}", token_url: "{origin}/oauth/token"}}
"""


class Company:
    """Two accounts of one relay at one provider, as one of its processes uses them."""

    def __init__(self, provider: RunningSimulator, engine: AsyncEngine, database: Database) -> None:
        self.provider, self.engine, self.database = provider, engine, database
        self.pipeline = Pipeline(engine, database)
        self.record_id = next(iter(provider.state.records.live(TASKS_ID))).id
        for client_id in ("app", "other"):
            provider.state.oauth.register(client_id, CLIENT_SECRET, provider.state.users[provider.token])
        self.configure()
        for account in ("main", "other"):
            database.execute(
                "INSERT INTO apps (account, app_id, name, schema) VALUES (%s, %s, 'Tasks', %s)",
                (account, TASKS_ID, json.dumps({"fields": []})),
            )

    def configure(self) -> None:
        """Read the configuration, with a refresh token that a person has got just now."""
        text = CONFIGURATION.format(url=self.provider.url, origin=self.provider.origin)
        env = {"CLIENT_SECRET": CLIENT_SECRET, "REFRESH_TOKEN": self.provider.state.oauth.authorise("app")}
        self.configuration = parse(text, "relay.yaml", env)

    async def settle(self, *names: str) -> None:
        """Settle in a process that starts now, whatever pause the accounts' slots have."""
        async with AsyncExitStack() as held:
            process = self.pipeline.process()
            accounts = Accounts(
                self.configuration.accounts,
                self.engine,
                timeout=timedelta(seconds=10),
                holder=process,
                vault=TokenVault(self.engine, SecretBox(SECRET_KEY)),
            )
            held.push_async_callback(accounts.close)
            settler = Settler(
                self.engine,
                process_id=process,
                lost_after=LOST_AFTER,
                accounts=accounts.settled(),
                rulebook=self.pipeline.rulebook,
                recheck=AT_ONCE,
                bells=self.pipeline.bells,
            )
            self.database.execute("UPDATE slots SET next_at = now()")
            self.database.execute("UPDATE halts SET next_at = now()")
            for name in names:
                await settler.settle(name, TASKS_ID)

    def deliver(self, *names: str) -> None:
        for name in names:
            self.database.execute(
                "INSERT INTO deliveries (registration_id, account, app_id, kind, record_id, request_id, body)"
                " VALUES (%s, %s, %s, 'update', %s, %s, '{}')",
                (uuid4(), name, TASKS_ID, self.record_id, uuid4()),
            )

    def changed(self) -> list[str]:
        return [
            name for (name,) in self.database.execute("SELECT account FROM changes ORDER BY created_at, id")
        ]

    def alarms(self) -> list[str]:
        rows = self.database.execute("SELECT subject FROM alarms WHERE cleared_at IS NULL ORDER BY subject")
        return [subject for (subject,) in rows]

    def token_calls(self) -> int:
        return len(self.provider.calls_of("POST", "/oauth/token"))


@pytest.fixture
def provider() -> Iterator[RunningSimulator]:
    with simulator_in_thread() as running:
        yield running


@pytest.fixture
async def company(provider: RunningSimulator, database: Database) -> AsyncIterator[Company]:
    engine = open_engine(database.url, name="test")
    yield Company(provider, engine, database)
    await engine.dispose()


async def test_both_grants_settle(company: Company) -> None:
    company.deliver("main", "other")
    await company.settle("main", "other")
    assert company.changed() == ["main", "other"]
    assert company.token_calls() == 2
    assert company.alarms() == []


async def test_a_dead_refresh_token_halts_its_account_and_no_other(company: Company) -> None:
    company.provider.state.oauth.revoke("app")
    company.deliver("main", "other")
    with capture_logs() as logged:
        for _ in range(4):
            await company.settle("main", "other")
    assert company.changed() == ["other"]
    assert company.alarms() == ["main"]
    assert company.token_calls() == 2, "one for each account: what is refused is not asked for again"
    assert company.database.execute("SELECT status FROM deliveries WHERE account = 'main'") == [("pending",)]
    assert company.provider.calls_of("POST", f"/records/apps/{TASKS_ID}/filter") != []
    assert CLIENT_SECRET not in repr(logged)

    company.configure()
    await company.settle("main")
    assert company.changed() == ["other", "main"]
    assert company.alarms() == []


async def test_a_token_that_expired_early_costs_one_more_look_and_no_alarm(company: Company) -> None:
    await company.settle("main")
    company.deliver("other")
    await company.settle("other")
    company.database.execute("UPDATE tokens SET given_at = given_at - interval '1 minute'")
    company.provider.state.oauth.expire()
    company.provider.state.records.update(company.record_id, {"title": "Another"}, person="John Doe")
    company.deliver("other")
    await company.settle("other")
    assert company.changed() == ["other"]
    assert company.database.execute("SELECT failures, halted FROM slots WHERE account = 'other'") == [
        (0, None)
    ]
    await company.settle("other")
    assert company.changed() == ["other", "other"]
    assert company.alarms() == []


async def test_a_command_repeats_with_the_new_token_by_itself(company: Company) -> None:
    vault = TokenVault(company.engine, SecretBox(SECRET_KEY), insist=True)
    account = company.configuration.accounts["main"]
    for _ in range(2):
        async with open_client(
            "main", account, timeout=timedelta(seconds=10), meter=Unmetered(), vault=vault
        ) as client:
            await client.ping()
        company.database.execute("UPDATE tokens SET given_at = given_at - interval '1 minute'")
        company.provider.state.oauth.expire()
    assert company.token_calls() == 2


async def test_relay_doctor_asks_at_once_and_ends_the_alarm(company: Company) -> None:
    register, user = company.provider.state.oauth.register, company.provider.state.users
    register("other", "replaced", user[company.provider.token])
    settings = Settings(secret_key=SecretStr(SECRET_KEY), database_url=company.database.url)
    for _ in range(2):
        with pytest.raises(ApplicationRefusedError, match="check client_id, client_secret"):
            await _check_token(settings, company.engine, company.configuration, "other")
    assert company.token_calls() == 2
    assert company.alarms() == ["other"]
    register("other", CLIENT_SECRET, user[company.provider.token])
    ok, _ = await _check_token(settings, company.engine, company.configuration, "other")
    assert ok
    assert company.alarms() == []


async def test_a_refresh_token_needs_a_place_to_be_kept(company: Company) -> None:
    main, other = (company.configuration.accounts[name] for name in ("main", "other"))
    with pytest.raises(ConfigurationError, match="no database to keep its refresh tokens in"):
        open_client("main", main, timeout=timedelta(seconds=10), meter=Unmetered())
    async with open_client("other", other, timeout=timedelta(seconds=10), meter=Unmetered()) as client:
        await client.ping()
