"""Reconciling over real HTTP: what no webhook told of is found, and nothing is found twice."""

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.dev.simulators.faults import AnswerFault
from service.dev.simulators.fusioo.example_apps import CLIENTS_ID
from tests.fixtures.database import Database
from tests.fixtures.pipeline import APP
from tests.fixtures.reconciling import PERSON, Ground
from tests.fixtures.simulator import RunningSimulator
from tests.fixtures.tiers import Scale


@pytest.fixture
def ground(engine: AsyncEngine, database: Database, simulator: RunningSimulator) -> Ground:
    return Ground(engine, database, simulator)


async def test_the_first_round_learns_where_to_begin_and_tells_of_nothing_old(ground: Ground) -> None:
    await ground.reconcile()
    await ground.settle()
    row = ground.row()
    assert ground.changes() == []
    assert (
        row["watermark"]
        == row["floor"]
        == max(record.to_json(record.now)["last_modified"] for record in ground.records.live(APP))
    )
    assert (row["calls"], row["noticed"], row["api_count"]) == (2, 0, ground.records.count(APP))


async def test_creates_and_updates_that_no_webhook_told_of_become_changes(ground: Ground) -> None:
    ground.take_in()
    await ground.reconcile()
    edited = ground.records.live(APP)[3]
    ground.records.update(edited.id, {"title": "Edited behind our back"}, person=PERSON)
    made = ground.records.create(APP, {"title": "Made behind our back"}, person=PERSON)
    await ground.reconcile()
    await ground.settle()
    assert set(ground.changes()) == {(edited.id, "update", "reconcile"), (made.id, "create", "reconcile")}
    assert ground.row()["noticed"] == 2
    await ground.reconcile()
    await ground.settle()
    assert (ground.row()["noticed"], len(ground.changes())) == (0, 2)


async def test_a_record_never_seen_that_was_edited_since_the_floor_is_an_update_without_a_diff(
    ground: Ground,
) -> None:
    await ground.reconcile()
    edited = ground.records.live(APP)[3]
    ground.records.update(edited.id, {"title": "Edited"}, person=PERSON)
    await ground.reconcile()
    await ground.settle()
    assert ground.changes() == [(edited.id, "update", "reconcile")]


async def test_a_webhook_that_comes_within_the_grace_is_whose_change_it_is(ground: Ground) -> None:
    ground.take_in()
    await ground.reconcile()
    edited = ground.records.live(APP)[3]
    ground.records.update(edited.id, {"title": "Edited"}, person=PERSON)
    ground.grace = timedelta(hours=1)
    await ground.reconcile()
    ground.deliver(edited.id)
    await ground.settle()
    ground.database.execute("UPDATE deliveries SET due_at = now()")
    await ground.settle()
    assert ground.changes() == [(edited.id, "update", "webhook")]


async def test_a_record_that_a_webhook_told_of_already_is_not_noticed(ground: Ground) -> None:
    ground.take_in()
    await ground.reconcile()
    edited = ground.records.live(APP)[3]
    ground.records.update(edited.id, {"title": "Edited"}, person=PERSON)
    ground.deliver(edited.id)
    await ground.reconcile()
    assert ground.row()["noticed"] == 0


async def test_an_idle_app_of_thousands_imported_at_one_moment_costs_two_calls(
    ground: Ground, scale: Scale
) -> None:
    count = scale.pick(small=3000, full=50_000)
    ground.records.create_many(APP, ({"title": f"Task {number}"} for number in range(count)), person=PERSON)
    ground.take_in()
    await ground.reconcile()
    before = ground.asked()
    await ground.reconcile()
    assert (ground.asked() - before, ground.row()["calls"], ground.row()["noticed"]) == (2, 2, 0)


async def test_many_edits_are_read_page_by_page(ground: Ground) -> None:
    ground.take_in()
    await ground.reconcile()
    made = ground.records.create_many(APP, ({"title": f"{number}"} for number in range(500)), person=PERSON)
    await ground.reconcile()
    assert ground.row()["noticed"] == 500
    assert {one for (one,) in ground.database.execute("SELECT record_id FROM deliveries")} == {
        record.id for record in made
    }


async def test_a_filter_is_used_where_it_is_allowed(ground: Ground) -> None:
    ground.account["modified_filter"] = "true"
    ground.take_in()
    await ground.reconcile()
    made = ground.records.create_many(APP, ({"title": f"{number}"} for number in range(250)), person=PERSON)
    await ground.reconcile()
    assert (ground.row()["noticed"], len(made)) == (250, 250)
    assert ground.simulator.calls_of("POST", "/filter")


async def test_deletions_are_noticed_by_count_and_not_by_name(ground: Ground) -> None:
    ground.take_in()
    await ground.reconcile()
    for record in ground.records.live(APP)[:3]:
        ground.records.delete(record.id, person=PERSON)
    ground.database.execute(
        "INSERT INTO ticks (name, key, every, next_at)"
        " VALUES ('full_sweep', 'main', '1 hour', now() + interval '1 hour')"
    )
    await ground.reconcile()
    row = ground.row()
    assert (row["gone"], row["known_count"] - row["api_count"], ground.changes()) == (3, 3, [])
    assert ground.database.execute("SELECT next_at <= now() FROM ticks WHERE name = 'full_sweep'") == [
        (True,)
    ]


async def test_what_was_made_or_edited_meanwhile_hides_no_deletion(ground: Ground) -> None:
    ground.take_in()
    await ground.reconcile()
    deleted, edited, *_ = ground.records.live(APP)
    ground.records.delete(deleted.id, person=PERSON)
    ground.records.update(edited.id, {"title": "Edited"}, person=PERSON)
    ground.records.create_many(APP, ({"title": f"{number}"} for number in range(5)), person=PERSON)
    await ground.reconcile()
    assert (ground.row()["noticed"], ground.row()["gone"]) == (6, 1)


async def test_an_administrators_token_names_deleted_records(ground: Ground) -> None:
    ground.account["admin"] = "true"
    ground.take_in()
    await ground.reconcile()
    deleted = [record.id for record in ground.records.live(APP)[:3]]
    for record_id in deleted:
        ground.records.delete(record_id, person=PERSON)
    await ground.reconcile()
    assert ground.row()["gone"] == 0
    assert {one for (one,) in ground.database.execute("SELECT record_id FROM deliveries")} == set(deleted)


async def test_an_api_that_does_not_sort_says_so(ground: Ground) -> None:
    ground.simulator.state.faults.answers.append(
        AnswerFault(status=400, code=30101, path=f"/records/apps/{APP}$", times=None)
    )
    await ground.reconcile()
    row = ground.row()
    assert (row["sortable"], row["watermark"], row["api_count"]) == (False, None, ground.records.count(APP))
    assert "only full sweeps" in row["error"]


async def test_an_app_in_trouble_keeps_no_other_from_its_round(ground: Ground) -> None:
    ground.watch(CLIENTS_ID)
    ground.simulator.state.faults.answers.append(AnswerFault(path=f"/records/apps/{APP}$", times=None))
    found = await ground.reconcile()
    assert (set(found.ended), set(found.failed)) == ({CLIENTS_ID}, {APP})
    assert (ground.row()["failures"], ground.row(CLIENTS_ID)["failures"]) == (1, 0)
    ground.simulator.state.faults.answers.clear()
    await ground.reconcile()
    assert (ground.row()["failures"], ground.row()["error"]) == (0, None)


async def test_lack_of_calls_defers_and_the_round_goes_on_where_it_was(ground: Ground) -> None:
    ground.take_in()
    await ground.reconcile()
    ground.records.create_many(APP, ({"title": f"{number}"} for number in range(700)), person=PERSON)
    ground.calls = 20  # of which four are reconciling's, and two are spent
    await ground.reconcile()
    row = ground.row()
    assert (row["place"], row["calls"], row["failures"]) == (380, 2, 0)
    ground.calls = 500
    await ground.reconcile()
    assert (ground.row()["place"], ground.row()["noticed"]) == (None, 700)


async def test_a_429_defers_and_is_no_failed_round(ground: Ground) -> None:
    ground.take_in()
    await ground.reconcile()
    edited = ground.records.live(APP)[3]
    ground.records.update(edited.id, {"title": "Edited"}, person=PERSON)
    ground.simulator.state.faults.answers.append(AnswerFault(status=429, times=1))
    await ground.reconcile()
    row = ground.row()
    assert (row["failures"], row["error"]) == (0, None)


async def test_the_job_asks_for_nothing_before_its_time(ground: Ground) -> None:
    await ground.reconcile(anyhow=False)
    asked = ground.asked()
    await ground.reconcile(anyhow=False)
    assert ground.asked() == asked
    ground.database.execute("UPDATE reconciles SET next_at = now()")
    await ground.reconcile(anyhow=False)
    assert ground.asked() == asked + 2


async def test_an_app_that_no_rule_names_any_more_is_forgotten(ground: Ground) -> None:
    ground.watch(CLIENTS_ID)
    await ground.reconcile()
    ground.database.execute("DELETE FROM apps WHERE app_id = %s", (CLIENTS_ID,))
    await ground.reconcile()
    assert ground.database.execute("SELECT app_id FROM reconciles") == [(APP,)]
