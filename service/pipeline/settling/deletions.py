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

Seen = Mapping[str, tuple[LockedRecord, Fields | Sight]]
Due = Mapping[str, Sequence[DueDelivery]]


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
    seen: Seen,
    due: Due,
    alone: bool,
    every: timedelta,
) -> Deletions:
    """Note which of the seen records are missing or back; hold the app's deletions if these are too many.

    `seen` holds the locked records that the look may judge. `every`: how often one call sees whether the
    held ones are back. Costs nothing where all is found.
    """
    missed, explained = _missed(seen, due), _explained(seen, due)
    found = [] if alone else _found(seen)  # alone, a record does not say of which app it is
    if not missed and not explained and not found:
        return Deletions()
    newly = [record_id for record_id in missed if seen[record_id][0].memory.missing_for is None]
    if newly:
        await mark_missing(connection, account, app_id, newly)
    if explained or found:
        await mark_back(connection, account, app_id, [*explained, *found])
    now = await read_disappearance(connection, account, app_id)
    if now.accepted or not await _are_too_many(connection, account, app_id, now.missing):
        if now.held_at is not None:
            await end_hold(connection, account, app_id)
            await wake_held(connection, account, app_id, not_seen_for=timedelta(0))
            await clear_alarm(connection, AlarmName.DELETIONS_HELD, f"{account}/{app_id}")
        return Deletions(accepted=now.accepted)
    if now.held_at is None:
        await hold_deletions(connection, account, app_id)
        message = _message(account, app_id, now.missing)
        await raise_alarm(connection, AlarmName.DELETIONS_HELD, f"{account}/{app_id}", message)
    elif found:
        await wake_held(connection, account, app_id, not_seen_for=every)
    return Deletions(held_for=every * ceil(now.missing / LARGEST_BATCH))


async def _are_too_many(connection: AsyncConnection, account: str, app_id: str, missing: int) -> bool:
    if not are_too_many(missing, 0):
        return False
    known = await count_known(connection, account, app_id, most=enough_known(missing))
    return are_too_many(missing, known)


def _missed(seen: Seen, due: Due) -> list[str]:
    """Live records that were not found, although nobody said that they were deleted."""
    return [
        record_id
        for record_id, (record, sight) in seen.items()
        if sight is Sight.ABSENT
        and record.snapshot.state is RecordState.LIVE
        and not _is_announced(due.get(record_id, ()))
    ]


def _explained(seen: Seen, due: Due) -> list[str]:
    """Missing records of which somebody says now that they were deleted."""
    return [
        record_id
        for record_id, (record, sight) in seen.items()
        if sight is Sight.ABSENT
        and record.memory.missing_for is not None
        and _is_announced(due.get(record_id, ()))
    ]


def _found(seen: Seen) -> list[str]:
    """Missing records that are there again."""
    return [
        record_id
        for record_id, (record, sight) in seen.items()
        if not isinstance(sight, Sight) and record.memory.missing_for is not None
    ]


def _is_announced(due: Sequence[DueDelivery]) -> bool:
    return any(each.hint.kind is Kind.DELETE for each in due)


def _message(account: str, app_id: str, missing: int) -> str:
    return (
        f"{missing} records of app {app_id} of account {account} are missing, and no webhook said that they"
        " were deleted: none is taken for deleted. If our credentials lost a role, give it back, and all goes"
        f" on by itself; if they are deleted, run relay alarms accept deletions_held {account}/{app_id}"
    )
