"""The last look at the relay as Prometheus gauges. Pure.

Counts stop where health's do: a value of `COUNTED_AT_MOST` means that many or more.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from math import inf
from typing import TypeVar

from prometheus_client.core import GaugeMetricFamily

from service.alarms.repository import AlarmName
from service.budget.usage import Usage
from service.db.counting import COUNTED_AT_MOST
from service.pipeline.probes.checks import Status, worst
from service.pipeline.probes.figures import Figures
from service.pipeline.probes.prober import Look
from service.web.reconcile_gauges import reconcile_gauges
from service.web.sweep_gauges import sweep_gauges

Label = TypeVar("Label", bound=str)

_AT_MOST = f"counted up to {COUNTED_AT_MOST}"


def gauges_of(look: Look) -> Iterator[GaugeMetricFamily]:
    """Give every gauge; without Postgres, only what is known without it."""
    yield _gauge("relay_postgres_up", "Whether Postgres answered.", look.figures is not None)
    yield _gauge("relay_redis_up", "Whether Redis answered.", look.redis_answered)
    statuses = {name: worst(one.status for one in checks) for name, checks in look.health.checks.items()}
    family = GaugeMetricFamily(
        "relay_check_status", "1 for the status that a check of /health has.", labels=["check", "status"]
    )
    for name, found in statuses.items():
        for status in Status:
            family.add_metric([name, status], found is status)
    yield family
    if look.figures is not None:
        yield from _work(look.figures)
        yield from _surroundings(look.figures)


def _work(figures: Figures) -> Iterator[GaugeMetricFamily]:
    deliveries, runs = figures.deliveries, figures.runs
    yield _gauge(
        "relay_deliveries_unfinished", f"Deliveries not yet settled, {_AT_MOST}.", deliveries.unfinished
    )
    yield _gauge(
        "relay_deliveries_oldest_due_age_seconds",
        "For how long the longest due delivery is due.",
        _seconds(max((app.age for app in deliveries.due), default=None)),
    )
    yield _gauge("relay_deliveries_dead", f"Deliveries that are dead, {_AT_MOST}.", deliveries.dead)
    yield _by(
        "relay_runs_unfinished",
        f"Runs not yet finished, by status, {_AT_MOST} together.",
        "status",
        runs.unfinished,
    )
    yield _by(
        "relay_runs_oldest_due_age_seconds",
        "For how long the longest due run of a handler is due; only handlers with ready runs.",
        "handler",
        {each.handler: _seconds(each.age) for each in runs.ready},
    )
    yield _gauge("relay_runs_dead", f"Runs that are dead, {_AT_MOST}.", runs.dead)
    yield _by(
        "relay_handler_paused",
        "1 for a handler that a person paused.",
        "handler",
        {each.handler: 1 for each in runs.held_back if each.paused_at is not None},
    )
    yield _by(
        "relay_handler_failures",
        "How many attempts failed one after the other, of a handler that is left alone for it.",
        "handler",
        {each.handler: each.failures_in_row for each in runs.held_back if each.opened_at is not None},
    )


def _surroundings(figures: Figures) -> Iterator[GaugeMetricFamily]:
    budgets = figures.budgets
    yield _by(
        "relay_processes_alive",
        "Processes whose last beat is recent, by kind.",
        "kind",
        {kind: beats.alive for kind, beats in figures.beats.items()},
    )
    yield from _budgets(budgets)
    yield _by(
        "relay_alarms_lasting",
        "Alarms that last, by name.",
        "alarm",
        {**dict.fromkeys(AlarmName, 0), **Counter(alarm.name for alarm in figures.alarms)},
    )
    yield _by(
        "relay_registrations_active",
        "Webhooks in place at the providers, by account.",
        "account",
        {**dict.fromkeys(budgets, 0), **Counter(one.account for one in figures.registrations)},
    )
    yield from _webhooks(figures)
    yield from reconcile_gauges(figures)
    yield from sweep_gauges(figures)
    yield _gauge(
        "relay_probe_seconds", "Seconds that Postgres took for these figures.", _seconds(figures.took)
    )


def _webhooks(figures: Figures) -> Iterator[GaugeMetricFamily]:
    found = GaugeMetricFamily(
        "relay_registrations",
        "Our webhooks by status; deleted ones left out.",
        labels=["account", "status"],
    )
    for each in figures.webhooks.standing:
        found.add_metric([each.account, each.status], each.number)
    yield found
    silent = Counter(
        alarm.subject.partition("/")[0] for alarm in figures.alarms if alarm.name == AlarmName.WEBHOOK_SILENT
    )
    yield _by(
        "relay_registrations_silent",
        "Our webhooks that did not tell of changes that came.",
        "account",
        {**dict.fromkeys(figures.budgets, 0), **silent},
    )
    yield _by(
        "relay_webhooks_drifted",
        "Webhooks that differ, at the provider, from what we made, and were not mended.",
        "account",
        {drift.account: drift.differences for drift in figures.webhooks.drifts},
    )
    yield _by(
        "relay_webhooks_mended",
        "How many such differences were mended so far, without a person.",
        "account",
        {drift.account: drift.mended for drift in figures.webhooks.drifts},
    )


def _budgets(budgets: Mapping[str, Usage]) -> Iterator[GaugeMetricFamily]:
    yield _by(
        "relay_calls_used",
        "API calls that count in an account's window now.",
        "account",
        {account: usage.used for account, usage in budgets.items()},
    )
    lanes = GaugeMetricFamily(
        "relay_lane_calls_used", "Those calls by what they are for.", labels=["account", "lane"]
    )
    for account, usage in budgets.items():
        for lane, used in usage.lanes.items():
            lanes.add_metric([account, lane], used)
    yield lanes
    yield _by(
        "relay_calls_limit",
        "API calls that an account may make in its window; fewer than configured after a 429.",
        "account",
        {account: usage.limit for account, usage in budgets.items()},
    )
    yield _by(
        "relay_calls_free_seconds",
        "Seconds until settling has a call of an account; 0 while it has one.",
        "account",
        {account: _from(usage, usage.free_at) for account, usage in budgets.items()},
    )
    yield _by(
        "relay_calls_exhausted_seconds",
        "Seconds until settling has none left at the present rate; +Inf where that won't be.",
        "account",
        {account: _exhausted_in(usage) for account, usage in budgets.items()},
    )
    yield _by(
        "relay_account_blocked",
        "Whether the provider answered 429 and an account's calls are held back.",
        "account",
        {account: usage.blocked_until is not None for account, usage in budgets.items()},
    )


def _exhausted_in(usage: Usage) -> float:
    lasts = usage.exhausted_at is None and usage.free_at is None
    return inf if lasts else _from(usage, usage.exhausted_at)


def _from(usage: Usage, at: datetime | None) -> float:
    return 0.0 if at is None else (at - usage.moment).total_seconds()


def _gauge(name: str, meaning: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, meaning, value=value)


def _by(name: str, meaning: str, label: str, values: Mapping[Label, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, meaning, labels=[label])
    for of, value in values.items():
        family.add_metric([of], value)
    return family


def _seconds(duration: timedelta | None) -> float:
    return 0.0 if duration is None else duration.total_seconds()
