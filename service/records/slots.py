"""Slots: who may settle an app, and when next. Every query on them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.db.processes import HOLDER_LOST
from service.transport.batch_size import CEILING_LASTS, allowed

_HOLDER_LOST = HOLDER_LOST.format(holder="slots.holder")
_MAKE_SLOT = text("INSERT INTO slots (account, app_id) VALUES (:account, :app_id) ON CONFLICT DO NOTHING")
_LOCK_SLOT = text("SELECT FROM slots WHERE account = :account AND app_id = :app_id FOR UPDATE")


@dataclass(frozen=True, slots=True)
class Listed:
    """How far the list of what an app changed last was read."""

    since: datetime
    """When it was begun; in the future: there is no such list before then."""
    offset: int | None = None
    """Where its next page begins, 0 that of a new list; None: after the next look by ids there may be one."""


@dataclass(frozen=True, slots=True)
class ClaimedSlot:
    """A slot that is ours until we release it, or our process is lost and another claims it."""

    account: str
    app_id: str
    token: UUID
    claimed_at: datetime
    batch_size: int
    """How many records may be asked for in one call."""
    failures: int
    halted: str | None
    """Why the provider refused the last look."""
    ceiling: int | None = None
    """So many records at once were too many, lately."""
    listed: Listed | None = None
    account_halted: bool = False
    """Whether the provider refuses the account's credentials (`halts`)."""


@dataclass(frozen=True, slots=True)
class Release:
    """How a slot is left: when it may be claimed next, and what was learnt."""

    next_in: timedelta = timedelta(0)
    not_before: datetime | None = None
    failures: int = 0
    halted: str | None = None
    batch_size: int | None = None
    """None: as it was."""
    ceiling: int | None = None
    """A batch of this size was too large; None: as it was."""
    listed: Listed | None = None
    """None: as it was."""
    looked: bool = True
    """Whether the provider was asked."""


async def claim_slot(
    connection: AsyncConnection,
    account: str,
    app_id: str,
    *,
    token: UUID,
    holder: UUID,
    lost_after: timedelta,
) -> ClaimedSlot | None:
    """Claim the app's slot if it is free (or its holder lost) and due; None otherwise."""
    values = {
        "account": account,
        "app_id": app_id,
        "token": token,
        "holder": holder,
        "lost_after": lost_after,
    }
    await connection.execute(_MAKE_SLOT, values)
    row = (
        await connection.execute(
            text(
                f"""
                UPDATE slots SET token = :token, holder = :holder
                WHERE account = :account AND app_id = :app_id AND next_at <= now()
                AND (token IS NULL OR {_HOLDER_LOST})
                RETURNING batch_size, failures, halted, listed_since, listed_to, now() AS claimed_at,
                CASE WHEN ceiling_until > now() THEN batch_ceiling END AS ceiling,
                EXISTS (SELECT FROM halts WHERE halts.account = slots.account) AS account_halted"""
            ),
            values,
        )
    ).one_or_none()
    if row is None:
        return None
    size = allowed(row.batch_size, row.ceiling)
    listed = None if row.listed_since is None else Listed(row.listed_since, row.listed_to)
    return ClaimedSlot(
        account,
        app_id,
        token,
        row.claimed_at,
        size,
        row.failures,
        row.halted,
        row.ceiling,
        listed=listed,
        account_halted=row.account_halted,
    )


async def seconds_closed(connection: AsyncConnection, account: str, app_id: str) -> float | None:
    """Tell in how many seconds the slot may be claimed (0: now) for what is due of its app.

    None where nothing is due, or somebody has the slot.
    """
    row = (
        await connection.execute(
            text(
                """
                SELECT extract(epoch FROM next_at - clock_timestamp()) AS seconds FROM slots
                WHERE account = :account AND app_id = :app_id AND token IS NULL AND EXISTS (
                SELECT FROM deliveries WHERE deliveries.account = :account AND deliveries.app_id = :app_id
                AND status IN ('pending', 'recheck') AND due_at <= now())"""
            ),
            {"account": account, "app_id": app_id},
        )
    ).one_or_none()
    return None if row is None else max(0.0, float(row.seconds))


async def hold_slot(connection: AsyncConnection, slot: ClaimedSlot) -> bool:
    """Lock the slot's row if it is still ours; whoever gets False must drop everything."""
    row = (
        await connection.execute(
            text(
                """
                SELECT FROM slots WHERE account = :account AND app_id = :app_id AND token = :token
                FOR UPDATE"""
            ),
            {"account": slot.account, "app_id": slot.app_id, "token": slot.token},
        )
    ).one_or_none()
    return row is not None


async def lock_slot(connection: AsyncConnection, account: str, app_id: str) -> None:
    """Lock the app's slot, whosever it is, until the transaction ends: nobody settles the app meanwhile."""
    values = {"account": account, "app_id": app_id}
    await connection.execute(_MAKE_SLOT, values)
    await connection.execute(_LOCK_SLOT, values)


async def release_slot(connection: AsyncConnection, slot: ClaimedSlot, release: Release) -> bool:
    """Give the slot back. False: it was not ours any more, and nothing was written."""
    result = await connection.execute(
        text(
            """
            UPDATE slots SET token = NULL, holder = NULL,
                next_at = greatest(clock_timestamp() + :next_in, CAST(:not_before AS timestamptz)),
            failures = :failures, halted = :halted, batch_size = coalesce(:batch_size, batch_size),
            batch_ceiling = coalesce(:ceiling, batch_ceiling), ceiling_until = CASE
            WHEN CAST(:ceiling AS integer) IS NULL THEN ceiling_until ELSE now() + :ceiling_lasts END,
            looked_at = CASE WHEN :looked THEN clock_timestamp() ELSE looked_at END,
            listed_since = coalesce(:listed_since, listed_since), listed_to = CASE
            WHEN CAST(:listed_since AS timestamptz) IS NULL THEN listed_to ELSE :listed_to END
            WHERE account = :account AND app_id = :app_id AND token = :token RETURNING 1"""
        ),
        {
            "account": slot.account,
            "app_id": slot.app_id,
            "token": slot.token,
            "next_in": release.next_in,
            "not_before": release.not_before,
            "failures": release.failures,
            "halted": release.halted,
            "batch_size": release.batch_size,
            "ceiling": release.ceiling,
            "ceiling_lasts": CEILING_LASTS,
            "looked": release.looked,
            "listed_since": None if release.listed is None else release.listed.since,
            "listed_to": None if release.listed is None else release.listed.offset,
        },
    )
    return result.one_or_none() is not None


async def take_back_claim(connection: AsyncConnection, account: str, app_id: str, token: UUID) -> None:
    """Free the slot if it was claimed with this token. Waits for a claim that is still being committed."""
    values = {"account": account, "app_id": app_id, "token": token}
    # Locked whosever it is: the token of a claim that is not committed yet can't be asked for.
    await connection.execute(_MAKE_SLOT, values)
    await connection.execute(_LOCK_SLOT, values)
    await connection.execute(
        text(
            """
            UPDATE slots SET token = NULL, holder = NULL
            WHERE account = :account AND app_id = :app_id AND token = :token"""
        ),
        values,
    )


async def apps_to_settle(connection: AsyncConnection, *, lost_after: timedelta) -> list[tuple[str, str]]:
    """List the (account, app) with a due delivery whose slot could be claimed now."""
    rows = await connection.execute(
        text(
            f"""
            WITH RECURSIVE app AS (
            (SELECT account, app_id FROM deliveries WHERE status IN ('pending', 'recheck')
            ORDER BY account, app_id LIMIT 1)
            UNION ALL SELECT next.account, next.app_id FROM app CROSS JOIN LATERAL (
            SELECT account, app_id FROM deliveries WHERE status IN ('pending', 'recheck')
            AND (account, app_id) > (app.account, app.app_id) ORDER BY account, app_id LIMIT 1) AS next)
            SELECT app.account, app.app_id FROM app LEFT JOIN slots USING (account, app_id)
            WHERE EXISTS (SELECT FROM deliveries WHERE deliveries.account = app.account
            AND deliveries.app_id = app.app_id AND status IN ('pending', 'recheck') AND due_at <= now())
            AND (slots.next_at IS NULL OR slots.next_at <= now())
            AND (slots.token IS NULL OR {_HOLDER_LOST})"""
        ),
        {"lost_after": lost_after},
    )
    return [(row.account, row.app_id) for row in rows]
