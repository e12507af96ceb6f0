"""Full sweeps as a job: which app when, in slices, within the lane; one that fails stops no other."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.budget.lanes import Lane, Limit
from service.budget.ledger import Ledger
from service.fusioo.client import FusiooClient
from service.pipeline.accounts.walked import WalkedAccount
from service.pipeline.walking.sweeping import FullSweeps
from service.rules.configuration import Configuration
from service.rules.loader import load
from service.transport.retrying import NO_RETRIES
from service.walks.due import left_to_rounds
from tests.fixtures.database import Database
from tests.fixtures.simulator import TOKEN, RunningSimulator, simulator_in_thread
from tests.fixtures.walking import ACCOUNT, APP, PERSON, company_of, ids_in, known_names, store_app, truth_of

COUNT = 600
CALLS = 6
"""Four pages of 200 that overlap by 10, and two counts."""
EVERY = timedelta(hours=24)
OTHER_APP = "ia4f42"


@pytest.fixture
def company() -> Iterator[RunningSimulator]:
    with simulator_in_thread(company_of(COUNT)) as running:
        yield running


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    (tmp_path / "relay.yaml").write_text(
        "version: 1\n"
        "accounts: {main: {provider: fusioo, token: '${TOKEN}', base_url: 'http://127.0.0.1:9/v3'}}\n"
        "handlers: {ops: {log: {}}}\n"
        "rules:\n"
        "  - {name: clients, account: main, app: Clients, run: [ops]}\n"
        f"  - {{name: tasks, account: main, app: {OTHER_APP}, run: [ops]}}\n"
    )
    return load(tmp_path / "relay.yaml", {"TOKEN": TOKEN})


class Sweeping:
    """The job of one relay."""

    def __init__(self, engine: AsyncEngine, company: RunningSimulator, configuration: Configuration) -> None:
        self.engine, self.company, self.configuration = engine, company, configuration
        self.limit = Limit(1_000, timedelta(hours=1))
        self.now, self.seconds_per_look = 0.0, 0.0

    async def sweep(self, *, token: str = TOKEN) -> None:
        ledger = Ledger(self.engine, ACCOUNT, self.limit, longest=timedelta(seconds=10))
        meter = ledger.meter(Lane.RECONCILE, leave=left_to_rounds(self.limit))
        async with FusiooClient.open(
            token=token, timeout=10.0, base_url=self.company.url, retries=NO_RETRIES, meter=meter
        ) as client:
            accounts = {ACCOUNT: WalkedAccount("fusioo", self.limit, client.records.listed)}
            sweeps = FullSweeps(
                self.engine,
                accounts=accounts,
                configuration=self.configuration,
                grace=timedelta(0),
                clock=self._clock,
            )
            await sweeps.sweep(ACCOUNT)

    def _clock(self) -> float:
        self.now += self.seconds_per_look
        return self.now


@pytest.fixture
def sweeping(
    engine: AsyncEngine, database: Database, company: RunningSimulator, configuration: Configuration
) -> Sweeping:
    store_app(database)
    return Sweeping(engine, company, configuration)


def ended(database: Database) -> list[str]:
    rows = database.execute("SELECT app_id FROM walks WHERE ended_at IS NOT NULL ORDER BY ended_at")
    return [app_id for (app_id,) in rows]


def hints(database: Database) -> set[tuple[str, str]]:
    return set(database.execute("SELECT record_id, origin FROM deliveries"))


async def test_an_app_is_swept_once_a_day(
    sweeping: Sweeping, company: RunningSimulator, database: Database
) -> None:
    await sweeping.sweep()
    assert known_names(database) == truth_of(company.state)
    assert len(company.state.calls) == CALLS
    company.state.records.delete(gone := ids_in(company.state)[7], person=PERSON)
    await sweeping.sweep()
    assert (len(company.state.calls), hints(database)) == (CALLS, set())
    database.execute("UPDATE walks SET began_at = began_at - interval '1 day'")
    await sweeping.sweep()
    assert hints(database) == {(gone, "reconcile")}
    assert database.execute("SELECT count(*) FROM walks") == [(1,)], "only the last one is remembered"


async def test_a_count_that_shows_deletions_makes_it_due(
    sweeping: Sweeping, company: RunningSimulator, database: Database
) -> None:
    await sweeping.sweep()
    company.state.records.delete(gone := ids_in(company.state)[7], person=PERSON)
    database.execute(
        "INSERT INTO reconciles (account, app_id, api_count, known_count, gone, counted_at)"
        " VALUES (%s, %s, %s, %s, 1, now() + interval '1 second')",
        (ACCOUNT, APP, COUNT - 1, COUNT),
    )
    await sweeping.sweep()
    assert hints(database) == set(), "not twice in so short a time"
    database.execute("UPDATE walks SET ended_at = ended_at - interval '30 minutes'")
    await sweeping.sweep()
    assert hints(database) == {(gone, "reconcile")}


async def test_it_works_in_slices(sweeping: Sweeping, company: RunningSimulator, database: Database) -> None:
    sweeping.seconds_per_look = 25.0
    calls = []
    while ended(database) != [APP]:
        await sweeping.sweep()
        calls.append(len(company.state.calls))
    assert calls == sorted(set(calls))
    assert (len(calls) > 2, calls[-1]) == (True, CALLS)


async def test_it_leaves_a_part_of_its_lane_to_rounds(
    sweeping: Sweeping, company: RunningSimulator, database: Database
) -> None:
    sweeping.limit = Limit(25, timedelta(hours=1))  # five of them for reconciling, one of these for rounds
    await sweeping.sweep()
    await sweeping.sweep()
    assert len(company.state.calls) == 4
    ledger = Ledger(sweeping.engine, ACCOUNT, sweeping.limit, longest=timedelta(seconds=10))
    async with sweeping.engine.begin() as connection:
        await ledger.reserve(connection, Lane.RECONCILE, "GET records")
    database.execute("DELETE FROM calls")
    await sweeping.sweep()
    assert (ended(database), len(company.state.calls)) == ([APP], CALLS)


async def test_an_app_that_fails_stops_no_other(
    sweeping: Sweeping, company: RunningSimulator, database: Database
) -> None:
    database.execute(
        "INSERT INTO apps (account, app_id, name, schema, watched_since) VALUES"
        " (%s, %s, 'Tasks', '{}', now()), (%s, 'unnamed', 'Unnamed', '{}', now())",
        (ACCOUNT, OTHER_APP, ACCOUNT),
    )
    del company.state.apps[OTHER_APP]
    await sweeping.sweep()
    assert ended(database) == [APP]
    ((app_id, failures, error, waits),) = database.execute(
        "SELECT app_id, failures, error, next_at > now() FROM walks WHERE ended_at IS NULL"
    )
    assert (app_id, failures, waits) == (OTHER_APP, 1, True)
    assert "NotFound" in error


async def test_too_many_calls_are_no_failure(
    sweeping: Sweeping, company: RunningSimulator, database: Database
) -> None:
    company.state.settings.calls_per_window = 3
    await sweeping.sweep()
    await sweeping.sweep()
    assert database.execute("SELECT failures, error, seen > 0 FROM walks") == [(0, None, True)]
    assert len(company.state.calls) == 4, "the ledger lets none pass after the 429"
    company.state.settings.calls_per_window = 500
    database.execute("TRUNCATE calls, blocks")
    await sweeping.sweep()
    assert ended(database) == [APP]


async def test_refused_credentials_halt_the_account(sweeping: Sweeping, database: Database) -> None:
    await sweeping.sweep(token="not-a-token")
    assert database.execute("SELECT account FROM halts") == [(ACCOUNT,)]
    ((calls,),) = database.execute("SELECT count(*) FROM calls")
    database.execute("UPDATE walks SET next_at = now()")
    await sweeping.sweep(token="not-a-token")
    assert database.execute("SELECT count(*) FROM calls") == [(calls,)]


async def test_accounts_of_others_are_left_alone(sweeping: Sweeping, company: RunningSimulator) -> None:
    sweeps = FullSweeps(
        sweeping.engine, accounts={}, configuration=sweeping.configuration, grace=timedelta(0)
    )
    await sweeps.sweep("unheard-of")
    assert company.state.calls == []
