"""Applies and rotations that die at any of their calls, before or after the provider took it.

The next apply ends in the desired state: every webhook known, every secret kept, no orphan, nobody else's
touched. Until then something delivers, and is accepted, for every app and kind that had it.
"""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.changes.types import Kind
from service.pipeline.registering.planning import Aim
from service.registrations.steps import Adopt, Expire, Overlap, Patch, Prune, Recreate, Remove, Rotate
from tests.fixtures.database import Database
from tests.fixtures.dying import DiedError, DyingTransport
from tests.fixtures.registering import (
    TASKS,
    aim_at,
    apply,
    end_overlaps,
    live_secrets,
    plan,
    provided,
    registrations,
    secrets_there,
)
from tests.fixtures.simulator import RunningSimulator

FOREIGN = "https://elsewhere.example/hook"
TASKS_ONLY = aim_at("Tasks", prune=True)
ROTATING = aim_at("Tasks", rotating=lambda _want: True)
CREATING_CALLS, ROTATING_CALLS, MENDING_CALLS = 5, 5, 9
BEFORE_AND_AFTER = pytest.mark.parametrize("taken", [False, True], ids=["before", "after"])


async def die(engine: AsyncEngine, simulator: RunningSimulator, aim: Aim, call: int, *, taken: bool) -> None:
    transport = DyingTransport(call, taken=taken)
    with pytest.raises(DiedError):
        await apply(engine, simulator, aim=aim, transport=transport)
    assert transport.calls == call


async def count_calls(engine: AsyncEngine, simulator: RunningSimulator, aim: Aim) -> int:
    transport = DyingTransport()
    await apply(engine, simulator, aim=aim, transport=transport)
    return transport.calls


async def assert_in_order(
    engine: AsyncEngine, database: Database, simulator: RunningSimulator, aim: Aim = TASKS_ONLY
) -> None:
    """The three webhooks of the app Tasks, their secrets, those that were just replaced, a foreign one."""
    planned = await plan(engine, simulator, aim)
    assert planned.due == []
    assert [each.theirs.url for each in planned.foreign] == [FOREIGN]
    replaced = {step.ours.webhook_id for step in planned.steps if isinstance(step, Overlap)}
    active = registrations(database)
    assert [kind for _, kind, _, _ in active] == sorted(Kind)
    listed = [each for each in provided(simulator) if each[2] != FOREIGN]
    assert active == [each for each in listed if each[3] not in replaced]
    there = secrets_there(simulator)
    accepted = live_secrets(database, "active", "retiring")
    assert {webhook_id for *_, webhook_id in listed} <= accepted.keys()
    assert {webhook_id: there[webhook_id] for *_, webhook_id in listed} == {
        webhook_id: secret for webhook_id, secret in accepted.items() if webhook_id in there
    }
    assert database.execute("SELECT 1 FROM registrations WHERE status = 'creating'") == []


def delivered_kinds(database: Database, simulator: RunningSimulator) -> set[str]:
    """The kinds of which some webhook tells whose key and secret are accepted."""
    there, accepted = secrets_there(simulator), live_secrets(database, "active", "retiring")
    return {
        kind
        for _, kind, url, webhook_id in provided(simulator)
        if url != FOREIGN and accepted.get(webhook_id) == there[webhook_id]
    }


async def make_a_mess(engine: AsyncEngine, database: Database, simulator: RunningSimulator) -> None:
    """Two apps well applied, and then everything at once that can be wrong with them."""
    state = simulator.state
    state.add_webhook(FOREIGN, TASKS, on_create=True)
    await apply(engine, simulator)
    await apply(engine, simulator, aim=aim_at("Tasks", rotating=lambda want: want.kind == Kind.UPDATE))
    end_overlaps(database)
    ids = {kind: webhook_id for app, kind, _, webhook_id in registrations(database) if app == TASKS}
    altered = state.webhooks[ids["update"]]
    state.add_webhook(altered.url, TASKS, on_update=True)
    altered.url, altered.on_delete = "https://moved.example.com/hook", True
    del state.webhooks[ids["create"]]
    begun = "SELECT id FROM registrations WHERE webhook_id = %s"
    database.execute(f"DELETE FROM registration_secrets WHERE registration_id = ({begun})", [ids["delete"]])
    database.execute(
        "UPDATE registrations SET status = 'creating', webhook_id = NULL WHERE webhook_id = %s",
        [ids["delete"]],
    )


async def test_the_mess_takes_every_step_that_mends(
    engine: AsyncEngine, database: Database, simulator: RunningSimulator
) -> None:
    await make_a_mess(engine, database, simulator)
    planned = await plan(engine, simulator, TASKS_ONLY)
    assert {type(step) for step in planned.due} == {Adopt, Expire, Patch, Prune, Recreate, Remove}
    assert await count_calls(engine, simulator, TASKS_ONLY) == MENDING_CALLS
    await assert_in_order(engine, database, simulator)


@BEFORE_AND_AFTER
@pytest.mark.parametrize("call", range(1, MENDING_CALLS + 1))
async def test_mending(
    engine: AsyncEngine, database: Database, simulator: RunningSimulator, call: int, taken: bool
) -> None:
    await make_a_mess(engine, database, simulator)
    await die(engine, simulator, TASKS_ONLY, call, taken=taken)
    await apply(engine, simulator, aim=TASKS_ONLY)
    await assert_in_order(engine, database, simulator)


@BEFORE_AND_AFTER
@pytest.mark.parametrize("call", range(1, CREATING_CALLS + 1))
async def test_creating(
    engine: AsyncEngine, database: Database, simulator: RunningSimulator, call: int, taken: bool
) -> None:
    simulator.state.add_webhook(FOREIGN, TASKS, on_create=True)
    await die(engine, simulator, TASKS_ONLY, call, taken=taken)
    await apply(engine, simulator, aim=TASKS_ONLY)
    await assert_in_order(engine, database, simulator)
    assert len(simulator.state.webhooks) == len(Kind) + 1


@BEFORE_AND_AFTER
@pytest.mark.parametrize("call", range(1, ROTATING_CALLS + 1))
async def test_rotating(
    engine: AsyncEngine, database: Database, simulator: RunningSimulator, call: int, taken: bool
) -> None:
    simulator.state.add_webhook(FOREIGN, TASKS, on_create=True)
    await apply(engine, simulator, aim=TASKS_ONLY)
    old = live_secrets(database)
    await die(engine, simulator, ROTATING, call, taken=taken)
    assert delivered_kinds(database, simulator) == set(Kind)
    await apply(engine, simulator, aim=TASKS_ONLY)
    await assert_in_order(engine, database, simulator)
    assert old.keys() <= simulator.state.webhooks.keys()
    end_overlaps(database)
    await apply(engine, simulator, aim=TASKS_ONLY)
    await assert_in_order(engine, database, simulator)
    assert len(simulator.state.webhooks) == len(Kind) + 1
    assert len(old.keys() & live_secrets(database).keys()) == ROTATING_CALLS - max(call, 2)


@BEFORE_AND_AFTER
@pytest.mark.parametrize("call", range(1, ROTATING_CALLS + 1))
async def test_a_rotation_that_died_is_finished_by_the_same_rotation(
    engine: AsyncEngine, database: Database, simulator: RunningSimulator, call: int, taken: bool
) -> None:
    simulator.state.add_webhook(FOREIGN, TASKS, on_create=True)
    await apply(engine, simulator, aim=TASKS_ONLY)
    old = live_secrets(database)
    await die(engine, simulator, ROTATING, call, taken=taken)
    await apply(engine, simulator, aim=ROTATING)
    await assert_in_order(engine, database, simulator)
    assert not old.keys() & live_secrets(database).keys()


async def test_calls_are_as_many_as_the_tests_above_think(
    engine: AsyncEngine, database: Database, simulator: RunningSimulator
) -> None:
    assert await count_calls(engine, simulator, TASKS_ONLY) == CREATING_CALLS
    planned = await plan(engine, simulator, ROTATING)
    assert {type(step) for step in planned.steps} == {Rotate}
    assert await count_calls(engine, simulator, ROTATING) == ROTATING_CALLS
    assert len(registrations(database)) == len(Kind)
