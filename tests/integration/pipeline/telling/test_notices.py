"""Alarms reach people: each handler under `alarms:` is told once of each onset and once of its end."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from service.alarms.notices import claim_notice, mark_notice
from service.alarms.repository import AlarmName, clear_alarm, raise_alarm
from service.db.engine import open_engine
from service.handlers.alarms import Alarm, AlarmContext
from service.handlers.kinds import BoundHandler
from service.handlers.types import Deferred, Discard, Done, Failed, Outcome, Retry
from service.pipeline.retention import Retention
from service.pipeline.running.marks import mark_of
from service.pipeline.telling.notices import Notices, as_notice_mark
from service.pipeline.telling.tell import Teller
from tests.fixtures.database import Database
from tests.fixtures.pipeline import RungBells, bound, succeed

LOST_AFTER = timedelta(seconds=15)
AT_ONCE, LATER = timedelta(0), timedelta(hours=1)
Told = list[tuple[str, str, bool]]


class Office:
    """Handlers under `alarms:`, and the processes that tell them."""

    def __init__(self, engine: AsyncEngine, database: Database) -> None:
        self.engine, self.database, self.bells = engine, database, RungBells()
        self.told: Told = []
        self.keys: list[str] = []
        self.answers: list[Outcome | Exception] = []
        self.handlers = {"ops": self.handler("ops")}

    def handler(self, name: str, **settings: Any) -> BoundHandler:
        async def tell(alarm: Alarm, context: AlarmContext) -> Outcome:
            self.told.append((context.handler, f"{alarm.name} {alarm.subject}", alarm.is_over))
            self.keys.append(context.idempotency_key)
            answer = self.answers.pop(0) if self.answers else Done()
            if isinstance(answer, Exception):
                raise answer
            return answer

        return bound(succeed, name, **{"tell": tell, **settings})

    def process(self, *, alive: bool = True) -> UUID:
        process_id = uuid4()
        if alive:
            self.database.execute(
                "INSERT INTO processes (id, kind, host, pid, beat_at) VALUES (%s, 'run', 'here', 1, now())",
                (process_id,),
            )
        return process_id

    def teller(self, process_id: UUID | None = None) -> Teller:
        return Teller(
            self.engine,
            process_id=process_id or self.process(),
            handlers=self.handlers,
            bells=self.bells,
            jitter=lambda: 0.5,
        )

    async def sweep(self, *, clearing_waits: timedelta = AT_ONCE) -> None:
        self.bells.told.clear()
        await Notices(
            self.engine,
            handlers=list(self.handlers),
            retries={name: one.retry for name, one in self.handlers.items()},
            lost_after=LOST_AFTER,
            bells=self.bells,
            clearing_waits=clearing_waits,
            jitter=lambda: 0.5,
        ).sweep()

    async def work(self, *, clearing_waits: timedelta = AT_ONCE) -> None:
        """Sweep and tell until nothing is due."""
        await self.sweep(clearing_waits=clearing_waits)
        while self.bells.told:
            for handler in sorted(self.bells.told):
                await self.teller().tell(handler)
            await self.sweep(clearing_waits=clearing_waits)

    async def raise_(self, subject: str = "main", name: AlarmName = AlarmName.ACCOUNT_HALTED) -> None:
        async with self.engine.begin() as connection:
            await raise_alarm(connection, name, subject, f"{subject} is broken; mend it")

    async def clear(self, subject: str = "main", name: AlarmName = AlarmName.ACCOUNT_HALTED) -> None:
        async with self.engine.begin() as connection:
            await clear_alarm(connection, name, subject)

    def notices(self) -> list[tuple[Any, ...]]:
        return self.database.execute("SELECT kind, handler, status, attempts FROM notices ORDER BY seq")

    def make_due(self) -> None:
        self.database.execute("UPDATE notices SET next_at = now() WHERE status = 'ready'")


@pytest.fixture
async def office(database: Database) -> AsyncIterator[Office]:
    engine = open_engine(database.url, name="test")
    yield Office(engine, database)
    await engine.dispose()


RAISED, CLEARED = ("ops", "account_halted main", False), ("ops", "account_halted main", True)


async def test_each_handler_is_told_once_of_an_onset_and_once_of_its_end(office: Office) -> None:
    office.handlers["mail"] = office.handler("mail")
    for _ in range(3):
        await office.raise_()
        await office.work()
    assert sorted(office.told) == [("mail", *RAISED[1:]), RAISED]
    for _ in range(2):
        await office.clear()
        await office.work()
    assert sorted(office.told[2:]) == [("mail", *CLEARED[1:]), CLEARED]
    assert len(set(office.keys)) == 4
    assert {status for _, _, status, _ in office.notices()} == {"done"}


async def test_what_is_undone_is_not_told(office: Office) -> None:
    async with office.engine.connect() as connection:
        await raise_alarm(connection, AlarmName.APP_HALTED, "main/a", "gone")
        await connection.rollback()
    await office.work()
    assert office.told == []


async def test_without_handlers_nobody_is_told_later_either(office: Office) -> None:
    handlers, office.handlers = office.handlers, {}
    await office.raise_()
    await office.work()
    office.handlers = handlers
    await office.work()
    assert office.told == []


async def test_an_end_waits_and_is_not_told_when_the_alarm_comes_back(office: Office) -> None:
    await office.raise_()
    await office.work(clearing_waits=LATER)
    ((since,),) = office.database.execute("SELECT raised_at FROM alarms")
    for _ in range(3):
        await office.clear()
        await office.work(clearing_waits=LATER)
        await office.raise_()
        await office.work(clearing_waits=LATER)
    assert office.told == [RAISED]
    await office.clear()
    await office.work(clearing_waits=LATER)
    assert office.told == [RAISED]
    office.make_due()
    await office.work()
    assert office.told == [RAISED, CLEARED]
    assert office.database.execute("SELECT DISTINCT since FROM notices") == [(since,)]


async def test_an_end_that_was_tried_is_not_taken_back(office: Office) -> None:
    await office.raise_()
    await office.work()
    office.answers = [Failed("no answer"), Failed("no answer"), Failed("no answer")]
    await office.clear()
    office.handlers = {"ops": office.handler("ops", retry=(LATER,))}
    await office.work()
    await office.raise_()
    await office.work()
    assert office.told == [RAISED, CLEARED], "the return waits for what was said before"
    office.make_due()
    office.answers = []
    await office.work()
    assert office.told == [RAISED, CLEARED, CLEARED, RAISED]


async def test_a_short_alarm_is_told_in_order(office: Office) -> None:
    await office.raise_()
    await office.clear()
    office.answers = [Failed("no answer")]
    await office.work()
    assert office.told == [RAISED, RAISED, CLEARED]
    assert office.keys[0] == office.keys[1] != office.keys[2]


async def test_one_subject_that_cannot_be_told_holds_no_other_back(office: Office) -> None:
    office.handlers = {"ops": office.handler("ops", retry=(LATER,))}
    office.answers = [Failed("no answer")]
    await office.raise_()
    await office.raise_("other")
    await office.clear()
    await office.work()
    assert office.told == [RAISED, ("ops", "account_halted other", False)]


@pytest.mark.parametrize(
    ("answer", "ended"),
    [
        (Failed("no answer"), [("raised", "ops", "dead", 3)]),
        (RuntimeError("boom"), [("raised", "ops", "dead", 3)]),
        (Retry(after=0), [("raised", "ops", "dead", 3)]),
        (Failed("410", dead=True), [("raised", "ops", "dead", 1)]),
        (Discard("not for me"), [("raised", "ops", "discarded", 1)]),
    ],
)
async def test_it_is_tried_as_often_as_the_retry_list_says(
    office: Office, answer: Outcome | Exception, ended: list[tuple[Any, ...]]
) -> None:
    office.answers = [answer] * 5
    await office.raise_()
    with capture_logs() as logged:
        await office.work()
    assert office.notices() == ended
    assert len(set(office.keys)) == 1
    levels = [line["log_level"] for line in logged if line["event"] == "notice.attempted"]
    assert levels[-1] == ("error" if ended[0][2] == "dead" else "info")


async def test_no_failure_to_tell_raises_an_alarm(office: Office) -> None:
    office.answers = [RuntimeError("boom")] * 3
    await office.raise_()
    await office.work()
    assert office.database.execute("SELECT name FROM alarms") == [("account_halted",)]


async def test_what_is_deferred_is_no_try(office: Office) -> None:
    office.answers = [Deferred("no call left", after=3600)]
    await office.raise_()
    await office.work()
    assert office.notices() == [("raised", "ops", "ready", 0)]
    office.make_due()
    await office.work()
    assert office.notices() == [("raised", "ops", "done", 1)]


async def test_a_handler_past_its_limit_is_cancelled(office: Office) -> None:
    async def hang(_alarm: Alarm, _context: AlarmContext) -> Outcome:
        await asyncio.Event().wait()
        return Done()

    office.handlers = {"ops": office.handler("ops", tell=hang, timeout=timedelta(milliseconds=10), retry=())}
    await office.raise_()
    await office.work()
    assert office.database.execute("SELECT status, error FROM notices") == [
        ("dead", "not done within 10ms (the handler's `timeout`)")
    ]


async def test_a_lost_process_is_replaced_and_can_do_nothing_more(office: Office) -> None:
    await office.raise_()
    await office.sweep()
    async with office.engine.begin() as connection:
        lost = await claim_notice(connection, "ops", token=uuid4(), holder=office.process(alive=False))
    assert lost is not None
    await office.work()
    assert office.told == [RAISED]
    assert office.notices() == [("raised", "ops", "done", 2)]
    mark = as_notice_mark(mark_of(Failed("late"), (), attempts=1, jitter=0.5))
    async with office.engine.begin() as connection:
        assert not await mark_notice(connection, lost, mark)


async def test_one_notice_is_told_at_a_time_whoever_asks(office: Office) -> None:
    for subject in ("main", "other"):
        await office.raise_(subject)
    await office.sweep()
    process = office.process()
    async with office.engine.begin() as connection:
        assert await claim_notice(connection, "ops", token=uuid4(), holder=process) is not None
    async with office.engine.begin() as connection:
        assert await claim_notice(connection, "ops", token=uuid4(), holder=process) is None


async def test_schedulers_at_once_write_each_notice_once(office: Office) -> None:
    for number in range(10):
        await office.raise_(str(number))
    await asyncio.gather(*(office.sweep() for _ in range(4)))
    assert len(office.notices()) == 10


async def test_a_handler_that_left_keeps_its_notices_until_it_is_back(office: Office) -> None:
    await office.raise_()
    await office.sweep()
    handlers, office.handlers = office.handlers, {}
    await office.work()
    assert office.bells.told == set()
    await office.teller().tell("ops")
    office.handlers = handlers
    await office.work()
    assert office.told == [RAISED]


async def test_a_teller_that_winds_down_claims_nothing(office: Office) -> None:
    await office.raise_()
    await office.sweep()
    teller = office.teller()
    teller.wind_down()
    await teller.tell("ops")
    assert office.notices() == [("raised", "ops", "ready", 0)]


async def test_alarms_are_forgotten_when_all_is_told(office: Office) -> None:
    forget = Retention(office.engine, deliveries=LATER, changes=LATER).forget
    await office.raise_()
    await office.clear()
    office.database.execute("UPDATE alarms SET cleared_at = now() - interval '31 days'")
    await forget()
    assert office.database.execute("SELECT count(*) FROM alarms") == [(1,)], "nobody was told yet"
    await office.sweep()
    await forget()
    assert office.database.execute("SELECT count(*) FROM alarms") == [(1,)], "not all were told yet"
    await office.work()
    await forget()
    assert office.database.execute("SELECT count(*) FROM alarms") == [(0,)]
    assert office.notices() == []


async def test_a_handler_that_is_stuck_is_told_nothing_and_not_rung_for(office: Office) -> None:
    stuck = [1]
    office.handlers["ops"] = office.handler("ops", abandoned=lambda: stuck[0])
    await office.raise_()
    await office.sweep()
    office.bells.told.clear()
    teller = office.teller()
    await teller.tell("ops")
    assert (teller.stuck_handlers(), office.told, office.bells.told) == ({"ops"}, [], set())
    stuck[0] = 0
    await teller.tell("ops")
    assert (teller.stuck_handlers(), office.told) == (set(), [RAISED])
