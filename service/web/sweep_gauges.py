"""Full sweeps, as Prometheus gauges. Pure."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily

from service.pipeline.probes.figures import Figures


def sweep_gauges(figures: Figures) -> Iterator[GaugeMetricFamily]:
    """Give the gauges of the last walk through all records of each app."""
    took = GaugeMetricFamily(
        "relay_full_sweep_seconds",
        "How long reading all records of an app took, last time.",
        labels=["account", "app"],
    )
    age = GaugeMetricFamily(
        "relay_full_sweep_age_seconds",
        "Seconds since all records of an app were read.",
        labels=["account", "app"],
    )
    for account, standings in figures.sweeps.items():
        for each in standings:
            if each.ended is not None:
                took.add_metric([account, each.app_id], each.ended.took.total_seconds())
                age.add_metric([account, each.app_id], (each.moment - each.ended.ended_at).total_seconds())
    yield took
    yield age
