"""Walks through a simulated app over HTTP, kept in the database: what they find and what they leave alone."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from random import Random
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.dev.simulators.fusioo.state import FusiooState
from service.errors import LeaseLostError
from service.fusioo.client import FusiooClient
from service.lifecycle import WalkPurpose
from service.transport.retrying import NO_RETRIES
from service.walks.repository import claim_walk
from tests.fixtures.database import Database
from tests.fixtures.dying import DiedError, DyingTransport
from tests.fixtures.pipeline import rule
from tests.fixtures.simulator import TOKEN, RunningSimulator, simulator_in_thread
from tests.fixtures.walking import (
    ACCOUNT,
    APP,
    PERSON,
    Walking,
    add_record,
    company_of,
    ids_in,
    rulebook_of,
    truth_of,
)

COUNT = 90
CALLS = 8
"""Six pages of 20 that overlap by 4, and two counts."""


@pytest.fixture
def company() -> Iterator[RunningSimulator]:
    with simulator_in_thread(company_of(COUNT)) as running:
        yield running


def made_at(company: RunningSimulator, record_id: str) -> datetime:
    """When a record was made, as its stamp says."""
    return company.state.records.by_id[record_id].created.replace(microsecond=0)


@pytest.fixture
async def client(company: RunningSimulator) -> AsyncIterator[FusiooClient]:
    async with FusiooClient.open(
        token=TOKEN, timeout=10.0, base_url=company.url, retries=NO_RETRIES
    ) as opened:
        yield opened


@pytest.fixture
def walking(engine: AsyncEngine, database: Database, client: FusiooClient) -> Walking:
    made = Walking(engine, database, client)
    made.watch()
    return made


async def test_the_first_walk_takes_everything_in_without_a_change(
    walking: Walking, company: RunningSimulator
) -> None:
    walk = await walking.walk()
    assert walking.names() == truth_of(company.state)
    assert {version for _, version, _ in walking.snapshots().values()} == {0}
    assert (walk.seen, walk.taken_in, walk.noticed, walk.missing, walk.calls) == (COUNT, COUNT, 0, 0, CALLS)
    assert walking.hints() == {}
    assert walking.database.execute("SELECT count(*) FROM changes") == [(0,)]
    assert walking.database.execute("SELECT count(*) FROM walked") == [(0,)]
    ((ended, course),) = walking.database.execute("SELECT ended_at IS NOT NULL, course FROM walks")
    assert (ended, course) == (True, None)


@pytest.mark.parametrize(
    ("purpose", "origin"), [(WalkPurpose.BACKFILL, "backfill"), (WalkPurpose.FULL_SWEEP, "reconcile")]
)
async def test_the_next_walk_notices_what_differs_and_what_is_gone(
    walking: Walking, company: RunningSimulator, purpose: WalkPurpose, origin: str
) -> None:
    await walking.walk()
    edited, gone, unmoved = ids_in(company.state)[10], ids_in(company.state)[40], ids_in(company.state)[60]
    company.state.records.update(edited, {"name": "another name"}, person=PERSON)
    company.state.records.delete(gone, person=PERSON)
    company.state.records.update(unmoved, {"name": "client 60"}, person=PERSON)  # saved as it was
    new = add_record(company.state, 1000)
    walk = await walking.walk(purpose)
    assert walking.hints() == dict.fromkeys((edited, gone, new), origin)
    assert (walk.noticed, walk.absent, walk.taken_in) == (3, 1, 0)
    assert walking.names()[edited] == "client 10", "settling looks itself"


async def test_what_others_wait_for_or_saw_is_left_to_them(
    walking: Walking, company: RunningSimulator
) -> None:
    await walking.walk()
    awaited, seen, gone = ids_in(company.state)[:3]
    for one in (awaited, seen, gone):
        company.state.records.delete(one, person=PERSON)
    walking.database.execute(
        "INSERT INTO deliveries (registration_id, account, app_id, kind, record_id, request_id)"
        " VALUES (%s, %s, %s, 'delete', %s, %s)",
        (uuid4(), ACCOUNT, APP, awaited, uuid4()),
    )
    reader = walking.reader(await walking.begin(WalkPurpose.FULL_SWEEP))
    while not reader.is_read:
        await reader.step()
    walking.database.execute("UPDATE records SET seen = nextval('sight') WHERE record_id = %s", (seen,))
    await reader.finish()
    assert walking.hints() == {awaited: "webhook", gone: "reconcile"}


async def test_an_edit_since_reconcile_watches_is_a_change(
    walking: Walking, company: RunningSimulator
) -> None:
    ids = ids_in(company.state)
    company.state.records.update(ids[5], {"name": "edited lately"}, person=PERSON)
    floor = company.state.records.by_id[ids[-1]].to_json(company.state.records.by_id[ids[-1]].now)
    walking.database.execute(
        "INSERT INTO reconciles (account, app_id, watermark, floor) VALUES (%s, %s, %s, %s)",
        (ACCOUNT, APP, floor["last_modified"], floor["last_modified"]),
    )
    walk = await walking.walk()
    assert walking.hints() == {ids[5]: "backfill"}
    assert (walk.taken_in, walk.noticed) == (COUNT - 1, 1)


async def test_rules_are_run_for_what_was_never_seen(walking: Walking, company: RunningSimulator) -> None:
    known = ids_in(company.state)[:10]
    await walking.walk()
    walking.database.execute("DELETE FROM records WHERE record_id <> ALL(%s)", (known,))
    walking.rulebook = rulebook_of(rule(app=APP))
    walk = await walking.walk(run_rules=True)
    changes = walking.database.execute(
        "SELECT changes.record_id, kind, origin, version, diff"
        " FROM changes JOIN runs ON change_id = changes.id"
    )
    assert {row[0] for row in changes} == set(ids_in(company.state)) - set(known)
    assert {row[1:] for row in changes} == {("update", "backfill", 1, None)}
    assert walk.taken_in == COUNT - len(known)


async def test_a_record_that_cannot_be_kept_stops_no_other(
    walking: Walking, company: RunningSimulator
) -> None:
    poisoned = ids_in(company.state)[33]
    company.state.records.update(poisoned, {"name": "a NUL: \0"}, person=PERSON)
    walk = await walking.walk()
    assert walking.names().keys() == set(ids_in(company.state)) - {poisoned}
    assert (walk.unstored, walk.seen, walk.missing) == (1, COUNT, 0)


async def test_whoever_lost_the_walk_writes_nothing(walking: Walking) -> None:
    reader = walking.reader(await walking.begin())
    await reader.step()
    async with walking.engine.begin() as connection:
        taken_over = await claim_walk(connection, ACCOUNT, APP, WalkPurpose.BACKFILL, token=uuid4())
    with pytest.raises(LeaseLostError, match="somebody else"):
        await reader.step()
    assert taken_over is not None
    other = walking.reader(taken_over)
    while not other.is_read:
        await other.step()
    await other.finish()
    assert other.walk.seen == COUNT


async def test_only_what_was_modified_since(walking: Walking, company: RunningSimulator) -> None:
    ids = ids_in(company.state)
    since = made_at(company, ids[50])
    walk = await walking.walk(since=since)
    assert walking.names().keys() == set(ids[50:])
    assert (walk.seen, walk.absent, walk.calls) == (40, 0, 4)


async def test_an_edit_meanwhile_is_found_at_the_head(walking: Walking, company: RunningSimulator) -> None:
    ids = ids_in(company.state)
    since = made_at(company, ids[50])
    edits = iter([ids[52], None, None, None, None, None, None])

    def edit() -> None:
        if (one := next(edits, None)) is not None:
            company.state.records.update(one, {"name": "at the head now"}, person=PERSON)

    await walking.walk(since=since, meanwhile=edit)
    assert walking.names().keys() == set(ids[50:])
    assert walking.names()[ids[52]] == "at the head now"


@pytest.mark.parametrize("taken", [False, True])
@pytest.mark.parametrize("since_record", [None, 50])
async def test_killed_at_every_call_it_goes_on(
    walking: Walking, company: RunningSimulator, *, taken: bool, since_record: int | None
) -> None:
    ids = ids_in(company.state)
    since = None if since_record is None else made_at(company, ids[since_record])
    at = 1
    while True:
        walking.database.execute("TRUNCATE walks, walked, records CASCADE")
        requests = await _die_and_go_on(walking, company, at=at, taken=taken, since=since)
        assert walking.names() == {
            one: f"client {place}"
            for place, one in enumerate(ids)
            if since_record is None or place >= since_record
        }
        if requests < at:
            break
        at += 1
    assert at == (CALLS if since is None else 4) + 1


async def _die_and_go_on(
    walking: Walking, company: RunningSimulator, *, at: int, taken: bool, since: datetime | None
) -> int:
    """Walk until the process dies at a request; another one goes on. Gives the requests of the first."""
    before = len(company.state.calls)
    dying = DyingTransport(at, taken=taken)
    client = FusiooClient.open(
        token=TOKEN, timeout=10.0, base_url=company.url, retries=NO_RETRIES, transport=dying
    )
    first = Walking(walking.engine, walking.database, client)
    async with client:
        try:
            await first.walk(since=since)
        except DiedError:
            assert dying.calls == at
            await walking.walk(since=since)
            calls = len(company.state.calls) - before
            assert calls <= (CALLS if since is None else 4) + 1, "one call, at most, is made again"
    ((ended,),) = walking.database.execute("SELECT count(*) FROM walks WHERE ended_at IS NOT NULL")
    assert ended == 1
    return dying.calls


async def test_nothing_that_was_there_is_lost_while_people_edit(
    walking: Walking, company: RunningSimulator
) -> None:
    rng = Random(5)  # noqa: S311  repeatable, protects nothing
    state: FusiooState = company.state
    await walking.walk()
    always, calls = set(ids_in(state)), 0

    def edit() -> None:
        nonlocal calls
        calls += 1
        if calls > CALLS:
            return
        for gone in rng.sample(ids_in(state), 6):
            state.records.delete(gone, person=PERSON)
            always.discard(gone)
        for renamed in rng.sample(ids_in(state), 4):
            state.records.update(renamed, {"name": f"name {rng.random()}"}, person=PERSON)
        add_record(state, 1000 + calls)

    walk = await walking.walk(WalkPurpose.FULL_SWEEP, meanwhile=edit)
    assert (walk.steady, walk.missing) == (True, 0)
    assert walk.seen >= len(always)
    told = walking.hints().keys()
    assert {one for one in told if one in always and walking.names()[one] == truth_of(state)[one]} == set()
    await walking.walk(WalkPurpose.FULL_SWEEP)
    different = {one for one, name in truth_of(state).items() if walking.names().get(one) != name}
    gone = walking.names().keys() - truth_of(state).keys()
    assert walking.hints().keys() >= different | gone
