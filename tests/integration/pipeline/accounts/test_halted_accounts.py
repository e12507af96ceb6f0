"""Two accounts at two providers: a token that one of them revokes stops its account, and nobody else."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.budget.lanes import Limit
from service.dev.simulators.fusioo.example_apps import CLIENTS_ID, TASKS_ID
from service.errors import AccountRefusedError, AppRefusedError
from service.pipeline.accounts.opened import Accounts
from service.pipeline.halts import try_halted
from service.pipeline.settling.settle import Settler
from service.rules.loader import parse
from tests.fixtures.database import Database
from tests.fixtures.pipeline import ACCOUNT, APP, AT_ONCE, LOST_AFTER, Pipeline, rule
from tests.fixtures.simulator import RunningSimulator, simulator_in_thread

APPS = (TASKS_ID, CLIENTS_ID)


class Companies:
    """Two companies, each with a relay's account, and the processes that settle both."""

    def __init__(
        self, main: RunningSimulator, other: RunningSimulator, engine: AsyncEngine, database: Database
    ) -> None:
        self.providers = {"main": main, "other": other}
        self.tokens = {"main": main.token, "other": other.token}
        self.engine, self.database = engine, database
        self.pipeline = Pipeline(engine, database)
        for account in self.providers:
            for app_id in APPS:
                database.execute(
                    "INSERT INTO apps (account, app_id, name, schema) VALUES (%s, %s, %s, %s)",
                    (account, app_id, app_id, json.dumps({"fields": []})),
                )

    def replace_token(self, account: str) -> str:
        """Let the provider know another token instead of the one that it knew; gives it."""
        users, token = self.providers[account].state.users, f"another-token-of-{account}"
        users[token] = users.pop(self.tokens[account])
        return token

    async def settler(self, held: AsyncExitStack) -> Settler:
        """Start a process."""
        lines = (
            f'  {name}: {{provider: fusioo, token: "${{{name}}}", base_url: "{provider.url}"}}\n'
            for name, provider in self.providers.items()
        )
        configuration = parse(f"version: 1\naccounts:\n{''.join(lines)}", "relay.yaml", self.tokens)
        process_id = self.pipeline.process()
        accounts = Accounts(
            configuration.accounts, self.engine, timeout=timedelta(seconds=10), holder=process_id
        )
        held.push_async_callback(accounts.close)
        await try_halted(self.engine, list(configuration.accounts))
        return Settler(
            self.engine,
            process_id=process_id,
            lost_after=LOST_AFTER,
            accounts=accounts.settled(),
            rulebook=self.pipeline.rulebook,
            recheck=AT_ONCE,
            bells=self.pipeline.bells,
        )

    async def settle(self, settler: Settler) -> None:
        """Sweep and settle until nothing is due."""
        bells = self.pipeline.bells
        for _ in range(50):
            bells.apps.clear()
            await self.pipeline.sweep().sweep()
            if not bells.apps:
                return
            for account, app_id in sorted(bells.apps):
                await settler.settle(account, app_id)
        raise AssertionError("still something due")

    def deliver(self, account: str) -> None:
        """Tell of an update of one record of each app."""
        for app_id in APPS:
            record_id = next(iter(self.providers[account].state.records.live(app_id))).id
            self.database.execute(
                "INSERT INTO deliveries (registration_id, account, app_id, kind, record_id, request_id, body)"
                " VALUES (%s, %s, %s, 'update', %s, %s, '{}')",
                (uuid4(), account, app_id, record_id, uuid4()),
            )

    def pass_time(self) -> None:
        """Let the pause be over."""
        self.database.execute("UPDATE halts SET next_at = now()")
        self.database.execute("UPDATE slots SET next_at = now()")

    def asked(self, account: str) -> int:
        return len(self.providers[account].calls_of("POST", "/filter"))

    def settled(self) -> list[tuple[str, str]]:
        rows = self.database.execute("SELECT account, app_id FROM changes ORDER BY account, app_id")
        return [(account, app_id) for account, app_id in rows]

    def alarms(self) -> list[tuple[str, str, bool]]:
        return [
            (name, subject, over)
            for name, subject, over in self.database.execute(
                "SELECT name, subject, cleared_at IS NOT NULL FROM alarms ORDER BY id"
            )
        ]


@pytest.fixture
def providers() -> Iterator[tuple[RunningSimulator, RunningSimulator]]:
    with ExitStack() as stack:
        main, other = (
            stack.enter_context(simulator_in_thread(token=f"the-token-of-{name}"))
            for name in ("main", "other")
        )
        yield main, other


@pytest.fixture
def companies(
    providers: tuple[RunningSimulator, RunningSimulator], engine: AsyncEngine, database: Database
) -> Companies:
    return Companies(*providers, engine, database)


@pytest.fixture
async def held() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


def all_of(account: str) -> list[tuple[str, str]]:
    return [(account, app_id) for app_id in sorted(APPS)]


async def test_a_revoked_token_halts_its_account_and_no_other(
    companies: Companies, held: AsyncExitStack
) -> None:
    settler = await companies.settler(held)
    companies.replace_token("main")
    for account in ("main", "other"):
        companies.deliver(account)
    await companies.settle(settler)
    await companies.settle(settler)
    assert companies.settled() == all_of("other")
    assert companies.asked("main") == 1, "one app was refused: the others do not ask"
    for probes in (2, 3):
        companies.pass_time()
        await companies.settle(settler)
        assert companies.asked("main") == probes, "one look for the whole account"
    assert companies.alarms() == [("account_halted", "main", False)]
    counted = companies.database.execute("SELECT account, count(*) FROM calls GROUP BY account ORDER BY 1")
    assert counted == [("main", 3), ("other", 2)], "no call is held for who does not ask"
    assert companies.database.execute("SELECT DISTINCT account, status FROM deliveries ORDER BY 1") == [
        ("main", "pending"),
        ("other", "settled"),
    ]


async def test_all_apps_go_on_when_one_look_is_answered(companies: Companies, held: AsyncExitStack) -> None:
    settler = await companies.settler(held)
    old, new = companies.tokens["main"], companies.replace_token("main")
    companies.deliver("main")
    await companies.settle(settler)
    companies.providers["main"].state.users[old] = companies.providers["main"].state.users[new]
    await companies.settle(settler)
    assert companies.settled() == [], "its pause is not over"
    companies.database.execute("UPDATE halts SET next_at = now()")
    companies.database.execute("UPDATE slots SET next_at = now() WHERE app_id = %s", [TASKS_ID])
    await companies.settle(settler)
    assert companies.settled() == all_of("main")
    assert companies.alarms() == [("account_halted", "main", True)]
    assert companies.database.execute("SELECT * FROM halts") == []


async def test_a_process_that_starts_with_a_new_token_asks_at_once(
    companies: Companies, held: AsyncExitStack
) -> None:
    companies.tokens["main"], known = "outdated", companies.tokens["main"]
    companies.deliver("main")
    await companies.settle(await companies.settler(held))
    await companies.settle(await companies.settler(held))
    assert companies.asked("main") == 2, "one look for each process that starts"
    companies.tokens["main"] = known
    await companies.settle(await companies.settler(held))
    assert companies.settled() == all_of("main")
    assert companies.alarms() == [("account_halted", "main", True)]


async def test_of_many_who_may_look_one_does(companies: Companies, held: AsyncExitStack) -> None:
    settlers = [await companies.settler(held) for _ in range(2)]
    companies.replace_token("main")
    companies.deliver("main")
    await companies.settle(settlers[0])
    companies.pass_time()
    await asyncio.gather(
        *(settler.settle("main", app_id) for settler, app_id in zip(settlers, APPS, strict=True))
    )
    assert companies.asked("main") == 2


async def test_whoever_is_refused_an_app_is_accepted(engine: AsyncEngine, database: Database) -> None:
    """A provider that says which app it refuses has looked at the credentials."""
    pipeline = Pipeline(engine, database)
    pipeline.deliver("a")
    settler = pipeline.settler(pipeline.process())
    for failure in (AccountRefusedError("the token is not accepted"), AppRefusedError("no such app")):
        pipeline.provider.failures = [failure]
        database.execute("UPDATE halts SET next_at = now()")
        database.execute("UPDATE slots SET next_at = now()")
        await settler.settle(ACCOUNT, APP)
    assert database.execute("SELECT name, subject, cleared_at IS NULL FROM alarms ORDER BY id") == [
        ("account_halted", ACCOUNT, False),
        ("app_halted", f"{ACCOUNT}/{APP}", True),
    ]
    assert database.execute("SELECT * FROM halts") == []


async def test_a_look_for_links_that_finds_no_call_leaves_the_one_look_to_others(
    engine: AsyncEngine, database: Database
) -> None:
    limit = Limit(20, timedelta(hours=1), reserve=0.0)
    pipeline = Pipeline(engine, database, rules=[rule(expand=["client"])], limit=limit)
    pipeline.watch(fields=("id", "client"))
    pipeline.linked.targets = {APP: {"client": "iclients"}}
    pipeline.provider.truth = {"a": {"id": "a", "client": ["c1"]}}
    pipeline.deliver("a")
    await pipeline.settler(pipeline.process()).settle(ACCOUNT, APP)
    expander = pipeline.expander(pipeline.process())
    await expander.expand(ACCOUNT)  # it learns where links lead
    pipeline.spend(19, began=60, back_in=600)
    database.execute("UPDATE expansions SET next_at = now()")
    database.execute("INSERT INTO halts (account, reason, next_at) VALUES (%s, 'refused', now())", (ACCOUNT,))
    asked = len(pipeline.linked.asked)
    await expander.expand(ACCOUNT)
    assert len(pipeline.linked.asked) == asked
    assert database.execute("SELECT next_at <= now() FROM halts") == [(True,)]


async def test_linked_records_of_a_halted_account_are_not_asked_for(
    engine: AsyncEngine, database: Database
) -> None:
    pipeline = Pipeline(engine, database, rules=[rule(expand=["client"])])
    pipeline.watch(fields=("id", "client"))
    pipeline.linked.targets = {APP: {"client": "iclients"}}
    pipeline.linked.truth = {"c1": {"id": "c1"}}
    pipeline.provider.truth = {"a": {"id": "a", "client": ["c1"]}}
    pipeline.deliver("a")
    await pipeline.settler(pipeline.process()).settle(ACCOUNT, APP)
    expander = pipeline.expander(pipeline.process())
    pipeline.linked.failures = [AccountRefusedError("the token is not accepted")]
    for _ in range(3):
        await expander.expand(ACCOUNT)
        database.execute("UPDATE expansions SET next_at = now()")
    assert len(pipeline.linked.asked) == 1
    assert database.execute("SELECT name, cleared_at FROM alarms") == [("account_halted", None)]
    await try_halted(engine, [ACCOUNT])
    await expander.expand(ACCOUNT)
    assert len(pipeline.linked.asked) == 2
    assert database.execute("SELECT cleared_at IS NOT NULL FROM alarms") == [(True,)]
    assert database.execute("SELECT status FROM runs") == [("ready",)]
