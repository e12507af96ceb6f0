"""Rounds through a simulated Onspring over real HTTP: it sorts nothing, so it is asked by a filter."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Never

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.dev.simulators.faults import AnswerFault
from service.errors import AppRefusedError
from service.pipeline.reconciling.accounts import reconciled_accounts
from service.pipeline.reconciling.reconcile import Reconciler
from tests.fixtures.database import Database
from tests.fixtures.dying import DiedError, DyingTransport
from tests.fixtures.onspring_rounds import LONG_AGO, OnspringGround
from tests.fixtures.onspring_simulator import RunningOnspring, onspring_in_thread


@pytest.fixture
def onspring() -> Iterator[RunningOnspring]:
    with onspring_in_thread() as running:
        yield running


@pytest.fixture
async def ground(
    onspring: RunningOnspring, engine: AsyncEngine, database: Database
) -> AsyncIterator[OnspringGround]:
    """An app that is watched since ten minutes, with records of long ago, all known."""
    async with OnspringGround(onspring, engine, database) as opened:
        opened.age()
        await opened.watch(since=timedelta(minutes=10))
        await opened.backfill()
        yield opened


async def test_the_first_round_begins_when_the_app_began_to_be_watched(ground: OnspringGround) -> None:
    await ground.reconcile()
    await ground.settle()
    row = ground.row()
    ((since,),) = ground.database.execute("SELECT watched_since - interval '5 minutes' FROM apps")
    assert row["watermark"] == row["floor"]
    assert datetime.fromisoformat(row["watermark"]) == since
    assert (row["noticed"], row["api_count"], ground.changes()) == (0, len(ground.tasks()), [])


async def test_creates_and_updates_that_no_outcome_told_of_become_changes(ground: OnspringGround) -> None:
    edited, (made,) = ground.tasks()[1], ground.make(1)
    ground.edit(edited)
    await ground.reconcile()
    await ground.settle()
    assert {(one, kind, origin) for one, kind, _, origin in ground.changes()} == {
        (str(edited.id), "update", "reconcile"),
        (str(made.id), "create", "reconcile"),
    }
    assert ground.row()["noticed"] == 2
    await ground.reconcile()
    await ground.settle()
    assert (ground.row()["noticed"], len(ground.changes())) == (0, 2)
    assert ground.names() == ground.truth()


async def test_a_record_never_seen_counts_since_the_app_is_watched(ground: OnspringGround) -> None:
    before, since = ground.make(2, age=LONG_AGO)
    before.modified += LONG_AGO - timedelta(minutes=17)
    ground.edit(since)
    await ground.reconcile()
    await ground.settle()
    assert [(one, kind) for one, kind, _, _ in ground.changes()] == [(str(since.id), "update")]


async def test_an_idle_app_costs_two_calls(ground: OnspringGround) -> None:
    """One process remembers which field holds the stamp; what was imported at one moment is left behind."""
    made = ground.make(300)
    imported = made[0].modified - timedelta(minutes=6)
    for record in made:
        record.modified = imported
    await ground.backfill()
    await ground.settle()
    async with ground.rounds() as rounds:
        for _ in range(2):
            await rounds.reconcile_now("main")
            ground.database.execute("UPDATE reconciles SET began_at = began_at - interval '15 minutes'")
        before = ground.asked()
        await rounds.reconcile_now("main")
    assert ground.asked() - before == 2
    assert (ground.row()["calls"], ground.row()["noticed"]) == (2, 0)
    ground.edit(made[7])
    await ground.reconcile()
    assert ground.row()["noticed"] == 1


@pytest.mark.parametrize("limit", ["slowest_count", "largest_answer"])
async def test_many_edits_are_read_page_by_page_also_where_pages_are_too_large(
    ground: OnspringGround, limit: str
) -> None:
    setattr(ground.onspring.state.settings, limit, 150 if limit == "slowest_count" else 150 * 450)
    made = ground.make(500)
    await ground.reconcile()
    assert ground.row()["noticed"] == 500
    assert {int(one) for (one,) in ground.database.execute("SELECT record_id FROM deliveries")} == {
        record.id for record in made
    }


async def test_a_deletion_is_noticed_by_the_count_and_named_by_the_sweep(ground: OnspringGround) -> None:
    await ground.reconcile()
    deleted = ground.tasks()[0]
    ground.onspring.state.records.delete(deleted)
    ground.make(1)
    await ground.reconcile()
    await ground.settle()
    assert ground.row()["gone"] == 1
    await ground.sweep()
    await ground.settle()
    ground.pass_time()
    await ground.settle()
    assert (str(deleted.id), "delete") in {(one, kind) for one, kind, _, _ in ground.changes()}
    assert ground.names() == ground.truth()


async def test_an_app_without_the_stamp_says_so_and_is_swept(ground: OnspringGround) -> None:
    ground.stamp = "Last Saved Date"
    ground.edit(ground.tasks()[0])
    await ground.reconcile()
    row = ground.row()
    assert (row["sortable"], row["api_count"]) == (False, len(ground.tasks()))
    assert "no field 'Last Saved Date'" in row["error"]
    assert "only full sweeps" in row["error"]
    await ground.sweep()
    await ground.settle()
    assert ground.names() == ground.truth()


async def test_an_app_that_may_not_be_read_is_a_failed_round_and_goes_on_later(
    ground: OnspringGround,
) -> None:
    ground.onspring.state.faults.answers.append(AnswerFault(status=403, path="/Records/Query", times=None))
    ground.edit(ground.tasks()[0])
    found = await ground.reconcile()
    assert len(found.failed) == 1
    assert all(isinstance(error, AppRefusedError) for error in found.failed.values())
    ground.onspring.state.faults.answers.clear()
    await ground.reconcile()
    assert (ground.row()["failures"], ground.row()["noticed"]) == (0, 1)


@pytest.mark.parametrize("taken", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, 6))
async def test_a_round_that_died_is_gone_on_with(ground: OnspringGround, at: int, *, taken: bool) -> None:
    await ground.reconcile()
    ground.onspring.state.settings.slowest_count = 300
    made = ground.make(500)
    ground.transport = DyingTransport(at, taken=taken)
    with suppress(DiedError):
        await ground.reconcile()
        pytest.fail("it should have died")
    ground.transport = None
    await ground.reconcile()
    noticed = [one for (one,) in ground.database.execute("SELECT record_id FROM deliveries")]
    assert sorted(map(int, noticed)) == [record.id for record in made], "each once"


async def test_lack_of_calls_defers_and_the_round_goes_on_where_it_was(ground: OnspringGround) -> None:
    await ground.reconcile()
    ground.onspring.state.settings.slowest_count = 300
    ground.make(900)
    ground.database.execute("TRUNCATE calls")
    ground.calls = 30  # of which six are reconciling's
    await ground.reconcile()
    row = ground.row()
    assert (row["place"] > 200, row["failures"], 200 < row["noticed"] < 900) == (True, 0, True)
    ground.calls = 10_000
    await ground.reconcile()
    assert (ground.row()["place"], ground.row()["noticed"]) == (None, 900)


class _Shuffled:
    """A list whose order is another at each call."""

    is_sorted = False

    def __init__(self) -> None:
        self.calls = 0

    async def page(
        self, app_id: str, *, offset: int, after: str | None = None
    ) -> Sequence[Mapping[str, Any]]:
        del app_id, offset, after
        self.calls += 1
        return [{"id": f"{self.calls}000{place}"} for place in range(200)]

    async def page_with_deleted(self, app_id: str) -> Never:
        raise AssertionError(app_id)

    async def count(self, app_id: str) -> int:
        del app_id
        return 200


async def test_a_list_without_an_order_that_lasts_is_given_up_and_left_to_sweeps(
    ground: OnspringGround,
) -> None:
    listed = _Shuffled()
    accounts = reconciled_accounts(ground.configuration, {"main": listed})
    found = await Reconciler(ground.engine, accounts=accounts, grace=timedelta(hours=1)).reconcile_now("main")
    assert [each.is_sortable for each in found.ended.values()] == [False]
    assert listed.calls < 100
    assert "changes its order faster" in ground.row()["error"]
