"""What a handler kind is, and what it is built from and into."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.changes.types import Change
from service.errors import ConfigurationError
from service.handlers.alarms import Alarm, AlarmContext
from service.handlers.context import Context
from service.handlers.types import Failed, Outcome
from service.rules.discipline import Breaker
from service.transport.http import Transport

Options = TypeVar("Options", bound=BaseModel)

Call = Callable[[Change, Context], Awaitable[Outcome]]
"""One attempt. What it raises becomes an outcome by `outcomes.outcome_of`; its time limit is the caller's."""

Tell = Callable[[Alarm, AlarmContext], Awaitable[Outcome]]
"""One attempt at telling of an alarm; the rest as for `Call`."""


@dataclass(frozen=True, slots=True)
class OwnBatch:
    """How a kind writes several changes into the relay's own database, in the transaction of their runs."""

    most: int
    """So many at once."""
    prepare: Callable[[], Awaitable[None]]
    """Called before that transaction begins."""
    write: Callable[[AsyncConnection, Sequence[Change]], Awaitable[Sequence[Outcome]]]
    """Gives the outcomes in the order of the changes. What it raises undoes all: they go one by one."""


@dataclass(frozen=True, slots=True)
class BatchApart:
    """How a kind takes several changes at once, where their runs can't be marked with it."""

    most: int
    """So many at once."""
    write: Callable[[Sequence[Change]], Awaitable[Sequence[Outcome]]]
    """Gives the outcomes in the order of the changes. Where it raises they go one by one."""


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
    engine: AsyncEngine | None = None
    """The relay's own database; None: the handlers are not called (the configuration is only checked)."""
    accounts: Mapping[str, str] = field(default_factory=dict)
    """The provider of each configured account; `build_handlers` fills it in."""


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
    every: timedelta | None = field(default=None, kw_only=True)
    """How long from the beginning of one run to that of the next, at an even pace; None: no `rate`."""
    breaker: Breaker | None = field(default=None, kw_only=True)
    """When it is left alone for a while; None: never."""


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
    """The field ids of the record that changed that it names: its templates read them, or it writes them."""
    batch: OwnBatch | BatchApart | None = None
    """How it takes several changes at once; None: it does not."""


@dataclass(frozen=True, slots=True)
class BoundHandler(HandlerSettings):
    """A configured handler, ready to be called. Whoever calls it enforces `timeout` and `concurrency`."""

    call: Call = field(repr=False)
    close: Callable[[], Awaitable[None]] = field(repr=False)
    abandoned: Callable[[], int] = field(repr=False)
    tell: Tell = field(default=takes_no_alarms, repr=False)
    fields: frozenset[str] = frozenset()
    """The field ids of the record that changed that it names."""
    batch: OwnBatch | BatchApart | None = field(default=None, repr=False)

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
