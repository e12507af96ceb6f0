"""Webhooks that are not, at the provider, as we made them: they are mended, or told of."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from service.db.locks import Lock
from service.db.session_locks import hold_lock
from service.dev.simulators.faults import AnswerFault
from service.pipeline.watching.standing import tell_standing
from tests.fixtures.database import Database
from tests.fixtures.simulator import RunningSimulator
from tests.fixtures.watching import PUBLIC, TASKS, Watched

HOUR = timedelta(hours=1)


@pytest.fixture
async def watched(engine: AsyncEngine, database: Database, simulator: RunningSimulator) -> Watched:
    found = Watched(engine, database, simulator)
    await found.apply()
    found.run_receiver()
    simulator.state.calls.clear()
    return found


def events(logs: Sequence[Mapping[str, object]]) -> list[object]:
    return [each["event"] for each in logs]


async def test_what_is_right_costs_one_call_in_the_lane_of_registrations(watched: Watched) -> None:
    before = watched.registrations()
    assert await watched.watch() == []
    assert (watched.lists(), len(watched.simulator.state.calls)) == (1, 1)
    assert watched.database.execute("SELECT lane FROM calls ORDER BY id DESC LIMIT 1") == [("registrations",)]
    assert (watched.registrations(), watched.lasting()) == (before, {})


async def test_one_that_was_deleted_is_made_again(watched: Watched) -> None:
    del watched.simulator.state.webhooks[watched.webhook().id]
    (healed,) = [each for each in await watched.watch() if each["event"] == "webhooks.healed"]
    assert (healed["mended"], healed["steps"]) == (1, ["recreate"])
    assert watched.webhook().url.startswith(PUBLIC)
    assert watched.statuses() == ["retiring", "active"]
    assert watched.lasting() == {}


@pytest.mark.parametrize(
    "altered", [{"url": "http://127.0.0.1:9/elsewhere"}, {"on_update": False}, {"on_create": True}]
)
async def test_one_that_was_altered_is_set_right(watched: Watched, altered: dict[str, object]) -> None:
    webhook = watched.webhook()
    before = (webhook.url, webhook.on_create, webhook.on_update)
    for key, value in altered.items():
        setattr(webhook, key, value)
    assert "webhooks.healed" in events(await watched.watch())
    assert (webhook.url, webhook.on_create, webhook.on_update) == before
    assert watched.statuses() == ["active"]


async def test_a_secret_that_is_not_the_one_we_keep_is_taken_over(watched: Watched) -> None:
    watched.webhook().secret = "another one"
    (healed,) = [each for each in await watched.watch() if each["event"] == "webhooks.healed"]
    assert (healed["steps"], watched.statuses()) == (["adopt"], ["active"])
    kept = watched.database.execute(
        "SELECT sealed FROM registration_secrets WHERE retired_at IS NULL AND registration_id = %s",
        [watched.active()],
    )
    assert "another one" in {watched.box.open(bytes(sealed)) for (sealed,) in kept}
    assert [each["event"] for each in await watched.watch()] == []


async def test_a_second_one_with_our_key_is_removed_and_somebody_elses_stays(watched: Watched) -> None:
    state, ours = watched.simulator.state, watched.webhook()
    second = state.add_webhook(url=ours.url, app_id=TASKS, on_update=True)
    foreign = state.add_webhook(url="https://elsewhere.example.com/hook", app_id=TASKS, on_delete=True)
    here = state.add_webhook(url=f"{PUBLIC}/webhooks/fusioo/nobodys-key", app_id=TASKS, on_create=True)
    logs = await watched.watch()
    assert second.id not in state.webhooks
    assert {foreign.id, here.id} <= state.webhooks.keys()
    (found,) = [each for each in logs if each["event"] == "webhook.foreign_found"]
    assert found["webhook_id"] == here.id
    assert watched.lasting() == {}, "nothing of ours differs any more"


async def test_without_heal_it_is_only_told_until_a_person_has_mended_it(watched: Watched) -> None:
    watched.heal = False
    lost = watched.webhook().id
    del watched.simulator.state.webhooks[lost]
    watched.webhook("create").url = "http://127.0.0.1:9/elsewhere"
    await watched.watch()
    assert watched.lasting() == {"webhooks_drifted": ["main"]}
    message = watched.message("webhooks_drifted")
    assert "2 webhooks differ" in message
    assert "Tasks (update) is gone at the provider" in message
    assert "Tasks (create) calls another URL" in message
    assert "relay webhooks apply" in message
    assert len(watched.simulator.state.calls) == 1, "nothing was touched"
    await watched.apply()
    await watched.watch()
    assert watched.lasting() == {}


async def test_what_can_not_be_mended_is_told_and_tried_again(watched: Watched) -> None:
    del watched.simulator.state.webhooks[watched.webhook().id]
    faults = watched.simulator.state.faults.answers
    faults.append(AnswerFault(status=500, method="POST", path="/webhooks", times=1))
    logs = await watched.watch()
    assert "webhooks.unchecked" in events(logs)
    assert "could not be mended" in watched.message("webhooks_drifted")
    ((failures, error),) = watched.database.execute("SELECT failures, error FROM drifts")
    assert failures == 1
    assert error
    faults.clear()
    await watched.watch()
    assert watched.webhook().url.startswith(PUBLIC)
    assert watched.lasting() == {}
    assert watched.database.execute("SELECT failures, error FROM drifts") == [(0, None)]


async def test_a_provider_that_does_not_answer_is_no_drift(watched: Watched) -> None:
    watched.simulator.state.faults.answers.append(AnswerFault(status=500, times=None))
    assert events(await watched.watch()) == ["webhooks.unchecked"]
    await watched.watch()
    assert watched.lasting() == {}
    assert watched.database.execute("SELECT failures, compared_at FROM drifts") == [(2, None)]


async def test_without_calls_left_it_waits(watched: Watched) -> None:
    watched.calls = 1
    watched.database.execute(
        "INSERT INTO calls (account, lane, endpoint, counts_until)"
        " VALUES ('main', 'settle', 'POST filter', now() + interval '1 hour')"
    )
    assert events(await watched.watch()) == ["webhooks.deferred"]
    assert (watched.lists(), watched.database.execute("SELECT FROM drifts")) == (0, [])


async def test_who_was_compared_lately_is_not_asked_again(watched: Watched) -> None:
    await watched.watch(every=HOUR)
    await watched.watch(every=HOUR)
    assert watched.lists() == 1
    watched.grow_older(0.51)
    await watched.watch(every=HOUR)
    assert watched.lists() == 2


async def test_what_was_replaced_goes_after_the_overlap(watched: Watched) -> None:
    del watched.simulator.state.webhooks[watched.webhook().id]
    await watched.watch()
    await watched.watch()
    assert watched.statuses() == ["retiring", "active"]
    watched.grow_older(1)
    await watched.watch()
    assert watched.statuses() == ["deleted", "active"]


async def test_what_no_rule_wants_is_left_to_a_person(watched: Watched) -> None:
    watched.apps = "Clients"
    assert await watched.watch() == []
    assert watched.statuses() == ["active"]
    assert watched.lasting() == {}


async def test_an_app_that_was_never_applied_is_left_to_a_person(watched: Watched) -> None:
    watched.apps = "Clients"
    await watched.watch()
    assert {each.app_id for each in watched.simulator.state.webhooks.values()} == {TASKS}


async def test_a_relay_that_has_moved_takes_nothing_over_by_itself(watched: Watched) -> None:
    """It may be a copy: its database says that the webhooks are its own."""
    watched.public_url = "http://127.0.0.1:9/copy"
    urls = sorted(each.url for each in watched.simulator.state.webhooks.values())
    await watched.watch()
    assert sorted(each.url for each in watched.simulator.state.webhooks.values()) == urls
    assert "RELAY_PUBLIC_URL is not what the provider was told" in watched.message("webhooks_drifted")
    await watched.apply()
    await watched.watch()
    assert watched.lasting() == {}


async def test_without_an_address_it_says_so_once_and_asks_nobody(watched: Watched) -> None:
    watched.public_url = None
    async with watched.watching() as job:
        with capture_logs() as logs:
            await job.watch("main")
            await job.watch("main")
    assert events(logs) == ["webhooks.unwatched"]
    assert watched.lists() == 0


async def test_the_alarms_of_an_account_that_left_are_over(watched: Watched) -> None:
    watched.database.execute(
        "INSERT INTO alarms (name, subject, message) VALUES ('webhooks_drifted', 'gone', ''),"
        " ('webhook_silent', 'gone/a/update', ''), ('handler_failing', 'gone', '')"
    )
    await watched.watch()
    assert watched.lasting() == {"handler_failing": ["gone"]}


async def test_an_account_that_is_not_configured_is_left_alone(watched: Watched) -> None:
    async with watched.watching() as job:
        await job.watch(f"left-{uuid4()}")
    assert watched.lists() == 0


async def test_a_person_who_asks_is_told_how_webhooks_stand(watched: Watched, engine: AsyncEngine) -> None:
    async def told() -> tuple[bool, str]:
        async with engine.connect() as connection:
            return await tell_standing(connection, "main")

    assert await told() == (True, "not compared with the provider yet")
    await watched.watch()
    well, said = await told()
    assert well
    assert said.startswith("compared with the provider ")
    del watched.simulator.state.webhooks[watched.webhook().id]
    watched.heal = False
    await watched.watch()
    well, said = await told()
    assert not well
    assert "webhooks_drifted: account main: 1 webhook differs" in said
    watched.database.execute("UPDATE alarms SET subject = 'other'")
    assert (await told())[0], "another account's alarm"
    watched.database.execute("UPDATE alarms SET subject = 'main/a/update', name = 'webhook_quiet'")
    assert (await told())[0], "quiet is no fault"


async def test_a_person_who_applies_at_the_moment_goes_first(watched: Watched, engine: AsyncEngine) -> None:
    del watched.simulator.state.webhooks[watched.webhook().id]
    async with hold_lock(engine, Lock.APPLY, "main"):
        (deferred,) = await watched.watch()
    assert deferred["event"] == "webhooks.deferred"
    assert watched.statuses() == ["active"]
    assert watched.database.execute("SELECT FROM drifts") == []
