"""Whether what a look did not find may be taken for deleted: not while too much of an app is missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from sqlalchemy.ext.asyncio import AsyncConnection

from service.alarms.repository import AlarmName, clear_alarm, raise_alarm
from service.changes.absence import are_too_many, enough_known
from service.changes.decision import Sight
from service.changes.types import Fields, Kind
from service.inbox.batching import DueDelivery
from service.lifecycle import RecordState
from service.records.disappearance import (
    count_known,
    end_hold,
    hold_deletions,
    mark_back,
    mark_missing,
    read_disappearance,
    wake_held,
)
from service.records.repository import LockedRecord
from service.transport.batch_size import LARGEST_BATCH


@dataclass(frozen=True, slots=True)
class Deletions:
    """How an app's deletions stand, for one look."""

    held_for: timedelta | None = None
    """Held: after so long each missing record is asked for again."""
    accepted: bool = False


async def judge_deletions(
    connection: AsyncConnection,
    account: str,
    app_id: str,
    *,
    seen: Mapping[str, tuple[LockedRecord, Fields | Sight]],
    due: Mapping[str, Sequence[DueDelivery]],
    alone: bool,
    every: timedelta,
) -> Deletions:
    """Note which of the seen records are missing or back; hold the app's deletions if these are too many.

    `seen` holds the locked records that the look may judge. `every`: how often one call sees whether the
    held ones are back. Costs nothing where all is found.
    """
    missed = _missed(seen, due)
    back = [] if alone else _back(seen)  # alone, a record does not say of which app it is
    if not missed and not back:
        return Deletions()
    newly = [record_id for record_id in missed if seen[record_id][0].memory.missing_for is None]
    if newly:
        await mark_missing(connection, account, app_id, newly)
    if back:
        await mark_back(connection, account, app_id, back)
    found = await read_disappearance(connection, account, app_id)
    if found.accepted or not await _are_too_many(connection, account, app_id, found.missing):
        if found.held_at is not None:
            await end_hold(connection, account, app_id)
            await wake_held(connection, account, app_id, not_seen_for=timedelta(0))
            await clear_alarm(connection, AlarmName.DELETIONS_HELD, f"{account}/{app_id}")
        return Deletions(accepted=found.accepted)
    if found.held_at is None:
        await hold_deletions(connection, account, app_id)
        message = _message(account, app_id, found.missing)
        await raise_alarm(connection, AlarmName.DELETIONS_HELD, f"{account}/{app_id}", message)
    elif back:
        await wake_held(connection, account, app_id, not_seen_for=every)
    return Deletions(held_for=every * ceil(found.missing / LARGEST_BATCH))


async def _are_too_many(connection: AsyncConnection, account: str, app_id: str, missing: int) -> bool:
    if not are_too_many(missing, 0):
        return False
    known = await count_known(connection, account, app_id, most=enough_known(missing))
    return are_too_many(missing, known)


def _missed(
    seen: Mapping[str, tuple[LockedRecord, Fields | Sight]], due: Mapping[str, Sequence[DueDelivery]]
) -> list[str]:
    return [
        record_id
        for record_id, (record, sight) in seen.items()
        if sight is Sight.ABSENT
        and record.snapshot.state is RecordState.LIVE
        and not any(each.hint.kind is Kind.DELETE for each in due.get(record_id, ()))
    ]


def _back(seen: Mapping[str, tuple[LockedRecord, Fields | Sight]]) -> list[str]:
    return [
        record_id
        for record_id, (record, sight) in seen.items()
        if not isinstance(sight, Sight) and record.memory.missing_for is not None
    ]


def _message(account: str, app_id: str, missing: int) -> str:
    return (
        f"{missing} records of app {app_id} of account {account} are missing, and no webhook said that they"
        " were deleted: none is taken for deleted. If our credentials lost a role, give it back, and all goes"
        f" on by itself; if they are deleted, run relay alarms accept deletions_held {account}/{app_id}"
    )
