"""The simulated Fusioo in a process of its own, edited and asked over HTTP."""

import http.client
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.processes import LOOPBACK, free_port, running, wait_until
from service.dev.simulators.fusioo.example_apps import TASKS_ID

TOKEN = "benchmark"  # noqa: S105  opens a simulator that lives as long as the benchmark

_COMMAND = Path(sys.executable).with_name("relay")
_CALLS_PER_HOUR = 1_000_000


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where the simulator was told to send an app's updates, and what opens it."""

    url: str
    secret: str


@dataclass(frozen=True, slots=True)
class Simulator:
    """A simulator that listens."""

    port: int

    @property
    def url(self) -> str:
        """The base address of its API."""
        return f"http://{LOOPBACK}:{self.port}/v3"

    def tell_nobody(self) -> None:
        """Lose all its own deliveries from now on: whoever edits a record sends them."""
        self._ask("POST", "/_sim/faults", {"deliveries": {"drop_share": 1.0}})

    def fill(self, count: int, *, zone: str) -> None:
        """Put tasks into Tasks whose stamps, like all from now on, are local time of a zone."""
        self._ask("POST", "/_sim/switches", {"stamps": "local", "stamps_zone": zone})
        values = {"title": "Task {number}", "priority": ["Normal"], "notes": "<p>As every month.</p>"}
        self._ask("POST", f"/_sim/bulk/{TASKS_ID}", {"count": count, "values": values, "told": False})

    def create_task(self, **values: Any) -> str:
        """Make a record of the app Tasks as a person would; gives its id."""
        return str(self._ask("POST", f"/_sim/records/{TASKS_ID}", values)["id"])

    def update(self, record_id: str, **values: Any) -> None:
        """Edit a record as a person would."""
        self._ask("PATCH", f"/_sim/records/{record_id}", values)

    def webhook_of_updates(self) -> Webhook:
        """Find the webhook that the relay applied for updates of Tasks."""
        known = self._ask("GET", "/_sim/state")["webhooks"]
        found = next(each for each in known if each["app_id"] == TASKS_ID and each["on_update"])
        return Webhook(found["url"], found["secret"])

    def listens(self) -> bool:
        try:
            self._ask("GET", "/_sim/held")
        except OSError:
            return False
        return True

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=60)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        assert answer.status == http.client.OK, f"{method} {path}: {answer.status} {content[:200]!r}"
        return json.loads(content)


@contextmanager
def running_simulator(directory: Path) -> Iterator[Simulator]:
    """Run `relay simulate fusioo` while the block runs."""
    simulator = Simulator(free_port())
    options = ("--port", str(simulator.port), "--token", TOKEN, "--calls-per-hour", str(_CALLS_PER_HOUR))
    command = (_COMMAND, "simulate", "fusioo", *options)
    with running("simulator", command, directory=directory, environment={}) as process:
        wait_until(simulator.listens, what="the simulator listens", processes=[process])
        yield simulator
