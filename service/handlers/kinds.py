"""What a handler kind is, and what it is built from and into."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel

from service.changes.types import Change
from service.errors import ConfigurationError
from service.handlers.alarms import Alarm, AlarmContext
from service.handlers.context import Context
from service.handlers.types import Failed, Outcome
from service.transport.http import Transport
from service.rules.discipline import Breaker

Options = TypeVar("Options", bound=BaseModel)

Call = Callable[[Change, Context], Awaitable[Outcome]]
"""One attempt. What it raises becomes an outcome by `outcomes.outcome_of`; its time limit is the caller's."""

Tell = Callable[[Alarm, AlarmContext], Awaitable[Outcome]]
"""One attempt at telling of an alarm; the rest as for `Call`."""


async def takes_no_changes(_change: Change, _context: Context) -> Outcome:
    """Stand for the call of a handler that is for alarms only."""
    return Failed("this handler takes alarms, not changes", dead=True)


async def takes_no_alarms(_alarm: Alarm, _context: AlarmContext) -> Outcome:
    """Stand for telling a handler that is for changes only."""
    return Failed("this handler takes changes, not alarms", dead=True)


def utc_now() -> datetime:
    """Say what time it is here (aware UTC). For what we send to others; never for what is stored."""
    return datetime.now(UTC)


async def _nothing_to_close() -> None:
    """Close nothing."""


def _none_abandoned() -> int:
    return 0


@dataclass(frozen=True, slots=True)
class HandlerDeps:
    """What kinds are built from, besides the configuration."""

    directory: Path
    """Where relay.yaml stands; Python modules are found there."""
    now: Callable[[], datetime] = utc_now
    transport: Transport | None = None
    """Replaces the network of outgoing requests, and with it the address guard."""


@dataclass(frozen=True, slots=True)
class HandlerSettings:
    """What every handler has, whatever its kind (CONTRACT §4)."""

    name: str
    kind: str
    retry: tuple[timedelta, ...]
    """n delays for n + 1 attempts (retrying.next_attempt)."""
    timeout: timedelta
    concurrency: int
    ordered: bool
    """Whether a run holds back later runs of its record and handler (`order: record`)."""


@dataclass(frozen=True, slots=True)
class BuiltHandler:
    """What a kind makes of its options."""

    call: Call = takes_no_changes
    tell: Tell = takes_no_alarms
    close: Callable[[], Awaitable[None]] = _nothing_to_close
    """Frees what it holds; called once, at the end of the process."""
    abandoned: Callable[[], int] = _none_abandoned
    """How many calls still run in this process although their time limit has cancelled them."""
    fields: frozenset[str] = frozenset()
    """The field ids that its templates read by name, from `record` and `diff`."""


@dataclass(frozen=True, slots=True)
class BoundHandler(HandlerSettings):
    """A configured handler, ready to be called. Whoever calls it enforces `timeout` and `concurrency`."""

    call: Call = field(repr=False)
    close: Callable[[], Awaitable[None]] = field(repr=False)
    abandoned: Callable[[], int] = field(repr=False)
    tell: Tell = field(default=takes_no_alarms, repr=False)
    fields: frozenset[str] = frozenset()
    """The field ids that its templates read by name."""

    every: timedelta | None = field(default=None, kw_only=True)
    """How long from the beginning of one run to that of the next, at an even pace; None: no `rate`."""
    breaker: Breaker | None = field(default=None, kw_only=True)
    """When it is left alone for a while; None: never."""
    @property
    def takes_changes(self) -> bool:
        """Whether it can stand in a rule."""
        return self.call is not takes_no_changes

    @property
    def takes_alarms(self) -> bool:
        """Whether it can stand under `alarms`."""
        return self.tell is not takes_no_alarms


@dataclass(frozen=True, slots=True)
class HandlerKind(Generic[Options]):
    """A kind of handler: its key in the configuration, its options, how it is built.

    `build` has no effect on the outside beyond importing a user's module; it raises OptionError for what
    only building can find out.
    """

    name: str
    options: type[Options]
    build: Callable[[Options, HandlerSettings, HandlerDeps], BuiltHandler]


class OptionError(ConfigurationError):
    """An option is well-formed but can't be used. `path` leads to it within the handler's options."""

    def __init__(self, message: str, *, path: tuple[str | int, ...] = (), remedy: str | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.path = path
