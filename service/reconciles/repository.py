"""The queries of a round: which app is due, and how far it was read. One process at a time has an account."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.reconciles.course import Course

_ENSURE = text("""
    INSERT INTO reconciles (account, app_id)
    SELECT :account, app_id FROM unnest(CAST(:app_ids AS text[])) AS watched (app_id)
    ON CONFLICT (account, app_id) DO NOTHING""")
_FORGET = text("""
    DELETE FROM reconciles WHERE account = :account AND app_id <> ALL(CAST(:app_ids AS text[]))""")
_DUE = text("""
    SELECT app_id, watermark, place, reached, newest, failures, now() - began_at AS began FROM reconciles
    WHERE account = :account AND app_id = ANY(CAST(:app_ids AS text[]))
    AND (next_at <= now() OR CAST(:anyhow AS boolean)) ORDER BY next_at, app_id""")
_BEGIN = text("""
    UPDATE reconciles SET place = 0, reached = NULL, newest = NULL, calls = 0, noticed = 0, behind = NULL,
        began_at = now(), watermark = coalesce(watermark, CAST(:first AS text)),
        floor = coalesce(floor, CAST(:first AS text))
    WHERE account = :account AND app_id = :app_id RETURNING watermark""")
_PROGRESS = text("""
    UPDATE reconciles SET place = CASE WHEN CAST(:is_over AS boolean) THEN NULL ELSE CAST(:place AS int) END,
        reached = :reached, newest = :newest, calls = calls + 1, noticed = noticed + :noticed,
        behind = greatest(behind, CAST(:behind AS interval)),
        watermark = CASE WHEN CAST(:is_over AS boolean) THEN coalesce(:newest, watermark) ELSE watermark END,
        floor = CASE WHEN CAST(:is_over AS boolean) THEN coalesce(floor, :newest) ELSE floor END
    WHERE account = :account AND app_id = :app_id""")
_COUNTED = text("""
    UPDATE reconciles SET api_count = :api_count, known_count = :known_count, gone = :gone,
        counted_at = now(), calls = calls + :calls
    WHERE account = :account AND app_id = :app_id""")
_END = text("""
    UPDATE reconciles SET ended_at = now(), next_at = now() + :pause, failures = 0, error = :error,
        sortable = :sortable, place = NULL
    WHERE account = :account AND app_id = :app_id
    RETURNING calls, noticed, api_count, known_count, gone, sortable, next_at""")
_FAIL = text("""
    UPDATE reconciles SET failures = failures + 1, error = :error, next_at = now() + :pause
    WHERE account = :account AND app_id = :app_id""")
_DEFER = text("""
    UPDATE reconciles SET next_at = greatest(next_at, :until)
    WHERE account = :account AND app_id = ANY(CAST(:app_ids AS text[])) AND next_at < :until""")
_CALLS = text("SELECT calls FROM reconciles WHERE account = :account")
_KNOWN = text("""
    SELECT (SELECT count(*) FROM records
            WHERE account = :account AND app_id = :app_id AND state = 'live') AS known,
        (SELECT count(*) FROM records JOIN (
            SELECT DISTINCT record_id FROM deliveries WHERE account = :account AND app_id = :app_id
            AND status IN ('pending', 'recheck')) AS open ON open.record_id = records.record_id
            WHERE account = :account AND app_id = :app_id AND state = 'live'
            AND records.record_id <> ALL(CAST(:listed AS text[]))) AS awaited,
        (SELECT count(*) FROM unnest(CAST(:listed AS text[])) AS listed (record_id)
            WHERE NOT EXISTS (SELECT FROM records WHERE account = :account AND app_id = :app_id
                AND records.record_id = listed.record_id AND state = 'live')) AS unknown""")


@dataclass(frozen=True, slots=True)
class DueApp:
    """An app whose time has come."""

    app_id: str
    course: Course
    is_under_way: bool
    """A round of it was broken off, and goes on where it was."""
    failures: int
    began: timedelta = timedelta(0)
    """How long ago the round under way began, or the last one."""


@dataclass(frozen=True, slots=True)
class EndedRound:
    """What a round came to."""

    calls: int
    noticed: int
    api_count: int | None
    known_count: int | None
    gone: int
    """How many must have been deleted that nobody told of."""
    is_sortable: bool
    """Whether there was a list to read; if not, only full sweeps find anything."""
    next_at: datetime


@dataclass(frozen=True, slots=True)
class KnownRecords:
    """The live records of an app that we know."""

    known: int
    awaited: int
    """How many of them wait to be looked at, and may be gone."""
    unknown: int = 0
    """How many more there are, as the provider just listed them."""


async def keep_watched(connection: AsyncConnection, account: str, app_ids: Sequence[str]) -> None:
    """Have a row for each of these apps, first due at once, and none for any other app of the account."""
    values = {"account": account, "app_ids": sorted(app_ids)}
    await connection.execute(_FORGET, values)
    await connection.execute(_ENSURE, values)


async def due_apps(
    connection: AsyncConnection, account: str, app_ids: Sequence[str], *, anyhow: bool = False
) -> list[DueApp]:
    """List those of these apps that are due, the longest due first; `anyhow`: also those that are not."""
    values = {"account": account, "app_ids": list(app_ids), "anyhow": anyhow}
    return [
        DueApp(
            row.app_id,
            Course(row.watermark, row.place or 0, row.reached, row.newest),
            is_under_way=row.place is not None,
            failures=row.failures,
            began=row.began or timedelta(0),
        )
        for row in await connection.execute(_DUE, values)
    ]


async def begin_round(
    connection: AsyncConnection, account: str, app_id: str, *, first: str | None = None
) -> str | None:
    """Note that a round begins; gives the watermark. `first`: what that is, and the floor, without any."""
    values = {"account": account, "app_id": app_id, "first": first}
    watermark: str | None = await connection.scalar(_BEGIN, values)
    return watermark


async def store_course(
    connection: AsyncConnection,
    account: str,
    app_id: str,
    course: Course,
    *,
    noticed: int,
    behind: timedelta | None,
) -> None:
    """Note a page that was read: the next begins at `course.place`; after the last the watermark moves."""
    values = {
        "account": account,
        "app_id": app_id,
        "place": course.place,
        "reached": course.reached,
        "newest": course.newest,
        "is_over": course.is_over,
        "noticed": noticed,
        "behind": behind,
    }
    await connection.execute(_PROGRESS, values)


async def count_known(
    connection: AsyncConnection, account: str, app_id: str, *, listed: Collection[str] = ()
) -> KnownRecords:
    """Count the live records of an app that we know. `listed`: those that are there for certain."""
    values = {"account": account, "app_id": app_id, "listed": sorted(listed)}
    row = (await connection.execute(_KNOWN, values)).one()
    return KnownRecords(row.known, row.awaited, row.unknown)


async def store_count(
    connection: AsyncConnection,
    account: str,
    app_id: str,
    *,
    api_count: int,
    known: int,
    gone: int,
    calls: int,
) -> None:
    """Note what the provider counted, what we know, how many it must have deleted, and what asking cost."""
    values = {
        "account": account,
        "app_id": app_id,
        "api_count": api_count,
        "known_count": known,
        "gone": gone,
        "calls": calls,
    }
    await connection.execute(_COUNTED, values)


async def end_round(
    connection: AsyncConnection, account: str, app_id: str, *, pause: timedelta, unsortable: str | None = None
) -> EndedRound:
    """Note that a round ended, and when the next is due; `unsortable`: why there was no list to read."""
    values = {
        "account": account,
        "app_id": app_id,
        "pause": pause,
        "error": unsortable,
        "sortable": unsortable is None,
    }
    row = (await connection.execute(_END, values)).one()
    return EndedRound(*row)


async def fail_round(
    connection: AsyncConnection, account: str, app_id: str, *, error: str, pause: timedelta
) -> None:
    """Note that a round could not go on; it does so where it was, after `pause`."""
    values = {"account": account, "app_id": app_id, "error": error, "pause": pause}
    await connection.execute(_FAIL, values)


async def defer_rounds(
    connection: AsyncConnection, account: str, app_ids: Sequence[str], *, until: datetime
) -> None:
    """Leave apps alone until then: there is no call for them before. That is no failure."""
    await connection.execute(_DEFER, {"account": account, "app_ids": list(app_ids), "until": until})


async def last_calls(connection: AsyncConnection, account: str) -> list[int]:
    """Read what the last round of each app of an account cost."""
    return list((await connection.execute(_CALLS, {"account": account})).scalars())
