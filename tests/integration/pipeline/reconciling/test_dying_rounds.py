"""Rounds whose process dies at any call: the next goes on, repeats a page at most, and misses nothing."""

from contextlib import suppress

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.fixtures.database import Database
from tests.fixtures.dying import DiedError, DyingTransport
from tests.fixtures.pipeline import APP
from tests.fixtures.reconciling import PERSON, Ground
from tests.fixtures.simulator import RunningSimulator

MADE = 500
PAGES = 3
CALLS = PAGES + 1
"""And the count."""


@pytest.fixture
def ground(engine: AsyncEngine, database: Database, simulator: RunningSimulator) -> Ground:
    return Ground(engine, database, simulator)


@pytest.mark.parametrize("taken", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, CALLS + 1))
async def test_a_round_that_died_is_gone_on_with(ground: Ground, at: int, *, taken: bool) -> None:
    ground.take_in()
    await ground.reconcile()
    made = ground.records.create_many(APP, ({"title": f"{number}"} for number in range(MADE)), person=PERSON)
    before = ground.asked()
    with suppress(DiedError):
        await ground.reconcile(transport=DyingTransport(at, taken=taken))
        pytest.fail("it should have died")
    await ground.reconcile()
    noticed = [one for (one,) in ground.database.execute("SELECT record_id FROM deliveries")]
    assert sorted(noticed) == sorted(record.id for record in made), "each once"
    assert ground.asked() - before <= CALLS + 2, "a page, and the count"
    await ground.reconcile()
    assert (ground.row()["noticed"], ground.row()["calls"]) == (0, 2)


async def test_one_death_after_the_other_changes_nothing(ground: Ground) -> None:
    ground.take_in()
    await ground.reconcile()
    ground.records.create_many(APP, ({"title": f"{number}"} for number in range(MADE)), person=PERSON)
    for _ in range(PAGES):
        with suppress(DiedError):
            await ground.reconcile(transport=DyingTransport(2))
            pytest.fail("it should have died")
    await ground.reconcile()
    assert ground.database.execute("SELECT count(*), count(DISTINCT record_id) FROM deliveries") == [
        (MADE, MADE)
    ]
