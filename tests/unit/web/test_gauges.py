"""Every metric has a name with its unit, a help text, and the right value."""

from dataclasses import replace
from datetime import timedelta
from math import inf

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric

from service.alarms.repository import LastingAlarm
from service.budget.lanes import Lane
from service.handlers.backlog import ReadyHandler, RunBacklog
from service.inbox.backlog import DeliveryBacklog, DueApp
from service.lifecycle import RUN_UNFINISHED, RunStatus
from service.observability.metrics import WebMetrics
from service.pipeline.probes.checks import CheckName, Health
from service.pipeline.probes.prober import Look
from service.pipeline.probes.verdict import Missed, judge
from service.web.gauges import gauges_of
from tests.fixtures.probing import (
    EXPECTED,
    MOMENT,
    ORIGINS,
    RECONCILED,
    SWEPT,
    WEBHOOKS,
    figures,
    standing,
    usage,
)

FIGURES = figures(
    deliveries=DeliveryBacklog(7, 2, (DueApp("main", "a", timedelta(seconds=90)),)),
    runs=RunBacklog(
        {**dict.fromkeys(RUN_UNFINISHED, 0), RunStatus.READY: 4, RunStatus.WAITING: 3},
        5,
        (ReadyHandler("ops", timedelta(seconds=12)), ReadyHandler("audit", None)),
        (standing("audit", paused_at=MOMENT), standing("ops", opened_at=MOMENT, failures_in_row=12)),
    ),
    budgets={
        "main": usage(used=6, lanes={Lane.SETTLE: 4, Lane.HANDLERS: 2}, blocked_until=MOMENT),
        "other": usage(free_at=MOMENT + timedelta(seconds=7)),
        "busy": usage(exhausted_at=MOMENT + timedelta(minutes=2)),
    },
    alarms=[
        *(LastingAlarm("app_halted", subject, "", MOMENT) for subject in ("a", "b")),
        LastingAlarm("webhook_silent", "main/ia4f42/update", "", MOMENT),
    ],
    webhooks=WEBHOOKS,
    reconciles=[RECONCILED, replace(RECONCILED, account="left the configuration")],
    origins=ORIGINS,
    sweeps=SWEPT,
)
COUNTED_THINGS = (
    *("unfinished", "dead", "alive", "used", "limit", "lasting", "active", "failures"),
    *("registrations", "silent", "drifted", "mended"),
    *("calls", "noticed", "gone", "lately", "lost_per_10000"),
)
"""Names that end in one of these count the things that they begin with."""
STATES = ("up", "status", "blocked", "paused")


def look(postgres: object = FIGURES) -> Look:
    there = FIGURES if postgres is FIGURES else None
    checks = judge(there or Missed("away"), timedelta(0), EXPECTED, lost_after=timedelta(seconds=15))
    return Look(Health(checks, MOMENT), there, redis_answered=True)


def value(name: str, **labels: str) -> float:
    (found,) = (
        sample.value
        for family in gauges_of(look())
        for sample in family.samples
        if (sample.name, sample.labels) == (name, labels)
    )
    return float(found)


def counted() -> CollectorRegistry:
    registry = CollectorRegistry()
    metrics = WebMetrics(registry, pid=7)
    metrics.note_request("/webhooks/{provider}/{key}", 202, 0.002)
    metrics.note_request("none", None, 0.1)
    metrics.note_commit(3, 0.004)
    return registry


def families() -> list[Metric]:
    return [*gauges_of(look()), *counted().collect()]


@pytest.mark.parametrize("family", families(), ids=lambda family: str(family.name))
def test_every_metric_has_a_name_of_ours_with_its_unit_and_help(family: Metric) -> None:
    assert family.name.startswith("relay_")
    assert family.documentation.endswith(".")
    endings = ("seconds", "requests", "committed", *COUNTED_THINGS, *STATES)
    assert family.name.endswith(endings)
    assert family.samples


def test_reconciling_is_told_of_the_apps_of_configured_accounts() -> None:
    assert value("relay_reconcile_noticed", account="main", app="ia4f42") == 1
    assert value("relay_reconcile_period_seconds", account="main", app="ia4f42") == 900
    assert value("relay_changes_lost_per_10000", account="main") == 100
    (noticed,) = [each for each in gauges_of(look()) if each.name == "relay_reconcile_noticed"]
    assert [sample.labels["account"] for sample in noticed.samples] == ["main"]


def test_no_name_is_used_twice() -> None:
    names = [family.name for family in families()]
    assert len(names) == len(set(names))


def test_the_figures_are_those_of_the_look() -> None:
    assert value("relay_deliveries_unfinished") == 7
    assert value("relay_deliveries_oldest_due_age_seconds") == 90
    assert value("relay_deliveries_dead") == 2
    assert value("relay_runs_unfinished", status="ready") == 4
    assert value("relay_runs_unfinished", status="waiting") == 3
    assert value("relay_registrations", account="main", status="active") == 3
    assert value("relay_registrations_silent", account="main") == 1
    assert value("relay_registrations_silent", account="other") == 0
    assert value("relay_webhooks_mended", account="main") == 2
    assert value("relay_runs_dead") == 5
    assert value("relay_handler_paused", handler="audit") == 1
    assert value("relay_handler_failures", handler="ops") == 12
    assert value("relay_runs_oldest_due_age_seconds", handler="ops") == 12
    assert value("relay_runs_oldest_due_age_seconds", handler="audit") == 0
    assert value("relay_processes_alive", kind="settle") == 1
    assert value("relay_calls_used", account="main") == 6
    assert value("relay_calls_limit", account="main") == 10
    assert value("relay_lane_calls_used", account="main", lane="settle") == 4
    assert value("relay_lane_calls_used", account="main", lane="handlers") == 2
    assert value("relay_calls_free_seconds", account="main") == 0
    assert value("relay_calls_free_seconds", account="other") == 7
    assert value("relay_calls_exhausted_seconds", account="busy") == 120
    assert value("relay_calls_exhausted_seconds", account="other") == 0, "it has none now"
    assert value("relay_calls_exhausted_seconds", account="main") == inf
    assert value("relay_account_blocked", account="main") == 1
    assert value("relay_account_blocked", account="other") == 0
    assert value("relay_alarms_lasting", alarm="app_halted") == 2
    assert value("relay_alarms_lasting", alarm="field_gone") == 0
    assert value("relay_registrations_active", account="main") == 0
    assert value("relay_check_status", check="budget", status="warn") == 1
    assert value("relay_check_status", check="budget", status="pass") == 0


def test_without_postgres_only_what_is_known_is_told() -> None:
    told = {family.name: family.samples for family in gauges_of(look(None))}
    assert set(told) == {"relay_postgres_up", "relay_redis_up", "relay_check_status"}
    assert [sample.value for sample in told["relay_postgres_up"]] == [0]
    assert len(told["relay_check_status"]) == 3 * len(CheckName)


def test_a_web_process_counts_its_own_doing() -> None:
    registry = counted()
    requests = {"pid": "7", "route": "/webhooks/{provider}/{key}", "status": "202"}
    assert registry.get_sample_value("relay_http_requests_total", requests) == 1
    gone = {"pid": "7", "route": "none", "status": "none"}
    assert registry.get_sample_value("relay_http_requests_total", gone) == 1
    assert registry.get_sample_value("relay_inbox_groups_committed_total", {"pid": "7"}) == 1
    assert registry.get_sample_value("relay_inbox_rows_committed_total", {"pid": "7"}) == 3
    assert registry.get_sample_value("relay_inbox_commit_seconds_sum", {"pid": "7"}) == 0.004
