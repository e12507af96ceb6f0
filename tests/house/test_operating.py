"""What docs/guide/operating.md lists is what the code has: checks, metrics, alarms, events, times."""

import ast
import re
from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric

from service.alarms.repository import AlarmName, LastingAlarm
from service.clock import format_duration
from service.config import Settings
from service.db.counting import COUNTED_AT_MOST
from service.handlers.backlog import ReadyHandler, RunBacklog
from service.lifecycle import RUN_UNFINISHED
from service.observability.metrics import WebMetrics
from service.pipeline.probes import processes, work
from service.pipeline.probes.checks import CheckName, Health
from service.pipeline.probes.prober import Look
from service.pipeline.probes.verdict import judge
from service.pipeline.retention import SMALL_AGES
from service.records.halts import HALT_PAUSE
from service.rules.schema import Retention
from service.web.gauges import gauges_of
from tests.fixtures.probing import EXPECTED, MOMENT, ORIGINS, RECONCILED, SWEPT, WEBHOOKS, figures, standing
from tests.fixtures.source import ROOT, modules

PAGE = (ROOT / "docs" / "guide" / "operating.md").read_text("utf-8")


def rows_of(heading: str) -> list[list[str]]:
    """The cells of the first table under a heading, without its titles."""
    below = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    tables = re.findall(r"(?:^\|.*\n)+", below, re.MULTILINE)
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in tables[-1].splitlines()[2:]]


def names_in(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def row_of(heading: str, name: str) -> str:
    (row,) = [" ".join(row) for row in rows_of(heading) if name in row[0]]
    return row


def families() -> list[Metric]:
    """Every metric, each with at least one sample."""
    registry = CollectorRegistry()
    metrics = WebMetrics(registry, pid=7)
    metrics.note_request("none", 202, 0.1)
    metrics.note_commit(1, 0.1)
    busy = figures(
        runs=RunBacklog(
            dict.fromkeys(RUN_UNFINISHED, 1),
            0,
            (ReadyHandler("ops", timedelta(0)),),
            (standing("ops", paused_at=MOMENT, opened_at=MOMENT),),
        ),
        alarms=[LastingAlarm("app_halted", "a", "", MOMENT)],
        webhooks=WEBHOOKS,
        reconciles=[RECONCILED],
        origins=ORIGINS,
        sweeps=SWEPT,
    )
    checks = judge(busy, timedelta(0), EXPECTED, lost_after=timedelta(seconds=15))
    look = Look(Health(checks, MOMENT), busy, redis_answered=True)
    return [*gauges_of(look), *registry.collect()]


def test_every_check_of_health_is_explained() -> None:
    assert [names_in(row[0]) for row in rows_of("Is it well?")] == [[name] for name in CheckName]


@pytest.mark.parametrize(
    ("check", "time"),
    [
        ("worker", processes.UNDONE_WARNS),
        ("worker", Settings.model_fields["lost_after"].default),
        ("scheduler", Settings.model_fields["lost_after"].default),
        ("scheduler", processes.UNSWEPT_FAILS),
        ("deliveries", work.LATE_WARNS),
        ("deliveries", work.LATE_FAILS),
        ("runs", work.LATE_WARNS),
        ("runs", work.LATE_FAILS),
    ],
)
def test_checks_are_explained_with_their_times(check: str, time: timedelta) -> None:
    assert format_duration(time) in names_in(row_of("Is it well?", check))


def test_every_metric_is_listed_with_type_and_labels() -> None:
    listed = {names_in(row[0])[0]: (row[1], set(names_in(row[2]))) for row in rows_of("Metrics")}
    there = {
        family.name + ("_total" if family.type == "counter" else ""): (
            family.type,
            set(family.samples[0].labels) - {"le"},
        )
        for family in families()
    }
    assert listed == there
    assert f"{COUNTED_AT_MOST:,}" in PAGE


def test_every_alarm_is_listed() -> None:
    assert sorted(names_in(row[0])[0] for row in rows_of("Alarms")) == sorted(AlarmName)
    assert f"every {HALT_PAUSE // timedelta(minutes=1)} minutes" in row_of("Alarms", "account_halted")


def test_events_exist_with_their_levels() -> None:
    """Levels of an event that is written in several places are all named."""
    written: dict[str, set[str]] = {}
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                for argument in node.args[:2]:
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                        written.setdefault(argument.value, set()).add(node.func.attr)
    for row in rows_of("Logs"):
        levels = set(row[1].split(", "))
        found = set[str]().union(*(written.get(event, {f"no {event}"}) for event in names_in(row[0])))
        assert found <= levels | {"log"}, row[0]


def test_ages_are_those_of_the_code() -> None:
    kept = Retention()
    assert f"({kept.deliveries.days} days)" in row_of("What is kept, and for how long", "settled deliveries")
    assert f"({kept.changes.days} days)" in row_of(
        "What is kept, and for how long", "changes with their runs and"
    )
    assert f"{SMALL_AGES['alarms'].days} days" in row_of("What is kept, and for how long", "cleared alarms")
    assert {SMALL_AGES["calls"], SMALL_AGES["processes"]} == {timedelta(days=1)}
