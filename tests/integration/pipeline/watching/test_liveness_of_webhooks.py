"""Webhooks that tell of nothing although something happens: they are replaced, and a person is told."""

from datetime import timedelta

import psycopg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.pipeline.outage import end_outage
from service.registrations.hearing import hear
from tests.fixtures.database import Database
from tests.fixtures.simulator import RunningSimulator
from tests.fixtures.watching import TASKS, Watched

DAY = 24
SILENT = {"webhook_silent": [f"main/{TASKS}/update"]}
QUIET = {"webhook_quiet": [f"main/{TASKS}/update"]}


@pytest.fixture
async def watched(engine: AsyncEngine, database: Database, simulator: RunningSimulator) -> Watched:
    found = Watched(engine, database, simulator)
    await found.apply()
    found.run_receiver()
    return found


async def test_a_silent_one_is_replaced_once_and_its_alarm_ends_with_a_delivery(watched: Watched) -> None:
    first = watched.active()
    watched.miss()
    logs = await watched.watch()
    assert [each["kind"] for each in logs if each["event"] == "webhook.replaced"] == ["update"]
    assert (watched.statuses(), watched.lasting()) == (["retiring", "active"], SILENT)
    assert "another one takes its place" in watched.message("webhook_silent")
    assert len(watched.simulator.state.webhooks) == 4, "the old one delivers for an overlap yet"
    watched.miss()
    await watched.watch()
    assert watched.statuses() == ["retiring", "active"], "the new one is given an hour"
    watched.receive(of=first, hours_ago=-2)
    await watched.watch()
    assert watched.lasting() == {}
    assert watched.database.execute("SELECT FROM registrations WHERE silent_since IS NOT NULL") == []


async def test_a_successor_that_is_silent_too_is_replaced_after_an_hour_then_after_two(
    watched: Watched,
) -> None:
    watched.miss()
    await watched.watch()
    for made, hours in ((3, 1.1), (4, 2.1)):
        watched.grow_older(0.9)
        watched.miss()
        await watched.watch()
        assert len(watched.statuses()) == made - 1
        watched.grow_older(hours - 0.9)
        await watched.watch()
        assert (len(watched.statuses()), watched.lasting()) == (made, SILENT)


async def test_a_successor_stays_silent_until_it_tells_but_is_not_replaced_for_nothing(
    watched: Watched,
) -> None:
    watched.miss(in_hours=0.5)
    await watched.watch()
    watched.database.execute("DELETE FROM changes")
    watched.grow_older(5)
    await watched.watch()
    assert (len(watched.statuses()), watched.lasting()) == (2, SILENT)
    watched.receive()
    await watched.watch()
    assert watched.lasting() == {}


async def test_one_that_is_silent_for_it_was_altered_is_mended_not_replaced(watched: Watched) -> None:
    watched.miss()
    watched.webhook().url = "http://127.0.0.1:9/elsewhere"
    logs = await watched.watch(every=timedelta(hours=1))
    assert [each["event"] for each in logs if "webhook" in each["event"]] == [
        "webhooks.applied",
        "webhooks.healed",
    ]
    watched.database.execute("DELETE FROM changes")
    await watched.watch()
    assert (watched.statuses(), watched.lasting()) == (["active"], SILENT)


async def test_without_heal_a_person_is_told_and_nothing_is_done(watched: Watched) -> None:
    watched.heal = False
    watched.miss()
    await watched.watch()
    assert (watched.statuses(), watched.lasting()) == (["active"], SILENT)
    assert f"relay webhooks rotate --account main --app {TASKS} --kind update" in watched.message(
        "webhook_silent"
    )


async def test_without_heal_a_silent_one_is_no_reason_to_ask_the_provider_again(watched: Watched) -> None:
    watched.heal = False
    watched.miss()
    for _ in range(3):
        await watched.watch(every=timedelta(hours=1))
    assert (watched.lists(), watched.lasting()) == (2, SILENT), "once by the apply, once to compare"


async def test_silence_is_known_also_where_no_provider_can_be_asked(watched: Watched) -> None:
    watched.public_url = None
    watched.miss()
    await watched.watch()
    assert watched.lasting() == SILENT


@pytest.mark.parametrize("hours", [0.3, -1])
async def test_changes_that_may_be_older_than_the_last_delivery_count_against_nobody(
    watched: Watched, hours: float
) -> None:
    """A round finds what happened since the one before it: twice a period after a delivery all is new."""
    watched.receive()
    watched.miss(in_hours=hours)
    await watched.watch()
    assert watched.lasting() == {}


async def test_a_stretched_period_is_waited_for(watched: Watched) -> None:
    watched.database.execute(
        "INSERT INTO reconciles (account, app_id, ended_at, next_at)"
        " VALUES ('main', %s, now(), now() + '1 hour')",
        [TASKS],
    )
    watched.miss(in_hours=1.9)
    await watched.watch()
    assert watched.lasting() == {}
    watched.miss(in_hours=2.1)
    await watched.watch()
    assert watched.lasting() == SILENT


async def test_two_changes_prove_nothing(watched: Watched) -> None:
    watched.miss(2)
    await watched.watch()
    assert watched.lasting() == {}


@pytest.mark.parametrize(
    "missed", [{"origin": "webhook"}, {"origin": "backfill"}, {"kind": "create", "restored": True}]
)
async def test_changes_of_which_it_need_not_tell(watched: Watched, missed: dict[str, object]) -> None:
    watched.miss(**missed)  # type: ignore[arg-type]  # the parameters above
    await watched.watch()
    assert watched.lasting() == {}


async def test_a_computed_field_moves_no_stamp_and_is_told_by_nobody(watched: Watched) -> None:
    for record_id in watched.miss(stamp="2026-11-22T05:00:00"):
        watched.database.execute(
            "INSERT INTO changes (id, account, app_id, record_id, version, kind, origin, after, sight,"
            " rules_digest) VALUES (gen_random_uuid(), 'main', %s, %s, 1, 'create', 'webhook',"
            " '{\"last_modified\": \"2026-11-22T05:00:00\"}', 1, '')",
            [TASKS, record_id],
        )
    watched.database.execute(
        "INSERT INTO reconciles (account, app_id, floor) VALUES ('main', %s, '2026-11-22T06:00:00')", [TASKS]
    )
    watched.miss(stamp="2026-11-22T05:59:00")
    await watched.watch()
    assert watched.lasting() == {}, "neither moved since its last change, nor since we began"
    watched.miss(stamp="2026-11-22T06:00:01")
    await watched.watch()
    assert watched.lasting() == SILENT


async def test_a_deletion_counts_once_a_full_sweep_began_after_the_last_delivery(watched: Watched) -> None:
    sweep = (
        "INSERT INTO walks (account, app_id, purpose, sight, began_at, ended_at) VALUES"
        " ('main', %s, 'full_sweep', 1, now() + CAST(%s AS interval), now() + '10 minutes')"
    )
    watched.receive(kind="delete", hours_ago=-0.01)
    watched.database.execute(sweep, [TASKS, "-1 minute"])
    watched.miss(kind="delete")
    await watched.watch()
    assert watched.lasting() == {}
    watched.database.execute(sweep, [TASKS, "5 minutes"])
    await watched.watch()
    assert watched.lasting() == {"webhook_silent": [f"main/{TASKS}/delete"]}


async def test_an_outage_of_ours_is_no_silence_of_theirs(watched: Watched) -> None:
    watched.database.execute("DELETE FROM processes WHERE kind = 'web'")
    watched.miss()
    await watched.watch()
    assert watched.lasting() == {}, "nobody receives"
    watched.run_receiver(hours=-0.9)
    await watched.watch()
    assert watched.lasting() == {}, "the receiver came back, and one round finds what happened meanwhile"


async def test_after_an_outage_of_which_the_beats_tell_all_is_reconciled_and_nobody_blamed(
    watched: Watched, database: Database
) -> None:
    watched.receive()
    await watched.watch()
    database.execute("UPDATE hearing SET since = since - interval '1 day'")
    database.execute(
        "INSERT INTO reconciles (account, app_id, next_at) VALUES ('main', %s, now() + '1 hour')", [TASKS]
    )
    with psycopg.connect(database.url) as connection:
        end_outage(connection)
    ((since, due),) = database.execute(
        "SELECT now() - since, next_at <= now() FROM hearing, reconciles WHERE hearing.name = 'deliveries'"
    )
    assert (since < timedelta(minutes=1), due) == (True, True)
    database.execute("UPDATE hearing SET since = now() + interval '50 minutes'")
    watched.miss()
    await watched.watch()
    assert watched.lasting() == {}
    watched.miss(in_hours=1.5)
    await watched.watch()
    assert watched.lasting() == SILENT


async def test_an_app_that_no_rule_wants_any_more_is_not_missed(watched: Watched) -> None:
    watched.miss()
    await watched.watch()
    watched.apps = "Clients"
    await watched.watch()
    assert watched.lasting() == {}


async def test_quiet_after_regular_use(watched: Watched) -> None:
    for hours in (0, 1, 2):
        watched.receive(hours_ago=hours)
    await watched.watch()
    watched.grow_older(71)
    await watched.watch()
    assert watched.lasting() == {}
    watched.grow_older(1)
    await watched.watch()
    assert watched.lasting() == QUIET
    assert "told last at" in watched.message("webhook_quiet")
    watched.receive()
    await watched.watch()
    assert watched.lasting() == {}


async def test_what_was_replaced_is_remembered_by_its_successor(watched: Watched) -> None:
    for hours in (0, 1, 2):
        watched.receive(hours_ago=hours)
    await watched.watch()
    del watched.simulator.state.webhooks[watched.webhook().id]
    await watched.watch()
    watched.grow_older(72)
    await watched.watch()
    assert watched.lasting() == QUIET


async def test_a_persons_workflow_can_be_quiet(watched: Watched) -> None:
    watched.database.execute(
        "INSERT INTO registrations (id, account, provider, app_id, key, url, status, manual) VALUES"
        " (gen_random_uuid(), 'main', 'fusioo', %s, 'k', '', 'active', true)",
        [TASKS],
    )
    ((manual,),) = watched.database.execute("SELECT id FROM registrations WHERE manual")
    for hours in (0, 1, 2):
        watched.receive(of=manual, hours_ago=hours)
    await watched.watch()
    watched.grow_older(72)
    await watched.watch()
    assert watched.lasting() == {"webhook_quiet": [f"main/{TASKS}/workflow"]}


async def test_deliveries_are_looked_through_piece_by_piece_and_once(
    watched: Watched, engine: AsyncEngine
) -> None:
    for hours in (9, 7, 7, 5, 3, 1, 0):
        watched.receive(hours_ago=hours)
    rounds = 0
    more = True
    while more:
        async with engine.begin() as connection:
            more = await hear(connection, batch=2)
        rounds += 1
    assert rounds == 4
    ((ages, exact),) = watched.database.execute(
        "SELECT array(SELECT round(extract(epoch FROM now() - moment) / 3600)"
        " FROM unnest(last_heard) AS moment), heard_at = last_heard[1]"
        " FROM registrations WHERE heard_at IS NOT NULL"
    )
    assert (list(map(int, ages)), exact) == ([0, 1, 3], True)
    ((reached, last),) = watched.database.execute(
        "SELECT reached, (SELECT max(id) FROM deliveries) FROM hearing"
    )
    assert reached == last - 1, (
        "what is younger than a minute is looked at again: ids are committed out of order"
    )
    watched.receive(hours_ago=0.5)
    async with engine.begin() as connection:
        await hear(connection)
    ((ages,),) = watched.database.execute(
        "SELECT array(SELECT round(extract(epoch FROM now() - moment) / 1800)"
        " FROM unnest(last_heard) AS moment) FROM registrations WHERE heard_at IS NOT NULL"
    )
    assert list(map(int, ages)) == [0, 1, 2]


async def test_hints_of_our_own_are_heard_from_nobody(watched: Watched) -> None:
    watched.database.execute(
        "INSERT INTO deliveries (account, app_id, record_id, request_id, origin) VALUES"
        " ('main', %s, 'r1', gen_random_uuid(), 'reconcile')",
        [TASKS],
    )
    await watched.watch()
    assert watched.database.execute("SELECT FROM registrations WHERE heard_at IS NOT NULL") == []
