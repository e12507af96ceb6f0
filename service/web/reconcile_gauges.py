"""What reconciling found, as Prometheus gauges. Pure."""

from collections.abc import Callable, Iterator

from prometheus_client.core import GaugeMetricFamily

from service.pipeline.probes.figures import Figures
from service.reconciles.listing import ReconcileView


def reconcile_gauges(figures: Figures) -> Iterator[GaugeMetricFamily]:
    """Give the gauges of every app's last round, and of where the changes of a day came from."""
    yield _by_app(
        figures,
        "relay_reconcile_age_seconds",
        "Seconds since a round of an app ended.",
        lambda each: None if each.ended_at is None else (each.moment - each.ended_at).total_seconds(),
    )
    yield _by_app(
        figures,
        "relay_reconcile_period_seconds",
        "How often an app is reconciled, as its budget allows.",
        lambda each: None if each.period is None else each.period.total_seconds(),
    )
    yield _by_app(
        figures, "relay_reconcile_calls", "API calls of an app's last round.", lambda each: each.calls
    )
    yield _by_app(
        figures,
        "relay_reconcile_noticed",
        "Records of an app that its last round found to differ.",
        lambda each: each.noticed,
    )
    yield _by_app(
        figures,
        "relay_reconcile_behind_seconds",
        "How old the oldest edit was that it noticed, by the provider's clock.",
        lambda each: each.behind_seconds,
    )
    yield _by_app(
        figures,
        "relay_records_gone",
        "Records of an app that must have been deleted; a full sweep names them.",
        lambda each: each.gone,
    )
    changes = GaugeMetricFamily(
        "relay_changes_lately",
        "Changes of the last day by origin, the newest 10000.",
        labels=["account", "origin"],
    )
    lost = GaugeMetricFamily(
        "relay_changes_lost_per_10000",
        "Of 10000 of them, so many came without a webhook.",
        labels=["account"],
    )
    for each in figures.origins:
        lost.add_metric([each.account], each.lost_per_10000)
        for origin, number in each.changes.items():
            changes.add_metric([each.account, origin], number)
    yield changes
    yield lost


def _by_app(
    figures: Figures, name: str, meaning: str, value: Callable[[ReconcileView], float | None]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, meaning, labels=["account", "app"])
    for each in figures.reconciles:
        found = value(each)
        if found is not None and each.account in figures.budgets:  # others left the configuration
            family.add_metric([each.account, each.app_id], found)
    return family
