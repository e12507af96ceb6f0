"""Errors that the processes log, found in their files."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

_LOOK_EVERY = 0.5
_BAD = frozenset({"error", "critical"})
_NOT_SHOWN = frozenset({"level", "event", "timestamp", "logger", "exception"})


@dataclass(frozen=True)
class Mistake:
    """One log line of level `error` or worse."""

    part: str
    event: str
    facts: Mapping[str, Any]
    traceback: str | None
    """It stands in the log."""


class LogFollower:
    """Reads what is written to `DIRECTORY/PART.log` from now on, and tells the errors among it."""

    def __init__(self, directory: Path, tell: Callable[[Mistake], None]) -> None:
        self._directory, self._tell = directory, tell
        self._read: dict[Path, int] = {}

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(_LOOK_EVERY)

    def look(self) -> None:
        """Read what came since the last look. A half-written line is left to the next one."""
        for path in sorted(self._directory.glob("*.log")):
            with path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                complete, _, _ = file.read().rpartition(b"\n")
            if complete:
                self._read[path] = self._read.get(path, 0) + len(complete) + 1
                for line in complete.split(b"\n"):
                    self._look_at(path.stem, line)

    def _look_at(self, part: str, line: bytes) -> None:
        entry = _parsed(line)
        if entry.get("level") in _BAD:
            facts = {name: value for name, value in entry.items() if name not in _NOT_SHOWN}
            self._tell(
                Mistake(part, str(entry.get("event")), MappingProxyType(facts), entry.get("exception"))
            )


def _parsed(line: bytes) -> Mapping[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError:  # not every line is ours: an interpreter's last words
        return {}
    return entry if isinstance(entry, dict) else {}
