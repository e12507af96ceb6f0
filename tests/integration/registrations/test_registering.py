"""`webhooks apply` against the simulator and a real database, also cut short and done twice at once."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.budget.lanes import Lane, Limit
from service.budget.ledger import Ledger
from service.db.engine import open_engine
from service.dev.simulators.faults import AnswerFault, Hold
from service.errors import ConfigurationError, RefusedError
from service.fusioo.errors import FusiooError
from service.registrations.steps import Adopt, Create, Finish, Keep, Patch, Recreate, Remove, Retire
from service.sealing import SecretBox
from tests.fixtures.database import Database
from tests.fixtures.registering import (
    BOX,
    CLIENTS,
    PUBLIC,
    TASKS,
    apply,
    live_secrets,
    provided,
    registrations,
    secrets_there,
)
from tests.fixtures.simulator import RunningSimulator
from tests.fixtures.waiting import wait_until_async


@pytest.fixture
def faults(simulator: RunningSimulator) -> Iterator[RunningSimulator]:
    """The simulator, whose held calls are let go in the end."""
    yield simulator
    simulator.state.gate.release()


async def test_all_three_kinds_for_each_app(
    engine: AsyncEngine, database: Database, simulator: RunningSimulator
) -> None:
    applied = await apply(engine, simulator)
    assert applied.count(Create) == 6
    assert {name: app.id for name, app in applied.apps.items()} == {"Tasks": TASKS, CLIENTS: CLIENTS}
    assert registrations(database) == provided(simulator)
    assert len({url for _, _, url, _ in registrations(database)}) == 6
    assert all(url.startswith(f"{PUBLIC}/webhooks/fusioo/") for _, _, url, _ in registrations(database))
    assert live_secrets(database) == secrets_there(simulator)


async def test_secrets_do_not_stand_in_the_database(
    engine: AsyncEngine, database: Database, simulator: RunningSimulator
) -> None:
    await apply(engine, simulator)
    stored = b"".join(
        bytes(sealed) for (sealed,) in database.execute("SELECT sealed FROM registration_secrets")
    )
    assert stored
    assert all(webhook.secret.encode() not in stored for webhook in simulator.state.webhooks.values())


async def test_apps_are_stored_as_described_and_stay_watched(
    engine: AsyncEngine, database: Database, simulator: RunningSimulator
) -> None:
    await apply(engine, simulator, "Tasks")
    query = "SELECT app_id, name, schema->'fields'->0->>'id', watched_since, refreshed_at FROM apps"
    ((app_id, name, field, since, refreshed),) = database.execute(query)
    assert (app_id, name, field) == (TASKS, "Tasks", "title")
    simulator.state.apps[TASKS].name = "Jobs"
    await apply(engine, simulator, TASKS)
    ((_, name, _, since_then, refreshed_then),) = database.execute(query)
    assert name == "Jobs"
    assert since_then == since
    assert refreshed_then > refreshed


async def test_a_second_apply_changes_nothing(
    engine: AsyncEngine, database: Database, simulator: RunningSimulator
) -> None:
    await apply(engine, simulator)
    before = registrations(database), provided(simulator), live_secrets(database)
    applied = await apply(engine, simulator)
    assert applied.count(Keep) == len(applied.steps) == 6
    assert (registrations(database), provided(simulator), live_secrets(database)) == before
    assert len(simulator.calls_of("POST", "/webhooks")) == 6


async def test_calls_are_counted(
    engine: AsyncEngine, database: Database, simulator: RunningSimulator
) -> None:
    limit = Limit(calls=100, window=timedelta(hours=1))
    meter = Ledger(engine, "main", limit, longest=timedelta(seconds=10)).meter(Lane.REGISTRATIONS)
    await apply(engine, simulator, "Tasks", meter=meter)
    counted = database.execute("SELECT endpoint, count(*) FROM calls WHERE status = 200 GROUP BY endpoint")
    assert dict(counted) == {"GET /apps": 1, "GET /webhooks": 1, "POST /webhooks": 3}


async def test_a_changed_public_url_is_patched(
    engine: AsyncEngine, database: Database, simulator: RunningSimulator
) -> None:
    await apply(engine, simulator, "Tasks")
    before = {webhook_id for *_, webhook_id in registrations(database)}
    applied = await apply(engine, simulator, "Tasks", public_url="http://moved.example.com")
    assert applied.count(Patch) == 3
    assert registrations(database) == provided(simulator)
    assert {webhook_id for *_, webhook_id in registrations(database)} == before
    assert all(url.startswith("http://moved.example.com/webhooks/") for _, _, url, _ in provided(simulator))


async def test_vanished_at_the_provider_is_made_anew(
    engine: AsyncEngine, database: Database, simulator: RunningSimulator
) -> None:
    await apply(engine, simulator, "Tasks")
    (_, _, old_url, gone), *_ = registrations(database)
    del simulator.state.webhooks[gone]
    applied = await apply(engine, simulator, "Tasks")
    assert applied.count(Recreate) == 1
    assert registrations(database) == provided(simulator)
    assert old_url not in {url for _, _, url, _ in registrations(database)}
    assert len(live_secrets(database)) == 3


async def test_foreign_webhooks_are_not_touched(
    engine: AsyncEngine, database: Database, simulator: RunningSimulator
) -> None:
    foreign = simulator.state.add_webhook("https://elsewhere.example/hook", TASKS, on_create=True)
    seen = repr(foreign)
    await apply(engine, simulator, "Tasks")
    await apply(engine, simulator, "Tasks", public_url="http://moved.example.com")
    assert repr(simulator.state.webhooks[foreign.id]) == seen
    assert foreign.id not in {webhook_id for *_, webhook_id in registrations(database)}


async def test_an_app_that_no_rule_names_any_more_is_reported_and_kept(
    engine: AsyncEngine, database: Database, simulator: RunningSimulator
) -> None:
    await apply(engine, simulator)
    applied = await apply(engine, simulator, "Tasks")
    assert (applied.count(Keep), applied.count(Retire)) == (3, 3)
    assert len(registrations(database)) == len(provided(simulator)) == 6


async def test_cut_short_while_the_provider_holds_its_answer(
    engine: AsyncEngine, database: Database, faults: RunningSimulator
) -> None:
    faults.state.faults.holds = [Hold(path="/webhooks$", method="POST", times=1)]
    cut = asyncio.create_task(apply(engine, faults, "Tasks"))
    await wait_until_async(lambda: faults.state.gate.held)
    ((key, webhook_id),) = database.execute(
        "SELECT key, webhook_id FROM registrations WHERE status = 'creating'"
    )
    assert webhook_id is None
    assert [webhook.url.endswith(key) for webhook in faults.state.webhooks.values()] == [True]
    cut.cancel()
    with suppress(asyncio.CancelledError):
        await cut
    faults.state.gate.release()
    applied = await apply(engine, faults, "Tasks")
    assert (applied.count(Adopt), applied.count(Create)) == (1, 2)
    assert registrations(database) == provided(faults)
    assert live_secrets(database) == secrets_there(faults)


async def test_cut_short_before_the_provider_heard_of_it(
    engine: AsyncEngine, database: Database, simulator: RunningSimulator
) -> None:
    simulator.state.faults.answers = [AnswerFault(path="/webhooks$", method="POST", status=503)]
    with pytest.raises(FusiooError):
        await apply(engine, simulator, "Tasks")
    assert not simulator.state.webhooks
    ((key,),) = database.execute("SELECT key FROM registrations WHERE status = 'creating'")
    applied = await apply(engine, simulator, "Tasks", public_url="http://moved.example.com")
    assert (applied.count(Finish), applied.count(Create)) == (1, 2)
    assert registrations(database) == provided(simulator)
    assert f"http://moved.example.com/webhooks/fusioo/{key}" in {
        url for _, _, url, _ in registrations(database)
    }


async def test_our_own_commit_fails_after_the_answer(
    engine: AsyncEngine, database: Database, simulator: RunningSimulator
) -> None:
    database.execute("ALTER TABLE registration_secrets ADD CONSTRAINT refused CHECK (false)")
    try:
        with pytest.raises(Exception, match="refused"):
            await apply(engine, simulator, "Tasks")
    finally:
        database.execute("ALTER TABLE registration_secrets DROP CONSTRAINT refused")
    assert len(simulator.state.webhooks) == 1
    applied = await apply(engine, simulator, "Tasks")
    assert applied.count(Adopt) == 1
    assert registrations(database) == provided(simulator)


@pytest.mark.parametrize("other_key", [True, False])
async def test_a_secret_that_we_lack_is_taken_from_the_list(
    engine: AsyncEngine, database: Database, simulator: RunningSimulator, other_key: bool
) -> None:
    await apply(engine, simulator, "Tasks")
    theirs = SecretBox("another key than ours and long enough").seal("sesame")
    if other_key:
        database.execute("UPDATE registration_secrets SET sealed = %s WHERE id %% 3 = 0", [theirs])
    else:
        database.execute("DELETE FROM registration_secrets WHERE id % 3 = 0")
    applied = await apply(engine, simulator, "Tasks")
    assert (applied.count(Adopt), applied.count(Keep)) == (1, 2)
    kept = [bytes(sealed) for (sealed,) in database.execute("SELECT sealed FROM registration_secrets")]
    assert kept.count(theirs) == other_key, "a process with that key may need it"
    assert {BOX.open(sealed) for sealed in kept if sealed != theirs} == set(secrets_there(simulator).values())
    assert (await apply(engine, simulator, "Tasks")).count(Keep) == 3


async def test_a_late_twin_is_removed(
    engine: AsyncEngine, database: Database, simulator: RunningSimulator
) -> None:
    await apply(engine, simulator, "Tasks")
    first = next(iter(simulator.state.webhooks.values()))
    twin = simulator.state.add_webhook(first.url, TASKS, on_create=True)
    applied = await apply(engine, simulator, "Tasks")
    assert applied.count(Remove) == 1
    assert twin.id not in simulator.state.webhooks
    assert registrations(database) == provided(simulator)


async def test_two_at_once_make_no_duplicates(
    engine: AsyncEngine, database: Database, simulator: RunningSimulator
) -> None:
    other = open_engine(database.url, name="other")
    try:
        first, second = await asyncio.gather(apply(engine, simulator), apply(other, simulator))
    finally:
        await other.dispose()
    assert sorted([first.count(Create), second.count(Create)]) == [0, 6]
    assert registrations(database) == provided(simulator)


async def test_another_apply_that_does_not_end_is_named(
    engine: AsyncEngine, faults: RunningSimulator
) -> None:
    faults.state.faults.holds = [Hold(path="/apps", times=1)]
    first = asyncio.create_task(apply(engine, faults, "Tasks"))
    await wait_until_async(lambda: faults.state.gate.held)
    with pytest.raises(RefusedError, match="apply of main"):
        await apply(engine, faults, "Tasks", wait=timedelta(seconds=0.2))
    faults.state.gate.release()
    assert (await first).count(Create) == 3


async def test_no_transaction_is_open_while_the_provider_thinks(
    engine: AsyncEngine, database: Database, faults: RunningSimulator
) -> None:
    faults.state.faults.holds = [Hold(path="/webhooks$", method="POST", times=1)]
    applying = asyncio.create_task(apply(engine, faults, "Tasks"))
    await wait_until_async(lambda: faults.state.gate.held)
    states = database.execute(
        "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    assert states
    assert {state for (state,) in states} == {"idle"}
    faults.state.gate.release()
    await applying


async def test_an_unknown_app_registers_nothing(
    engine: AsyncEngine, database: Database, simulator: RunningSimulator
) -> None:
    with pytest.raises(ConfigurationError, match="did you mean `Tasks`"):
        await apply(engine, simulator, "Clients", "Task")
    assert not simulator.state.webhooks
    assert registrations(database) == []
    assert database.execute("SELECT * FROM apps") == []
