"""The machine that a page's figures come from: they mean little elsewhere."""

import os
import platform
import statistics
import time
from pathlib import Path

import psycopg

from benchmarks.results import Facts
from service.dev.environment import ServiceUrls

_SYNCS = 500
_PAGE = b"\0" * 8192  # as PostgreSQL writes its log


def describe_machine(urls: ServiceUrls) -> Facts:
    """Name what stays the same from run to run."""
    with psycopg.connect(urls.database_url) as connection:
        settings = {
            name: connection.execute("SELECT current_setting(%s)", [name]).fetchone()
            for name in ("server_version", "fsync", "synchronous_commit")
        }
    shown = {name: row[0] for name, row in settings.items() if row is not None}
    return [
        ("processor", _processor()),
        ("cores", str(os.cpu_count())),
        ("system", f"{platform.system()} {platform.machine()}"),
        ("Python", platform.python_version()),
        ("PostgreSQL", shown["server_version"]),
        ("fsync, synchronous_commit", f"{shown['fsync']}, {shown['synchronous_commit']}"),
    ]


def describe_conditions(directory: Path) -> Facts:
    """Name what may differ from run to run; `directory` is on the disk that the services write to."""
    cuts = statistics.quantiles(_sync_milliseconds(directory), n=100)
    return [
        ("load average", f"{os.getloadavg()[0]:.1f} over the last minute"),
        ("8 KiB written and synced", f"p50 {cuts[49]:.2f} ms, p99 {cuts[98]:.2f} ms of {_SYNCS}"),
    ]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"


def _sync_milliseconds(directory: Path) -> list[float]:
    """How long the disk takes to make a page durable: the floor under every commit."""
    taken = []
    path = directory / "sync.probe"
    with path.open("wb", buffering=0) as file:
        for _ in range(_SYNCS):
            began = time.perf_counter()
            file.write(_PAGE)
            os.fdatasync(file.fileno())
            taken.append((time.perf_counter() - began) * 1000)
    path.unlink()
    return taken
