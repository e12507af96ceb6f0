"""The doorbells: what may be said over Redis. Each names where to look, and carries nothing that matters."""

from dataclasses import dataclass
from enum import StrEnum


class QueueName(StrEnum):
    """The queues; each has worker processes of its own, so that none of them waits for another."""

    SETTLE = "settle"
    RUN = "run"
    JOB = "job"


@dataclass(frozen=True, slots=True)
class SettleApp:
    """Deliveries of this app may be pending."""

    account: str
    app_id: str


@dataclass(frozen=True, slots=True)
class ExpandLinks:
    """Rules of this account may wait for linked records."""

    account: str


@dataclass(frozen=True, slots=True)
class RunHandler:
    """Runs of this handler may be ready."""

    handler: str


@dataclass(frozen=True, slots=True)
class TellHandler:
    """This handler may have to be told of alarms."""

    handler: str


@dataclass(frozen=True, slots=True)
class DoJob:
    """This periodic job was called for (`ticks.name`, `ticks.key`)."""

    name: str
    key: str


Doorbell = SettleApp | ExpandLinks | RunHandler | TellHandler | DoJob

EXPAND = "expand"
TELL = "tell"
"""The actors that answer `ExpandLinks` and `TellHandler`; every other one has the name of its queue."""


def queue_of(doorbell: Doorbell) -> QueueName:
    """Tell which queue carries a doorbell."""
    match doorbell:
        case SettleApp() | ExpandLinks():
            return QueueName.SETTLE
        case RunHandler() | TellHandler():
            return QueueName.RUN
        case DoJob():
            return QueueName.JOB


def actor_of(doorbell: Doorbell) -> str:
    """Tell which actor answers a doorbell."""
    match doorbell:
        case ExpandLinks():
            return EXPAND
        case TellHandler():
            return TELL
        case _:
            return queue_of(doorbell).value


def arguments_of(doorbell: Doorbell) -> tuple[str, ...]:
    """Give what travels, in the order in which the actor takes it."""
    match doorbell:
        case SettleApp(account, app_id):
            return (account, app_id)
        case ExpandLinks(account):
            return (account,)
        case RunHandler(handler) | TellHandler(handler):
            return (handler,)
        case DoJob(name, key):
            return (name, key)
