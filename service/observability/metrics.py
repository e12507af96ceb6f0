"""What a web process counts of its own doing. The registry is a value: nothing is global."""

from prometheus_client import CollectorRegistry, Counter, Histogram

_REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_COMMIT_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


class WebMetrics:
    """Counters of one web process, labelled with its pid: several may answer on one port."""

    def __init__(self, registry: CollectorRegistry, *, pid: int) -> None:
        self.registry = registry
        self._pid = str(pid)
        self._requests = Counter(
            "relay_http_requests",
            "Requests to the web process, by route and status of the answer (none: the sender hung up).",
            ["pid", "route", "status"],
            registry=registry,
        )
        self._request_seconds = Histogram(
            "relay_http_request_seconds",
            "Seconds from the head of a request to the end of its answer, by route.",
            ["pid", "route"],
            buckets=_REQUEST_SECONDS,
            registry=registry,
        )
        self._noted: dict[tuple[str, int | None], tuple[Counter, Histogram]] = {}
        """What counts such a request: to look it up by its labels would cost as much as to count."""
        self._groups = Counter(
            "relay_inbox_groups_committed",
            "Groups of requests whose deliveries were committed together.",
            ["pid"],
            registry=registry,
        )
        self._rows = Counter(
            "relay_inbox_rows_committed", "Deliveries committed.", ["pid"], registry=registry
        )
        self._commit_seconds = Histogram(
            "relay_inbox_commit_seconds",
            "Seconds that one group took to be inserted and committed.",
            ["pid"],
            buckets=_COMMIT_SECONDS,
            registry=registry,
        )

    def note_request(self, route: str, status: int | None, seconds: float) -> None:
        """Count a request. `route` is the pattern that matched; `status` None: nothing was answered."""
        noted = self._noted.get((route, status))
        if noted is None:
            answered = "none" if status is None else str(status)
            noted = self._noted[route, status] = (
                self._requests.labels(self._pid, route, answered),
                self._request_seconds.labels(self._pid, route),
            )
        noted[0].inc()
        noted[1].observe(seconds)

    def note_commit(self, rows: int, seconds: float) -> None:
        """Count a committed group of requests."""
        self._groups.labels(self._pid).inc()
        self._rows.labels(self._pid).inc(rows)
        self._commit_seconds.labels(self._pid).observe(seconds)
