"""What a handler suffers from another one that misbehaves, in the same processes and for the same changes.

The same idle way as in `latency`, with a second handler that runs for each change, and has no breaker.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from benchmarks.backlog import forget_all
from benchmarks.figures import Section
from benchmarks.processes import LOOPBACK
from benchmarks.relay import INSTALLED
from benchmarks.sampling import Sample, milliseconds, sampled_relay, share
from benchmarks.workbench import Workbench

_SAMPLES = 60
_WARM_UP = 10
_ALONE = "rest"
_NEIGHBOURS = {
    _ALONE: "none that misbehaves (it does nothing)",
    "raises": "raises an exception",
    "garbage": "returns garbage",
    "refused": "is `http`, and gets a 500 for each request",
    "hangs": "hangs until its `timeout` (1 s) cancels it",
    "stubborn": "hangs for 3 s, in a thread that can't be cancelled",
    "blocks": "blocks the event loop for 0.3 s",
}


def measure_neighbours(bench: Workbench) -> list[Section]:
    """Measure each neighbour in turn; every sample's own handler must have started."""
    taken: dict[str, list[Sample]] = {}
    with _refusing() as url:
        for name in _NEIGHBOURS:
            forget_all(bench.urls.database_url)
            variables = {"BENCHMARK_NEIGHBOUR": name, "BENCHMARK_REFUSING": url}
            config = INSTALLED / "neighbours.yaml"
            with sampled_relay(bench, config, _WARM_UP + _SAMPLES, variables) as samples:
                taken[name] = samples[_WARM_UP:]
            bench.say(f"beside {name}: p50 {milliseconds(_median(taken[name]))}")
    return [_section(taken)]


def _section(taken: Mapping[str, Sequence[Sample]]) -> Section:
    rows, alone = [], taken[_ALONE]
    for name, what in _NEIGHBOURS.items():
        times = [sample.taken for sample in taken[name]]
        ratio = f"{_median(taken[name]) / _median(alone):.2f}"
        rows.append([what, milliseconds(share(times, 0.5)), milliseconds(share(times, 0.9)), ratio])
    prose = (
        "Two handlers run for each change, in the one process for runs that `relay worker` starts. "
        f"{_SAMPLES} changes for each neighbour, one at a time, a few of them a second; each leads to a run "
        "of either handler. It counts from the POST to the first line of the well-behaved one. The neighbour "
        "has no breaker and its usual `retry` list, so it misbehaves all the time."
    )
    header = ["its neighbour", "POST until the handler starts, p50", "p90", "p50 ÷ alone"]
    return Section("A handler beside one that misbehaves", prose, header, rows)


def _median(samples: Sequence[Sample]) -> float:
    return share([sample.taken for sample in samples], 0.5)


@contextmanager
def _refusing() -> Iterator[str]:
    """A receiver that answers 500 to everything, in a thread."""

    class Refusing(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_error(HTTPStatus.INTERNAL_SERVER_ERROR)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's name for it
            """Say nothing."""

    server = ThreadingHTTPServer((LOOPBACK, 0), Refusing)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
