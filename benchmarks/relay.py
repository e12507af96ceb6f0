"""A relay as it is installed: `relay web`, `relay worker` and `relay scheduler`."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg

from benchmarks.environment import is_ready, relay_environment
from benchmarks.processes import ROOT, Running, free_port, running, wait_until
from service.dev.environment import ServiceUrls

INSTALLED = ROOT / "benchmarks" / "installed"
"""Where the configurations of measured relays stand, with the handlers that they name."""

_COMMAND = Path(sys.executable).with_name("relay")
_KINDS = ("web", "worker", "scheduler")
_BEATING = frozenset({"web", "settle", "run", "job", "scheduler"})
_APPLY_LIMIT = 60.0


@contextmanager
def running_relay(
    urls: ServiceUrls, directory: Path, *, config: Path, variables: Mapping[str, str]
) -> Iterator[Mapping[str, Running]]:
    """Apply its webhooks, start all of it, wait until each process works; gives them by kind.

    `variables` are what `config` needs beside the settings. All ends with the block.
    """
    port = free_port()
    environment = {**relay_environment(urls, config=config, port=port), **variables}
    with ExitStack() as held:
        applied = held.enter_context(
            running("apply", [_COMMAND, "webhooks", "apply"], directory=directory, environment=environment)
        )
        assert applied.process.wait(_APPLY_LIMIT) == 0, applied.shown()
        kinds = {
            kind: held.enter_context(
                running(kind, [_COMMAND, kind], directory=directory, environment=environment)
            )
            for kind in _KINDS
        }
        wait_until(
            lambda: beating(urls.database_url) >= _BEATING and is_ready(port),
            what="all processes of the relay work",
            processes=list(kinds.values()),
        )
        yield kinds


def beating(database_url: str) -> set[str]:
    """Which kinds of processes say that they live."""
    with psycopg.connect(database_url) as connection:
        return {str(kind) for (kind,) in connection.execute("SELECT DISTINCT kind FROM processes")}
