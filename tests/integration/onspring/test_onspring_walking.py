"""All records of a simulated Onspring app, read over real HTTP while people edit them."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.budget.lanes import Lane
from service.budget.ledger import Ledger
from service.pipeline.accounts.limits import limit_of
from service.pipeline.accounts.listing import open_lists
from service.pipeline.walking.backfill import Backfill, Wanted, Watching
from service.pipeline.walking.pages import Keeping
from service.registrations.watched import WatchedApp
from service.walks.repository import Walk
from tests.fixtures.database import Database
from tests.fixtures.onspring_relay import APP
from tests.fixtures.onspring_rounds import LONG_AGO, OnspringGround
from tests.fixtures.onspring_simulator import RunningOnspring, onspring_in_thread
from tests.fixtures.pipeline import ACCOUNT

COUNT = 2500


@pytest.fixture
def onspring() -> Iterator[RunningOnspring]:
    with onspring_in_thread() as running:
        yield running


@pytest.fixture
async def ground(
    onspring: RunningOnspring, engine: AsyncEngine, database: Database
) -> AsyncIterator[OnspringGround]:
    """An app with records of long ago, of which nothing is known."""
    async with OnspringGround(onspring, engine, database) as opened:
        opened.age()
        await opened.watch()
        opened.make(COUNT, age=LONG_AGO)
        yield opened


async def since(ground: OnspringGround, moment: datetime | timedelta) -> Walk:
    """Backfill what was modified since then, as `relay backfill --since` does."""
    account = ground.configuration.accounts[ACCOUNT]
    ledger = Ledger(ground.engine, ACCOUNT, limit_of(account), longest=timedelta(seconds=10))
    async with open_lists(
        ACCOUNT, account, within=timedelta(seconds=10), meter=ledger.meter(Lane.BACKFILL)
    ) as lists:
        keeping = Keeping("onspring", timedelta(0), filters=lists.records.filters)
        wanted = Wanted(ACCOUNT, WatchedApp(APP, "Tasks"), since=moment)
        return await Backfill(ground.engine, lists.records, wanted, keeping, watching=Watching()).run()


async def test_thousands_of_records_are_read_with_a_call_for_almost_a_thousand_each(
    ground: OnspringGround,
) -> None:
    walk = await ground.backfill()
    total = len(ground.tasks())
    assert (walk.seen, walk.expected, walk.missing, walk.taken_in) == (total, total, 0, total)
    assert walk.calls == 4
    assert ground.names() == ground.truth()
    assert ground.changes() == []


async def test_none_that_was_there_all_along_is_missed_while_others_come_and_go(
    ground: OnspringGround,
) -> None:
    ground.onspring.state.settings.slowest_count = 400
    there, shelf = ground.tasks(), ground.onspring.state.records
    doomed = iter(there[::40])

    def meanwhile() -> None:
        for record in [next(doomed) for _ in range(4)]:
            shelf.delete(record)
        ground.edit(there[1])
        ground.make(2, age=LONG_AGO)

    walk = await ground.backfill(meanwhile=meanwhile)
    await ground.settle()
    ground.pass_time()
    await ground.settle()
    assert (walk.steady, walk.missing) == (True, 0)
    known = ground.names()
    assert {one for one in ground.truth() if int(one) <= there[-1].id} <= known.keys()


async def test_many_that_go_between_two_pages_let_it_step_back(ground: OnspringGround) -> None:
    ground.onspring.state.settings.slowest_count = 400
    gone: list[int] = []

    def meanwhile() -> None:
        if not gone:
            for record in ground.tasks()[50:120]:
                gone.append(record.id)
                ground.onspring.state.records.delete(record)

    await ground.backfill(meanwhile=meanwhile)
    assert ground.truth().keys() <= ground.names().keys()


async def test_another_process_goes_on_where_one_was_stopped(ground: OnspringGround) -> None:
    stopped = await ground.backfill(most=2)
    assert 0 < stopped.seen < COUNT
    walk = await ground.backfill()
    assert (walk.seen, walk.calls, walk.missing) == (len(ground.tasks()), 4, 0)
    assert ground.names() == ground.truth()


async def test_a_sweep_names_what_was_deleted_and_what_moved_no_stamp(ground: OnspringGround) -> None:
    await ground.backfill()
    deleted, touched = ground.tasks()[1000], ground.tasks()[2000]
    before = touched.modified
    ground.edit(touched)
    touched.modified = before
    ground.onspring.state.records.delete(deleted)
    ground.database.execute("UPDATE walks SET began_at = began_at - interval '2 days'")
    await ground.sweep()
    await ground.settle()
    ground.pass_time()
    await ground.settle()
    assert {(one, kind) for one, kind, _, _ in ground.changes()} == {
        (str(deleted.id), "delete"),
        (str(touched.id), "update"),
    }


@pytest.mark.parametrize("moment", [timedelta(days=1), datetime.now(UTC) - timedelta(days=1)])
async def test_what_was_modified_since_is_asked_for_by_a_filter(
    ground: OnspringGround, moment: datetime | timedelta
) -> None:
    edited = ground.tasks()[7:1500:3]
    for record in edited:
        ground.edit(record)
    walk = await since(ground, moment)
    assert (walk.seen, walk.missing, walk.absent) == (len(edited), 0, 0)
    assert len(ground.onspring.calls_of("POST", "/Records/Query")) == walk.calls == 2
    ground.pass_time()
    await ground.settle()
    assert ground.names() == {str(record.id): "Edited" for record in edited}


async def test_an_empty_app_is_read_with_one_call(ground: OnspringGround) -> None:
    for record in ground.tasks():
        ground.onspring.state.records.delete(record)
    walk = await ground.backfill()
    assert (walk.seen, walk.expected, walk.calls) == (0, 0, 1)
