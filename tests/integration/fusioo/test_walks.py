"""Walks of the client through the simulator, over HTTP, while people edit."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from random import Random
from typing import Literal

import pytest

from service.dev.simulators.fusioo.documented import documented_state
from service.dev.simulators.fusioo.example_apps import CLIENTS_ID, example_state
from service.fusioo.client import FusiooClient
from service.fusioo.paging import Paging
from service.fusioo.walking import Progress
from tests.fixtures.simulator import TOKEN, RunningSimulator, simulator_in_thread

COUNT = 1500
PERSON = "Sarah May"
RECORD_WITH_DISCUSSIONS = "i30000"


@pytest.fixture
def company() -> Iterator[RunningSimulator]:
    state = example_state(token=TOKEN, with_records=False)
    for number in range(COUNT):
        state.records.create(
            CLIENTS_ID, {"name": f"client {number}"}, person=PERSON, age=timedelta(minutes=COUNT - number)
        )
    with simulator_in_thread(state) as running:
        yield running


@pytest.fixture
async def client(company: RunningSimulator) -> AsyncIterator[FusiooClient]:
    async with FusiooClient.open(token=TOKEN, timeout=10.0, base_url=company.url) as opened:
        yield opened


def ids_in(company: RunningSimulator) -> list[str]:
    return [record.id for record in company.state.records.live(CLIENTS_ID)]


async def test_a_walk_while_people_edit(company: RunningSimulator, client: FusiooClient) -> None:
    rng = Random(7)  # noqa: S311  repeatable, protects nothing
    records, always = company.state.records, set(ids_in(company))

    def edit(progress: Progress) -> None:
        if progress.calls > 6:
            return
        for gone in rng.sample(ids_in(company), 30):
            records.delete(gone, person=PERSON)
            always.discard(gone)
        for renamed in rng.sample(ids_in(company), 30):
            records.update(renamed, {"name": f"name {rng.random()}"}, person=PERSON)
        records.create(CLIENTS_ID, {"name": "new"}, person=PERSON)

    walk = client.records.walk(CLIENTS_ID, on_progress=edit)
    seen = [record["id"] async for record in walk]
    assert len(seen) == len(set(seen))
    assert always <= set(seen)
    assert (walk.steady, walk.missing, walk.progress.rounds) == (True, 0, 1)
    assert len(company.state.calls) == walk.progress.calls <= 16


async def test_a_walk_with_conditions(client: FusiooClient) -> None:
    paging = Paging(page_size=20, overlap=3)
    walk = client.records.walk(CLIENTS_ID, {"name": {"contains": "client 14"}}, paging=paging)
    names = [record["name"] async for record in walk]
    assert names == [f"client {number}" for number in (14, *range(140, 150), *range(1400, 1500))]
    assert walk.progress.expected == len(names)


@pytest.mark.parametrize("missing", ["left_out", "error", "null"])
async def test_many_ids_under_a_short_url(
    company: RunningSimulator, client: FusiooClient, missing: Literal["left_out", "error", "null"]
) -> None:
    company.state.settings.longest_url = 2000
    company.state.settings.missing_ids = missing
    ids = ids_in(company)[:300]
    gone = ids[77]
    company.state.records.delete(gone, person=PERSON)
    walk = client.records.walk_ids(CLIENTS_ID, ids)
    assert [record["id"] async for record in walk] == [one for one in ids if one != gone]
    assert (walk.absent, walk.hidden) == ([gone], [])
    assert walk.progress.calls < 35


async def test_the_newest_while_people_edit(company: RunningSimulator, client: FusiooClient) -> None:
    ids = ids_in(company)
    until = company.state.clock() - timedelta(minutes=450, seconds=30)
    newest = client.records.newest(CLIENTS_ID, until=until)
    seen = [(await anext(newest))["id"]]
    company.state.records.update(ids[1100], {"name": "edited"}, person=PERSON)
    company.state.records.delete(ids[1400], person=PERSON)
    seen += [record["id"] async for record in newest]
    assert len(seen) == len(set(seen))
    assert set(ids[1050:]) - {ids[1400]} <= set(seen) <= set(ids[1049:])
    assert len(company.state.calls) <= 5


async def test_discussions() -> None:
    with simulator_in_thread(documented_state(token=TOKEN)) as company:
        async with FusiooClient.open(token=TOKEN, timeout=10.0, base_url=company.url) as client:
            made = [
                (await client.discussions.create(RECORD_WITH_DISCUSSIONS, f"number {number}")).id
                for number in range(7)
            ]
            walk = client.discussions.walk(RECORD_WITH_DISCUSSIONS, paging=Paging(page_size=3, overlap=1))
            assert [one.id async for one in walk] == made
            assert walk.progress.expected is None
