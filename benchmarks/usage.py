"""The CPU time that processes have used, from Linux's /proc."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
# Places behind the command's name in /proc/PID/stat (proc(5)): state is field 3.
_PARENT, _USER, _SYSTEM, _REAPED_USER, _REAPED_SYSTEM = 4 - 3, 14 - 3, 15 - 3, 16 - 3, 17 - 3


def cpu_seconds(pid: int) -> float:
    """What one process has used itself, all its threads together."""
    return _seconds(_stat(pid), _USER, _SYSTEM)


def postgres_cpu_seconds(database_url: str) -> float:
    """What a server on this machine has used: its parent process and all connections, ended ones too."""
    with psycopg.connect(database_url) as connection:
        parent = int(_stat(connection.info.backend_pid)[_PARENT])
        used = _seconds(_stat(parent), _USER, _SYSTEM, _REAPED_USER, _REAPED_SYSTEM)
        return used + sum(_seconds(stat, _USER, _SYSTEM) for _, stat in _children(parent))


def children_of(parent: int) -> list[int]:
    """The processes that a process has started and not yet seen end."""
    return [pid for pid, _ in _children(parent)]


def _children(parent: int) -> Iterator[tuple[int, list[str]]]:
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            with suppress(FileNotFoundError, ProcessLookupError):
                stat = _stat(int(entry.name))
                if int(stat[_PARENT]) == parent:
                    yield int(entry.name), stat


def _stat(pid: int) -> list[str]:
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _seconds(stat: list[str], *places: int) -> float:
    return sum(int(stat[place]) for place in places) / _TICKS
