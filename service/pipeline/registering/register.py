"""Make the provider's webhooks what the rules need: one per account, app and kind.

Each step is stored before and after the provider hears of it, never in a transaction that waits for it. So an
apply that is cut short anywhere leaves nothing behind that the next one does not recognise and finish.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.changes.types import App
from service.db.locks import Lock
from service.db.session_locks import hold_lock
from service.fusioo import models as fusioo
from service.fusioo.client import FusiooClient
from service.pipeline.checking.mapping import described
from service.pipeline.registering.planning import (
    Aim,
    ListApps,
    Planned,
    Polled,
    compare,
    find_apps,
    plan_polled,
)
from service.pipeline.registering.taking import Taker
from service.registrations import repository
from service.registrations.listings import store_listing
from service.registrations.steps import (
    Adopt,
    Create,
    Expire,
    Finish,
    Foreign,
    Keep,
    Patch,
    Prune,
    Recreate,
    Remove,
    Retire,
    Rotate,
    Step,
)
from service.sealing import SecretBox

_WAIT = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Applied:
    """What an apply found and did."""

    apps: Mapping[str, App]
    """By how the rules name them."""
    names: Mapping[str, str]
    """What these and earlier apps are called, by id."""
    steps: Sequence[Step]
    """Every step was taken, but `Retire`, which is only reported; none if the plan was not approved."""
    foreign: Sequence[Foreign]
    """Webhooks that are somebody else's."""
    polled: Polled | None = None
    """None: the provider has an API for webhooks."""

    def count(self, *kinds: type[Step]) -> int:
        """How many steps there were of these kinds."""
        return sum(isinstance(step, kinds) for step in self.steps)


def approve_all(_planned: Planned) -> bool:
    """Approve of any plan."""
    return True


def tell_nobody(_step: Step) -> None:
    """Tell nobody of a step that was taken."""


async def apply_account(
    engine: AsyncEngine,
    client: FusiooClient,
    box: SecretBox,
    aim: Aim,
    *,
    apps: Mapping[str, App] | None = None,
    approve: Callable[[Planned], bool] = approve_all,
    on_taken: Callable[[Step], None] = tell_nobody,
    wait: timedelta = _WAIT,
    make_key: Callable[[int], str] = secrets.token_urlsafe,
) -> Applied:
    """Register all three kinds for every app that the aim names, and store the apps.

    One apply per account at a time: another one is waited for, for `wait`. May be repeated at any time: what
    is right stays untouched. The client's meter counts the calls: two, and one for each step; one less where
    `apps` says what the references mean (then the apps are not stored anew). `approve` sees the plan before
    anything is done, and nobody else applies meanwhile; `on_taken` hears of each step as it is done.
    Raises ConfigurationError for apps that can't be told, RefusedError when another apply goes on for longer,
    and what the client raises; what was done until then stays and is taken up by the next apply.
    """
    async with hold_lock(engine, Lock.APPLY, aim.account, wait=wait):
        seen: Sequence[fusioo.App] = ()
        if apps is None:
            apps, seen = await find_apps(client.apps.list, aim.references)
        planned = await compare(engine, client, box, aim, apps)
        if not approve(planned):
            return Applied(apps, planned.names, (), planned.foreign)
        if seen:  # before any webhook tells of a record
            async with engine.begin() as connection:
                await _store_apps(connection, aim.account, apps, seen)
        taker = Taker(engine, client, box, aim, make_key, planned.listed)
        for step in planned.steps:
            await taker.take(step)
            on_taken(step)
    applied = Applied(apps, planned.names, planned.steps, planned.foreign)
    _log_applied(aim.account, applied)
    return applied


async def watch_polled(
    engine: AsyncEngine,
    list_apps: ListApps,
    aim: Aim,
    every: timedelta,
    *,
    approve: Callable[[Planned], bool] = approve_all,
) -> Applied:
    """Store the apps of an account whose provider has no API for webhooks: from now on they are watched.

    They are polled, `every` so often. Raises as `apply_account` does.
    """
    async with hold_lock(engine, Lock.APPLY, aim.account, wait=_WAIT):
        apps, seen = await find_apps(list_apps, aim.references)
        planned = await plan_polled(engine, aim, apps, every)
        if approve(planned) and seen:
            async with engine.begin() as connection:
                await _store_apps(connection, aim.account, apps, seen)
    applied = Applied(apps, planned.names, (), (), planned.polled)
    _log_applied(aim.account, applied)
    return applied


def _log_applied(account: str, applied: Applied) -> None:
    structlog.get_logger().info(
        "webhooks.applied",
        account=account,
        apps=len({app.id for app in applied.apps.values()}),
        created=applied.count(Create, Finish, Recreate),
        adopted=applied.count(Adopt),
        patched=applied.count(Patch),
        rotated=applied.count(Rotate),
        removed=applied.count(Remove, Expire),
        pruned=applied.count(Prune),
        kept=applied.count(Keep),
        unwanted=applied.count(Retire),
        foreign=len(applied.foreign),
    )


async def _store_apps(
    connection: AsyncConnection, account: str, apps: Mapping[str, App], seen: Sequence[fusioo.App]
) -> None:
    by_id = {app.id: app for app in seen}
    for app_id in sorted({app.id for app in apps.values()}):
        await repository.store_app(
            connection,
            account=account,
            app_id=app_id,
            name=by_id[app_id].name,
            schema=described(by_id[app_id]),
        )
    await store_listing(connection, account, [described(app) for app in seen])
