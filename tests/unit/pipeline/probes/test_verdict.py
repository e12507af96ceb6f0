"""From figures to health: every state in which a relay can be, and what is said of it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from service.alarms.repository import AlarmName, LastingAlarm
from service.budget.usage import Usage
from service.db.beats import Beats
from service.handlers.backlog import ReadyHandler, RunBacklog
from service.inbox.backlog import DeliveryBacklog, DueApp
from service.lifecycle import RUN_UNFINISHED
from service.pipeline.probes.checks import Check, CheckName, Checks, Health, Status, worst
from service.pipeline.probes.expected import Expected
from service.pipeline.probes.figures import KINDS, SCHEDULER, WORKERS, Figures
from service.pipeline.probes.processes import SCHEDULERS_OWN
from service.pipeline.probes.verdict import Missed, judge
from service.scheduler.ticking import OVERDUE
from service.ticks.lateness import TickLateness
from tests.fixtures.probing import ACCOUNT, APP, EXPECTED, MOMENT, figures, standing, usage

NO_APPS = replace(EXPECTED, apps={ACCOUNT: ()})
MINUTES = timedelta(minutes=1)


def judged(postgres: Figures | Missed, *, expected: Expected | None = NO_APPS) -> Checks:
    return judge(postgres, timedelta(milliseconds=1), expected, lost_after=timedelta(seconds=15))


def statuses(checks: Checks) -> dict[str, Status]:
    return {name: worst(check.status for check in of) for name, of in checks.items()}


def bad(checks: Checks) -> list[tuple[CheckName, Status, str]]:
    """Every check that is not pass."""
    return [
        (name, check.status, check.output or "")
        for name, of in checks.items()
        for check in of
        if check.status is not Status.PASS
    ]


def test_a_relay_with_nothing_to_do_passes() -> None:
    assert statuses(judged(figures())) == dict.fromkeys(CheckName, Status.PASS)


def test_the_status_of_all_is_the_worst() -> None:
    passed, warned, failed = (Check(status) for status in Status)
    checks = {CheckName.POSTGRES: (passed,), CheckName.RUNS: (passed, warned)}
    assert Health(checks, MOMENT).status is Status.WARN
    assert Health({**checks, CheckName.REDIS: (failed, passed)}, MOMENT).status is Status.FAIL


def test_without_postgres_everything_behind_it_is_unknown() -> None:
    found = statuses(judged(Missed("Postgres did not answer within 2 s")))
    assert found.pop(CheckName.POSTGRES) is Status.FAIL
    assert found.pop(CheckName.REDIS) is Status.PASS
    assert set(found.values()) == {Status.WARN}


def test_without_redis_nothing_is_processed() -> None:
    checks = judge(figures(), Missed("Redis can't be used"), NO_APPS, lost_after=timedelta(seconds=15))
    ((name, status, output),) = bad(checks)
    assert (name, status) == (CheckName.REDIS, Status.FAIL)
    assert "only stored" in output


@pytest.mark.parametrize("kind", [*WORKERS, SCHEDULER])
@pytest.mark.parametrize(
    ("silence", "status"),
    [(14.9, None), (15, Status.FAIL), (4000, Status.FAIL), (None, Status.FAIL)],
)
def test_every_kind_must_beat(kind: str, silence: float | None, status: Status | None) -> None:
    beats = {one: Beats(one, 1, timedelta(0)) for one in KINDS}
    beats[kind] = Beats(kind, 0, None if silence is None else timedelta(seconds=silence))
    name = CheckName.SCHEDULER if kind == SCHEDULER else CheckName.WORKER
    found = bad(judged(figures(beats=beats)))
    assert [each[:2] for each in found] == ([(name, status)] if status else [])
    assert all(kind in output for _, _, output in found)


def test_a_web_process_is_not_asked_for() -> None:
    beats = {one: Beats(one, 1, timedelta(0)) for one in KINDS} | {"web": Beats("web", 0, None)}
    assert bad(judged(figures(beats=beats))) == []


@pytest.mark.parametrize(
    ("tick", "found"),
    [
        (TickLateness("sweep", "", timedelta(seconds=15), None), None),
        (TickLateness("sweep", "", timedelta(seconds=16), None), (CheckName.SCHEDULER, Status.FAIL)),
        (TickLateness("sweep", "", timedelta(0), timedelta(seconds=30)), None),
        (
            TickLateness("sweep", "", timedelta(0), timedelta(seconds=31)),
            (CheckName.SCHEDULER, Status.FAIL),
        ),
        (TickLateness("retention", "", timedelta(0), 10 * MINUTES), None),
        (TickLateness("retention", "", timedelta(0), 11 * MINUTES), (CheckName.WORKER, Status.WARN)),
    ],
)
def test_ticks_that_nobody_takes_or_does(tick: TickLateness, found: tuple[CheckName, Status] | None) -> None:
    assert [each[:2] for each in bad(judged(figures(ticks=[tick])))] == ([found] if found else [])


def test_the_scheduler_answers_these_ticks_itself() -> None:
    assert {"sweep", "alarms", OVERDUE} == SCHEDULERS_OWN


def due(*apps: DueApp, dead: int = 0) -> Figures:
    return figures(deliveries=DeliveryBacklog(len(apps), dead, apps))


@pytest.mark.parametrize(
    ("age", "status"),
    [
        (timedelta(0), None),
        (MINUTES, None),
        (MINUTES * 1.1, Status.WARN),
        (10 * MINUTES, Status.WARN),
        (11 * MINUTES, Status.FAIL),
    ],
)
def test_the_oldest_due_delivery_tells(age: timedelta, status: Status | None) -> None:
    found = bad(judged(due(DueApp(ACCOUNT, APP, age))))
    assert [each[:2] for each in found] == ([(CheckName.DELIVERIES, status)] if status else [])
    assert all(APP in output for _, _, output in found)


@pytest.mark.parametrize(
    ("budget", "told"),
    [
        (usage(used=9, free_at=MOMENT + MINUTES), "next free slot in 1m"),
        (usage(used=1, blocked_until=MOMENT), "429"),
    ],
)
def test_a_spent_budget_explains_a_late_delivery(budget: Usage, told: str) -> None:
    late = due(DueApp(ACCOUNT, APP, 60 * MINUTES))
    found = [each for each in bad(judged(replace(late, budgets={ACCOUNT: budget}))) if APP in each[2]]
    assert [each[:2] for each in found] == [(CheckName.DELIVERIES, Status.WARN)]
    assert told in found[0][2]


def test_the_budget_of_one_account_does_not_explain_another() -> None:
    late = due(DueApp("other", APP, 60 * MINUTES), DueApp(ACCOUNT, APP, 50 * MINUTES))
    found = bad(judged(replace(late, budgets={ACCOUNT: usage(used=9, free_at=MOMENT)})))
    assert [status for name, status, _ in found if name is CheckName.DELIVERIES] == [
        Status.FAIL,
        Status.WARN,
    ]


def test_dead_deliveries_and_dead_runs_warn() -> None:
    runs = RunBacklog(dict.fromkeys(RUN_UNFINISHED, 0), 10_000, ())
    found = bad(judged(replace(due(dead=1), runs=runs)))
    assert [each[:2] for each in found] == [
        (CheckName.DELIVERIES, Status.WARN),
        (CheckName.RUNS, Status.WARN),
    ]
    assert found[0][2].startswith("1 delivery is dead")
    assert found[1][2].startswith("10000 or more runs are dead")


def ready(*handlers: ReadyHandler) -> Figures:
    return figures(runs=RunBacklog(dict.fromkeys(RUN_UNFINISHED, 0), 0, handlers))


@pytest.mark.parametrize(
    ("age", "status"),
    [(None, None), (MINUTES, None), (2 * MINUTES, Status.WARN), (11 * MINUTES, Status.FAIL)],
)
def test_the_oldest_due_run_of_a_handler_tells(age: timedelta | None, status: Status | None) -> None:
    found = bad(judged(ready(ReadyHandler("ops", age))))
    assert [each[:2] for each in found] == ([(CheckName.RUNS, status)] if status else [])


def test_runs_of_a_paused_handler_are_not_late_and_it_says_why_it_is() -> None:
    late = ready(ReadyHandler("ops", 60 * MINUTES))
    paused = (standing("ops", paused_at=MOMENT, paused_because="their maintenance"),)
    ((name, status, output),) = bad(judged(replace(late, runs=replace(late.runs, held_back=paused))))
    assert (name, status) == (CheckName.RUNS, Status.WARN)
    assert output.startswith("paused: ops (their maintenance); `relay resume HANDLER`")


def test_runs_of_a_handler_that_fails_are_not_late_for_its_alarm_tells_of_it() -> None:
    late = ready(ReadyHandler("ops", 60 * MINUTES))
    failing = replace(late.runs, held_back=(standing("ops", opened_at=MOMENT, failures_in_row=10),))
    alarms = [LastingAlarm("handler_failing", "ops", "ops failed 10 times", MOMENT)]
    ((name, status, output),) = bad(judged(replace(late, runs=failing, alarms=alarms)))
    assert (name, status, output) == (CheckName.RUNS, Status.WARN, "handler_failing: ops failed 10 times")


def test_runs_of_a_handler_that_left_are_held_and_never_late() -> None:
    ((name, status, output),) = bad(judged(ready(ReadyHandler("gone", 60 * MINUTES))))
    assert (name, status) == (CheckName.RUNS, Status.WARN)
    assert "held" in output
    assert "gone" in output


def test_without_a_configuration_no_handler_is_held() -> None:
    found = bad(judged(ready(ReadyHandler("gone", 60 * MINUTES)), expected=None))
    assert [each[:2] for each in found] == [
        (CheckName.RUNS, Status.FAIL),
        (CheckName.BUDGET, Status.WARN),
        (CheckName.REGISTRATIONS, Status.WARN),
    ]


@pytest.mark.parametrize(
    ("budget", "status"),
    [
        (usage(used=8), Status.PASS),
        (usage(used=9), Status.WARN),
        (usage(used=5, usable=5, free_at=MOMENT), Status.WARN),  # half of it is a reserve
        (usage(blocked_until=MOMENT), Status.WARN),
    ],
)
def test_a_scarce_budget_warns(budget: Usage, status: Status) -> None:
    (check,) = judged(figures(budgets={ACCOUNT: budget}))[CheckName.BUDGET]
    assert (check.status, check.value, check.unit) == (status, budget.used, "calls")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (AlarmName.APP_HALTED, (CheckName.DELIVERIES, Status.WARN)),
        (AlarmName.ACCOUNT_HALTED, (CheckName.DELIVERIES, Status.FAIL)),
        (AlarmName.FIELD_GONE, (CheckName.REGISTRATIONS, Status.WARN)),
        ("from_the_future", (CheckName.DELIVERIES, Status.WARN)),
    ],
)
def test_a_lasting_alarm_is_told_with_its_message(name: str, found: tuple[Any, ...]) -> None:
    alarm = LastingAlarm(name, ACCOUNT, "it stopped; do this", MOMENT)
    assert bad(judged(figures(alarms=[alarm]))) == [(*found, f"{name}: it stopped; do this")]


def test_every_alarm_has_its_check() -> None:
    for name in AlarmName:
        (told,) = bad(judged(figures(alarms=[LastingAlarm(name, "", "", MOMENT)])))
        assert told[1] is not Status.PASS
