"""Compares an account's webhooks at the provider with what they should be, and mends them where it may."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from service.alarms.repository import AlarmName
from service.changes.types import App
from service.fusioo.client import FusiooClient
from service.handlers.clipping import ERROR_LENGTH, clip
from service.pipeline.registering.planning import Aim, Planned
from service.pipeline.registering.register import apply_account
from service.pipeline.watching.alarms import keep_alarms
from service.pipeline.watching.wording import drift_among, has_moved, tell_drift
from service.registrations.drifts import note_comparison
from service.registrations.steps import Expire, Step, Wanted, served_by
from service.sealing import SecretBox

WAIT = timedelta(seconds=5)
"""For a person who applies at the moment; the next tick comes by itself."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Compared:
    """What became of a comparison."""

    mended: frozenset[Wanted]
    moved: bool
    """The relay's own address is another one than the provider was told: nothing was touched."""


@dataclass(frozen=True, slots=True)
class Comparing:
    """How one account is compared."""

    engine: AsyncEngine
    client: FusiooClient = field(repr=False)
    box: SecretBox = field(repr=False)
    aim: Aim
    apps: Mapping[str, App]
    """What the rules name, as it was applied."""
    heal: bool
    """Whether differences are mended; otherwise only told."""

    async def compare(self) -> Compared:
        """Ask the provider, once; mend what differs, or raise the alarm.

        What was replaced and has been for long enough is deleted. Raises what `apply_account` raises; what
        was found until then is told.
        """
        approval = _Approval(heal=self.heal)
        taken: list[Step] = []
        try:
            await apply_account(
                self.engine,
                self.client,
                self.box,
                self.aim,
                apps=self.apps,
                approve=approval.give,
                on_taken=taken.append,
                wait=WAIT,
            )
        except Exception as error:
            if approval.drift:
                said = clip(f"{type(error).__name__}: {error}", ERROR_LENGTH)
                await self._note(_without(approval.drift, taken), mended=drift_among(taken), error=said)
            raise
        mended = drift_among(taken)
        await self._note(_without(approval.drift, taken), mended=mended, moved=approval.moved)
        _log_found(self.aim.account, approval.planned, mended)
        places = (served_by(step) for step in mended)
        return Compared(frozenset(place for place in places if place is not None), approval.moved)

    async def _note(
        self, left: Sequence[Step], *, mended: Sequence[Step], moved: bool = False, error: str | None = None
    ) -> None:
        account = self.aim.account
        names = {app.id: app.name for app in self.apps.values()}
        told = {account: tell_drift(account, left, names, moved=moved, error=error)} if left else {}
        async with self.engine.begin() as connection:
            await keep_alarms(connection, AlarmName.WEBHOOKS_DRIFTED, account, told)
            await note_comparison(connection, account, left=len(left), mended=len(mended))


class _Approval:
    """Looks at the plan, and says whether it is to be carried out."""

    def __init__(self, *, heal: bool) -> None:
        self._heal = heal
        self.planned: Planned | None = None
        self.drift: list[Step] = []
        self.moved = False

    def give(self, planned: Planned) -> bool:
        self.planned, self.drift = planned, drift_among(planned.steps)
        self.moved = has_moved(planned.steps)
        if self.moved:
            return False
        over = any(isinstance(step, Expire) for step in planned.steps)
        return (self._heal or not self.drift) and bool(over or self.drift)


def _without(steps: Sequence[Step], taken: Sequence[Step]) -> list[Step]:
    return [step for step in steps if step not in taken]


def _log_found(account: str, planned: Planned | None, mended: Sequence[Step]) -> None:
    for foreign in planned.foreign if planned else ():
        if foreign.here:
            _log.warning(
                "webhook.foreign_found",
                account=account,
                webhook_id=foreign.theirs.id,
                app_id=foreign.theirs.app_id,
            )
    if mended:
        steps = sorted(type(step).__name__.lower() for step in mended)
        _log.warning("webhooks.healed", account=account, mended=len(mended), steps=steps)
