"""What is stored is told: each change once, and its runs when it is known what became of them."""

from sqlalchemy.ext.asyncio import AsyncEngine

from service.dev.up.feed import Feed, Told
from service.lifecycle import RunStatus
from tests.fixtures.database import Database
from tests.fixtures.rows import ACCOUNT, APP, Rows


class Watch:
    """A feed whose clock and looks the test decides about."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.now = 0.0
        self._engine = engine
        self._told: list[Told] = []
        self._feed = Feed(engine, self._told.append, clock=lambda: self.now)

    async def look(self) -> list[Told]:
        async with self._engine.connect() as connection:
            await self._feed.look(connection)
        told, self._told[:] = self._told[:], []
        return told


async def test_a_change_is_told_once_with_its_app_and_its_runs(
    database: Database, engine: AsyncEngine
) -> None:
    rows, watch = Rows(database), Watch(engine)
    rows.change("before")
    assert await watch.look() == []
    database.execute(
        "INSERT INTO apps (account, app_id, name, schema) VALUES (%s, %s, 'Tasks', %s)",
        (ACCOUNT, APP, '{"fields": [{"id": "title", "type": "text"}]}'),
    )
    rows.run(RunStatus.DONE)
    (told,) = await watch.look()
    assert (told.app.name, told.app.title_field, told.change.record_id) == ("Tasks", "title", "r1")
    assert [run.status for run in told.runs] == [RunStatus.DONE]
    assert await watch.look() == []


async def test_runs_are_waited_for_a_moment_and_told_late_when_they_take_longer(
    database: Database, engine: AsyncEngine
) -> None:
    rows, watch = Rows(database), Watch(engine)
    await watch.look()
    run_id = rows.run(RunStatus.READY)
    assert await watch.look() == []
    watch.now = 3.0
    (told,) = await watch.look()
    assert not told.late
    assert [run.status for run in told.runs] == [RunStatus.READY]
    assert await watch.look() == []
    database.execute("UPDATE runs SET status = 'dead', finished_at = now() WHERE id = %s", (run_id,))
    (late,) = await watch.look()
    assert late.late
    assert [run.status for run in late.runs] == [RunStatus.DEAD]
    assert await watch.look() == []


async def test_changes_come_in_their_order_and_unknown_apps_by_their_id(
    database: Database, engine: AsyncEngine
) -> None:
    rows, watch = Rows(database), Watch(engine)
    await watch.look()
    expected = [rows.change(record) for record in ("a", "b", "c")]
    told = await watch.look()
    assert [each.change.id for each in told] == expected
    assert {each.app.name for each in told} == {APP}
