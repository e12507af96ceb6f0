"""The figures of the whole relay, measured in Postgres: what health judges and the metrics show."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from service.alarms.repository import LastingAlarm, lasting_alarms
from service.budget.lanes import Limit
from service.budget.usage import Usage, read_usage
from service.db.beats import Beats, read_beats
from service.db.counting import COUNTED_AT_MOST
from service.handlers.backlog import RunBacklog, read_run_backlog
from service.inbox.backlog import DeliveryBacklog, read_delivery_backlog
from service.lifecycle import RegistrationStatus
from service.queue.messages import QueueName
from service.reconciles.listing import ReconcileView, list_reconciles
from service.records.origins import Origins, count_origins
from service.registrations.drifts import Webhooks, read_webhooks
from service.registrations.listing import RegistrationView, list_registrations
from service.ticks.lateness import TickLateness, read_lateness
from service.walks.standing import Standing, read_standings

WORKERS = tuple(queue.value for queue in QueueName)
"""The kinds of worker process; each must live."""
SCHEDULER = "scheduler"
DAY = timedelta(days=1)
KINDS = ("web", *WORKERS, SCHEDULER)


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured at one moment."""

    took: timedelta
    """How long Postgres needed for all of it."""
    beats: Mapping[str, Beats]
    """By kind of process, for each of `KINDS`."""
    ticks: Sequence[TickLateness]
    deliveries: DeliveryBacklog
    runs: RunBacklog
    budgets: Mapping[str, Usage]
    """By account, of the configured ones."""
    registrations: Sequence[RegistrationView]
    """The active ones."""
    alarms: Sequence[LastingAlarm]
    webhooks: Webhooks = field(default_factory=Webhooks)
    reconciles: Sequence[ReconcileView] = ()
    origins: Sequence[Origins] = ()
    """By account, of the changes of the last day."""
    sweeps: Mapping[str, Sequence[Standing]] = field(default_factory=dict)
    """By account, when all records of its apps were last read."""


async def measure(engine: AsyncEngine, limits: Mapping[str, Limit], *, lost_after: timedelta) -> Figures:
    """Ask Postgres for everything, in short queries. Raises what the database raises.

    `limits`: the budget of each configured account; `lost_after`: when a process without a beat is lost.
    """
    began = time.perf_counter()
    async with engine.connect() as connection:
        beats = await read_beats(connection, KINDS, lost_after=lost_after)
        ticks = await read_lateness(connection)
        deliveries = await read_delivery_backlog(connection)
        runs = await read_run_backlog(connection)
        budgets = [await read_usage(connection, account, limit) for account, limit in sorted(limits.items())]
        registrations = await list_registrations(
            connection, status=RegistrationStatus.ACTIVE, limit=COUNTED_AT_MOST
        )
        alarms = await lasting_alarms(connection)
        webhooks = await read_webhooks(connection)
        reconciles = await list_reconciles(connection)
        origins = await count_origins(connection, within=DAY)
        sweeps = {account: await read_standings(connection, account) for account in sorted(limits)}
    return Figures(
        took=timedelta(seconds=time.perf_counter() - began),
        beats={one.kind: one for one in beats},
        ticks=ticks,
        deliveries=deliveries,
        runs=runs,
        budgets={usage.account: usage for usage in budgets},
        registrations=registrations,
        alarms=alarms,
        webhooks=webhooks,
        reconciles=reconciles,
        origins=origins,
        sweeps=sweeps,
    )
