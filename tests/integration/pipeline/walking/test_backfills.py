"""A backfill in the foreground: it waits where it must, and ends by itself where it can't go on."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.budget.lanes import Lane, Limit
from service.budget.ledger import Ledger
from service.dev.simulators.faults import AnswerFault
from service.errors import AccountRefusedError
from service.fusioo.client import FusiooClient
from service.fusioo.errors import InternalError
from service.pipeline.accounts.record_lists import FusiooLists
from service.pipeline.walking.backfill import Backfill, Wanted, Watching
from service.pipeline.walking.pages import Keeping
from service.registrations.watched import WatchedApp
from service.transport.retrying import NO_RETRIES
from service.walks.repository import Walk
from tests.fixtures.database import Database
from tests.fixtures.simulator import TOKEN, RunningSimulator, simulator_in_thread
from tests.fixtures.walking import ACCOUNT, APP, company_of, known_names, store_app, truth_of

COUNT, CALLS = 600, 6
WANTED = Wanted(ACCOUNT, WatchedApp(APP, "Clients"))


class Told(Watching):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.whys: list[str] = []
        self.until: list[datetime] = []
        self.seen: list[int] = []
        self.resumed: bool | None = None

    def began(self, walk: Walk, *, resumed: bool) -> None:
        self.seen.append(walk.seen)
        self.resumed = resumed

    def went_on(self, walk: Walk) -> None:
        self.seen.append(walk.seen)

    def waits(self, until: datetime, why: str) -> None:
        self.whys.append(why)
        self.until.append(until)


@pytest.fixture
def company() -> Iterator[RunningSimulator]:
    with simulator_in_thread(company_of(COUNT)) as running:
        yield running


class Person:
    """Somebody who waits for a backfill; time passes when nothing happens."""

    def __init__(self, engine: AsyncEngine, database: Database, company: RunningSimulator) -> None:
        self.engine, self.database, self.company = engine, database, company
        self.told, self.limit = Told(), Limit(10_000, timedelta(hours=1))
        self.waited: list[float] = []
        self.rested: list[float] = []
        self.meanwhile: Callable[[], None] = lambda: None

    async def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.database.execute("TRUNCATE calls, blocks")
        self.meanwhile()

    async def rest(self, seconds: float) -> None:
        self.rested.append(seconds)

    async def backfill(self, *, token: str = TOKEN) -> Walk:
        ledger = Ledger(self.engine, ACCOUNT, self.limit, longest=timedelta(seconds=10))
        async with FusiooClient.open(
            token=token,
            timeout=10.0,
            base_url=self.company.url,
            retries=NO_RETRIES,
            meter=ledger.meter(Lane.BACKFILL),
        ) as client:
            keeping = Keeping("fusioo", timedelta(0))
            work = Backfill(
                self.engine,
                FusiooLists(client),
                WANTED,
                keeping,
                watching=self.told,
                sleep=self.wait,
                rest=self.rest,
            )
            return await work.run()


@pytest.fixture
def person(engine: AsyncEngine, database: Database, company: RunningSimulator) -> Person:
    store_app(database)
    return Person(engine, database, company)


async def test_it_waits_for_calls(person: Person, company: RunningSimulator, database: Database) -> None:
    person.limit = Limit(5, timedelta(hours=1))  # of which backfills may use three
    walk = await person.backfill()
    assert (walk.seen, walk.calls, len(company.state.calls)) == (COUNT, CALLS, CALLS)
    assert len(person.waited) == 1
    assert all("no call is left for backfills" in why for why in person.told.whys)
    assert all(0 < seconds <= 30 for seconds in person.waited)
    assert known_names(database) == truth_of(company.state)


async def test_it_rests_after_each_call_for_a_moment(person: Person) -> None:
    walk = await person.backfill()
    assert len(person.rested) == walk.calls
    assert all(0 < seconds <= 2 for seconds in person.rested)


async def test_too_many_calls_of_others_are_waited_out(person: Person, company: RunningSimulator) -> None:
    company.state.settings.calls_per_window = 3

    def free() -> None:
        if len(person.waited) > 1:
            company.state.settings.calls_per_window = 500

    person.meanwhile = free
    walk = await person.backfill()
    assert (walk.seen, walk.failures) == (COUNT, 0)
    assert any("429" in why for why in person.told.whys)


async def test_a_provider_that_is_away_for_a_moment_is_waited_for(
    person: Person, company: RunningSimulator
) -> None:
    company.state.faults.answers.append(AnswerFault(status=503))
    walk = await person.backfill()
    assert (walk.seen, person.told.resumed) == (COUNT, False)
    assert person.waited == [pytest.approx(5.0, abs=0.5)]


async def test_a_provider_that_stays_away_ends_it(person: Person, company: RunningSimulator) -> None:
    company.state.faults.answers.append(AnswerFault(status=503, times=1_000))
    with pytest.raises(InternalError):
        await person.backfill()
    assert len(person.waited) == 8
    company.state.faults.answers.clear()
    assert (await person.backfill()).seen == COUNT


async def test_refused_credentials_end_it_at_once(person: Person) -> None:
    with pytest.raises(AccountRefusedError):
        await person.backfill(token="not-a-token")
    assert person.waited == []
