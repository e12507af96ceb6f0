"""A relay as it is installed: `relay web`, `relay worker` and `relay scheduler`."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg

from benchmarks.environment import is_ready, relay_environment
from benchmarks.processes import ROOT, Running, free_port, running, wait_until
from service.dev.environment import ServiceUrls

INSTALLED = ROOT / "benchmarks" / "installed"
"""Where the configurations of measured relays stand, with the handlers that they name."""

COMMAND = Path(sys.executable).with_name("relay")
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
            running("apply", [COMMAND, "webhooks", "apply"], directory=directory, environment=environment)
        )
        assert applied.process.wait(_APPLY_LIMIT) == 0, applied.shown()
        kinds = {
            kind: held.enter_context(
                running(kind, [COMMAND, kind], directory=directory, environment=environment)
            )
            for kind in _KINDS
        }
        wait_until(
            lambda: beating(urls.database_url) >= _BEATING and is_ready(port),
            what="all processes of the relay work",
            processes=list(kinds.values()),
        )
        yield kinds


def wait_until_watching(database_url: str, *, processes: Sequence[Running]) -> None:
    """Wait until each app was reconciled and its records read once: neither comes in between any more."""
    wait_until(
        lambda: _are_watched(database_url),
        what="all apps are reconciled and read once",
        processes=processes,
    )


def _are_watched(database_url: str) -> bool:
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            """
            SELECT count(*) FROM registrations WHERE status = 'active' AND NOT EXISTS (
                SELECT FROM reconciles JOIN walks USING (account, app_id)
                WHERE reconciles.account = registrations.account
                AND reconciles.app_id = registrations.app_id
                AND reconciles.ended_at IS NOT NULL AND walks.ended_at IS NOT NULL)"""
        ).fetchone()
    return row == (0,)


def beating(database_url: str) -> set[str]:
    """Which kinds of processes say that they live."""
    with psycopg.connect(database_url) as connection:
        return {str(kind) for (kind,) in connection.execute("SELECT DISTINCT kind FROM processes")}
