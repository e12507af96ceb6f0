"""From figures to health. Pure: what could not be measured is judged too."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from service.alarms.repository import AlarmName, LastingAlarm
from service.pipeline.probes.budgets import judge_budgets
from service.pipeline.probes.checks import Check, CheckName, Checks, Status
from service.pipeline.probes.expected import Expected
from service.pipeline.probes.figures import Figures
from service.pipeline.probes.processes import judge_scheduler, judge_workers
from service.pipeline.probes.reconciles import judge_reconciles
from service.pipeline.probes.sweeps import judge_sweeps
from service.pipeline.probes.webhooks import judge_drifts, judge_registrations
from service.pipeline.probes.work import judge_deliveries, judge_runs

_ALARMS: Mapping[str, tuple[CheckName, Status]] = {
    AlarmName.APP_HALTED: (CheckName.DELIVERIES, Status.WARN),
    # Nothing of the account can work until a person has mended its credentials.
    AlarmName.ACCOUNT_HALTED: (CheckName.DELIVERIES, Status.FAIL),
    AlarmName.FIELD_GONE: (CheckName.REGISTRATIONS, Status.WARN),
    AlarmName.RULE_BROKEN: (CheckName.REGISTRATIONS, Status.WARN),
    AlarmName.DELETIONS_HELD: (CheckName.DELIVERIES, Status.WARN),
    AlarmName.RULES_REFUSED: (CheckName.WORKER, Status.WARN),
    AlarmName.HANDLER_FAILING: (CheckName.RUNS, Status.WARN),
    AlarmName.LOOP_HELD: (CheckName.RUNS, Status.WARN),
    AlarmName.WEBHOOKS_DRIFTED: (CheckName.REGISTRATIONS, Status.WARN),
    AlarmName.WEBHOOK_SILENT: (CheckName.REGISTRATIONS, Status.WARN),
    AlarmName.WEBHOOK_QUIET: (CheckName.REGISTRATIONS, Status.WARN),
}
_STRANGE_ALARM = (CheckName.DELIVERIES, Status.WARN)
"""An alarm that only a newer version knows."""
_UNCONFIGURED = Check(
    Status.WARN,
    "unknown: the configuration was missing or wrong when this process started (see its log)",
)
_UNKNOWN = Check(Status.WARN, "unknown while Postgres can't be read")


@dataclass(frozen=True, slots=True)
class Missed:
    """Something did not answer, and why; without secrets."""

    reason: str


def judge(
    postgres: Figures | Missed,
    redis: timedelta | Missed,
    expected: Expected | None,
    *,
    lost_after: timedelta,
) -> Checks:
    """Judge what was measured: the figures, and how long Redis took to answer.

    `expected` None: the configuration is not known.
    """
    told = {CheckName.REDIS: [_judge_redis(redis)]}
    if isinstance(postgres, Missed):
        told[CheckName.POSTGRES] = [Check(Status.FAIL, postgres.reason)]
    else:
        told |= _judge_figures(postgres, expected, lost_after)
        _add_alarms(told, postgres.alarms)
    return {name: tuple(told.get(name) or [_UNKNOWN]) for name in CheckName}


def _judge_figures(
    figures: Figures, expected: Expected | None, lost_after: timedelta
) -> dict[CheckName, list[Check]]:
    return {
        CheckName.POSTGRES: [Check(Status.PASS, "answers", _milliseconds(figures.took), "ms")],
        CheckName.WORKER: judge_workers(figures.beats, figures.ticks, lost_after=lost_after),
        CheckName.SCHEDULER: judge_scheduler(figures.beats, figures.ticks, lost_after=lost_after),
        CheckName.DELIVERIES: judge_deliveries(figures.deliveries, figures.budgets),
        CheckName.RUNS: judge_runs(figures.runs, expected),
        CheckName.BUDGET: [_UNCONFIGURED] if expected is None else judge_budgets(figures.budgets),
        CheckName.REGISTRATIONS: (
            [_UNCONFIGURED]
            if expected is None
            else judge_registrations(figures.registrations, expected)
            + judge_drifts(figures.webhooks.drifts)
            + judge_reconciles(figures.reconciles, figures.origins, expected)
            + judge_sweeps(figures.sweeps, expected)
        ),
    }


def _judge_redis(redis: timedelta | Missed) -> Check:
    # Nothing is lost without Redis, but no doorbell reaches a worker: nothing is settled, and nothing runs.
    if isinstance(redis, Missed):
        return Check(Status.FAIL, f"{redis.reason}: until it is back, deliveries are only stored")
    return Check(Status.PASS, "answers", _milliseconds(redis), "ms")


def _add_alarms(told: dict[CheckName, list[Check]], alarms: Iterable[LastingAlarm]) -> None:
    for alarm in alarms:
        name, status = _ALARMS.get(alarm.name, _STRANGE_ALARM)
        told[name].append(Check(status, f"{alarm.name}: {alarm.message}"))


def _milliseconds(duration: timedelta) -> float:
    return round(duration.total_seconds() * 1000, 1)
