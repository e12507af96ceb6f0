"""The processes of a `relay up`: started one after the other, started again when they die, ended together."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from service.dev.up.part import ENDS_WITHIN
from service.dev.up.racing import first_of
from service.errors import RelayError

_STARTS_WITHIN = 60.0
_LOOK_EVERY = 0.05
_LIVED_WELL = 30.0
"""Seconds after which a death is no sequel of the one before."""
_MOST_DEATHS = 5
_FIRST_PAUSE = 0.2
_LOG_SHOWN = 2000


class PartFailedError(RelayError):
    """A process does not start, or dies again and again; the message holds the end of its log."""


@dataclass(frozen=True)
class Part:
    """One process: its name, what `part.main` takes, and how to tell that it works (None: by living)."""

    name: str
    arguments: tuple[str, ...] = ()
    is_ready: Callable[[], Awaitable[bool]] | None = None
    rereads: bool = False
    """Whether it reads the configuration anew at SIGHUP."""
    ends_first: bool = False
    """Whether the others have to outlive it: what it tells them at the end would get lost."""


@dataclass
class _Running:
    part: Part
    process: asyncio.subprocess.Process
    started_at: float
    deaths: int = 0


class Crew:
    """Keeps the processes of one `relay up`; with `async with`, none of them is left at the end."""

    def __init__(
        self, *, environment: Mapping[str, str], logs: Path, lock: int, say: Callable[[str], None]
    ) -> None:
        """Each process writes to a file of its own in `logs`, and inherits the descriptor `lock`."""
        self._environment, self._logs, self._lock, self._say = dict(environment), logs, lock, say
        self._running: list[_Running] = []
        self._keepers: list[asyncio.Task[None]] = []
        self._impatient = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._lifeline, self._our_end = os.pipe()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._end()
        finally:
            os.close(self._our_end)
            os.close(self._lifeline)

    async def start(self, part: Part) -> None:
        """Start a process and wait until it works. Raises PartFailedError when it ends before."""
        log = self.log_of(part.name)
        if log.exists():
            log.replace(log.with_suffix(".log.1"))
        running = _Running(part, await self._spawn(part), time.monotonic())
        self._running.append(running)
        deadline = time.monotonic() + _STARTS_WITHIN
        while part.is_ready is not None and not await part.is_ready():
            if running.process.returncode is not None:
                raise self._failed(part, f"ended while starting ({meaning_of(running.process.returncode)})")
            if time.monotonic() > deadline:
                raise self._failed(part, f"does not work after {_STARTS_WITHIN:g} s")
            await asyncio.sleep(_LOOK_EVERY)
        self._keepers.append(asyncio.create_task(self._keep(running), name=f"keep {part.name}"))

    async def watch(self) -> None:
        """Run until one process dies again and again: raises PartFailedError then."""
        await first_of(*self._keepers)

    def have_reread(self) -> None:
        """Have the processes read the configuration anew that can."""
        for running in self._running:
            if running.part.rereads and running.process.returncode is None:
                with suppress(ProcessLookupError):
                    running.process.send_signal(signal.SIGHUP)

    def hurry(self) -> None:
        """Wait for nothing any more at the end: kill."""
        self._impatient.set()

    def log_of(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    async def _keep(self, running: _Running) -> None:
        while True:
            code = await running.process.wait()
            lived_well = time.monotonic() - running.started_at > _LIVED_WELL
            running.deaths = 1 if lived_well else running.deaths + 1
            if running.deaths >= _MOST_DEATHS:
                raise self._failed(running.part, f"has died {running.deaths} times ({meaning_of(code)})")
            self._say(f"The {running.part.name} has died ({meaning_of(code)}); starting it again.")
            await asyncio.sleep(_FIRST_PAUSE * 2 ** (running.deaths - 1))
            running.process, running.started_at = await self._spawn(running.part), time.monotonic()

    async def _spawn(self, part: Part) -> asyncio.subprocess.Process:
        module = (sys.executable, "-P", "-m", "service.dev.up.part")
        log = os.open(self.log_of(part.name), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            return await asyncio.create_subprocess_exec(
                *(*module, "--lifeline", str(self._lifeline), part.name, *part.arguments),
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(self._lifeline, self._lock),
                start_new_session=True,  # Ctrl-C reaches us, who know in which order to end them
            )
        finally:
            os.close(log)

    async def _end(self) -> None:
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for first in (True, False):
            await self._end_processes([one.process for one in self._running if one.part.ends_first is first])

    async def _end_processes(self, processes: Sequence[asyncio.subprocess.Process]) -> None:
        alive = [process for process in processes if process.returncode is None]
        if not alive:
            return
        for process in alive:
            with suppress(ProcessLookupError):
                process.terminate()
        ended = asyncio.gather(*(process.wait() for process in alive))
        with suppress(TimeoutError):
            async with asyncio.timeout(ENDS_WITHIN + 1):
                await first_of(asyncio.shield(ended), self._impatient.wait())
        for process in alive:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
        await ended

    def _failed(self, part: Part, what: str) -> PartFailedError:
        log = self.log_of(part.name)
        shown = log.read_text(errors="replace")[-_LOG_SHOWN:].strip()
        return PartFailedError(f"the {part.name} {what}; {log} ends with:\n{shown}")


def meaning_of(code: int) -> str:
    """Say how a process ended, from its code (negative: the number of the signal that killed it)."""
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
