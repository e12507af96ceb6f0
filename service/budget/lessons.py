"""What a refused call (429) teaches: others use up a part of the company's calls. The queries on `blocks`.

    refused     no call for a while, then one probe; as many calls as we had in the window are the ceiling
    answered    calls go on below the ceiling for a window: then what others took may be free again
    after that  a call beyond the ceiling is a probe: an answered one raises it, a refused one begins anew

A lesson ends when the ceiling is as high as settling may go, or a window after it was last in force.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.budget.lanes import Lane, Limit

FIRST_BLOCK = timedelta(seconds=60)
LONGEST_BLOCK = timedelta(minutes=10)
_LEAST_SHARE, _LEAST_CALLS = 0.05, 5
"""However few were accepted, so many may count while the next one is tried."""
_ASK_AGAIN = timedelta(seconds=1)
"""So long waits who finds a probe under way; it is answered by then, or asked about again."""

_READ = text("""
    SELECT seconds > 0 AND blocked_until > moment.now AS shut, blocked_until,
        seconds > 0 AS blocked, probe_until > moment.now AS probed,
        least(probe_until, moment.now + :ask_again) AS ask_again_at,
        ceiling, coalesce(ceiling_until > moment.now, false) AS held,
        ceiling_until + :window <= moment.now AS old,
        (SELECT count(*) FROM calls WHERE calls.account = :account AND counts_until > moment.now) >= ceiling
            AS reached
    FROM blocks, (SELECT clock_timestamp() AS now) AS moment WHERE account = :account""")
_FORGET = text("""
    DELETE FROM blocks WHERE account = :account AND seconds = 0
    AND ceiling_until + :window <= clock_timestamp()""")
_PROBE = text("""
    UPDATE blocks SET probe_call_id = :id, probe_until = clock_timestamp() + :longest
    WHERE account = :account""")

# Several calls under way may all be refused: only the probe's refusal makes the block longer.
_REFUSED = text("""
    INSERT INTO blocks AS block (account, blocked_until, seconds, ceiling, ceiling_until)
    SELECT :account, clock_timestamp() + :first, extract(epoch FROM CAST(:first AS interval)),
        greatest(:least, count(*) FILTER (WHERE status <> 429)) + count(*) FILTER (WHERE status = 429),
        clock_timestamp() + :lasts
    FROM calls WHERE account = :account AND counts_until > (SELECT clock_timestamp())
    ON CONFLICT (account) DO UPDATE SET probe_call_id = NULL, probe_until = NULL,
        ceiling = excluded.ceiling, ceiling_until = excluded.ceiling_until,
        seconds = CASE WHEN block.seconds = 0 THEN excluded.seconds
            ELSE least(block.seconds * 2, extract(epoch FROM CAST(:longest AS interval))) END,
        blocked_until = CASE WHEN block.seconds = 0 THEN excluded.blocked_until
            ELSE clock_timestamp() + make_interval(secs => least(block.seconds * 2,
                extract(epoch FROM CAST(:longest AS interval)))) END
    WHERE block.seconds = 0 OR block.probe_call_id = :id""")
_UNANSWERED = text("UPDATE blocks SET probe_call_id = NULL, probe_until = NULL WHERE probe_call_id = :id")
_ANSWERED = text("""
    UPDATE blocks AS block SET probe_call_id = NULL, probe_until = NULL, seconds = 0,
        ceiling = CASE WHEN ceiling_until > clock_timestamp() THEN ceiling ELSE greatest(ceiling, (
            SELECT count(*) FROM calls
            WHERE calls.account = block.account AND counts_until > (SELECT clock_timestamp()))) END
    WHERE probe_call_id = :id
    RETURNING account, coalesce(ceiling_until > clock_timestamp(), false) AS held, ceiling""")
_END = text("DELETE FROM blocks WHERE account = :account AND seconds = 0 AND probe_call_id IS NULL")


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is to be heeded now, before a call."""

    wait_until: datetime | None
    """No call before: the block lasts, or a probe is under way."""
    limit: Limit
    """The limit in force."""
    probing: bool
    """The next call is a probe."""


async def read_lesson(connection: AsyncConnection, account: str, limit: Limit) -> Lesson | None:
    """Say what refusals taught. Forgets it where it is too old. The caller holds the ledger's lock."""
    values = {"account": account, "window": limit.window}
    row = (await connection.execute(_READ, {**values, "ask_again": _ASK_AGAIN})).one_or_none()
    if row is None:
        return None
    if row.shut:
        return Lesson(row.blocked_until, limit, probing=False)
    probing = row.blocked or (not row.held and row.reached)
    if probing and row.probed:
        return Lesson(row.ask_again_at, limit, probing=False)
    if not probing and row.old:
        await connection.execute(_FORGET, values)
    return Lesson(None, limit.held_to(row.ceiling) if row.held else limit, probing=bool(probing))


async def note_probe(connection: AsyncConnection, account: str, call_id: int, *, longest: timedelta) -> None:
    """Let no other call pass until this one is over, or would have timed out after `longest`."""
    await connection.execute(_PROBE, {"account": account, "id": call_id, "longest": longest})


async def note_refused(
    connection: AsyncConnection, account: str, call_id: int, *, limit: Limit, lasts: timedelta
) -> None:
    """Block the account: for 60 s, and twice as long (up to 10 min) when the probe after a block is refused.

    For `lasts` no more calls may count at a time than now: those accepted, and those refused, which
    we count too. Fusioo does not say whether it does.
    """
    least = max(_LEAST_CALLS, round(_LEAST_SHARE * limit.calls))
    await connection.execute(
        _REFUSED,
        {
            "account": account,
            "id": call_id,
            "first": FIRST_BLOCK,
            "longest": LONGEST_BLOCK,
            "least": least,
            "lasts": lasts,
        },
    )


async def note_unanswered(connection: AsyncConnection, call_id: int) -> None:
    """Let somebody else try, if this call was the probe."""
    await connection.execute(_UNANSWERED, {"id": call_id})


async def note_answered(connection: AsyncConnection, call_id: int, *, limit: Limit) -> None:
    """End the block, if this call was the probe; where the ceiling is no more in force, raise it."""
    row = (await connection.execute(_ANSWERED, {"id": call_id})).one_or_none()
    if row is None:
        return
    # Rows of an older release know no ceiling: with their block they have taught all they know.
    if row.ceiling is None or (not row.held and row.ceiling >= limit.usable(Lane.SETTLE)):
        await connection.execute(_END, {"account": row.account})
