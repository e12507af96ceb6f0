"""Every query of own writes. A note is committed before the call that it announces."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import bindparam

from service.changes.echo import Note

GOOD_FOR = timedelta(minutes=10)
"""A note that was met by no change until then hides none any more."""

# A later attempt of a run says the same again: one note is enough for an update. Each create makes a record.
_NOTE = text("""
    WITH said_before AS (
        DELETE FROM own_writes WHERE account = :account AND record_id = :record_id AND used_at IS NULL
        AND app_id IS NOT DISTINCT FROM :app_id AND run_id = :run_id AND hashes = :hashes)
    INSERT INTO own_writes (account, app_id, record_id, rule, run_id, hashes, written)
    VALUES (:account, :app_id, :record_id, :rule, :run_id, :hashes, :written) RETURNING id""").bindparams(
    bindparam("hashes", type_=JSONB), bindparam("written", type_=JSONB)
)

# Along the keys, whatever the statistics believe of a table that is mostly empty.
_READ = text("""
    SELECT noted.id, noted.record_id, noted.rule, noted.hashes, noted.written
    FROM (SELECT unnest(CAST(:record_ids AS text[])) UNION ALL
        SELECT NULL WHERE :any_new) AS wanted (record_id)
    CROSS JOIN LATERAL (
        SELECT id, record_id, rule, hashes, written FROM own_writes
        WHERE account = :account AND used_at IS NULL AND record_id = wanted.record_id
        AND (app_id IS NULL OR app_id = :app_id) AND noted_at > now() - CAST(:good_for AS interval)
        UNION ALL SELECT id, record_id, rule, hashes, written FROM own_writes
        WHERE wanted.record_id IS NULL AND account = :account AND used_at IS NULL AND record_id IS NULL
        AND app_id = :app_id AND noted_at > now() - CAST(:good_for AS interval)) AS noted
    ORDER BY noted.id""")


@dataclass(frozen=True, slots=True)
class Notes:
    """Writes that no change was found to come of, in the order in which they were noted."""

    of_records: Mapping[str, Sequence[Note]]
    """Updates, by record id."""
    of_app: Sequence[Note]
    """Creates in the app: which record came of each is not known."""


async def note_write(
    connection: AsyncConnection,
    *,
    account: str,
    app_id: str | None,
    record_id: str | None,
    rule: str,
    run_id: UUID,
    hashes: Mapping[str, str],
    written: Mapping[str, Any],
) -> int:
    """Note an update of a record, or a create in an app (`record_id` None); gives the note's id.

    `written`: the values, as records show them; of a create none are kept.

    The same update by the same run, noted before and not met yet, is replaced.
    """
    noted = await connection.execute(
        _NOTE,
        {
            "account": account,
            "app_id": app_id,
            "record_id": record_id,
            "rule": rule,
            "run_id": run_id,
            "hashes": dict(hashes),
            "written": {} if record_id is None else dict(written),
        },
    )
    note_id: int = noted.scalar_one()
    return note_id


async def take_back(connection: AsyncConnection, note_id: int) -> None:
    """Forget a note whose call surely wrote nothing."""
    await connection.execute(text("DELETE FROM own_writes WHERE id = :id"), {"id": note_id})


async def read_notes(
    connection: AsyncConnection,
    account: str,
    app_id: str,
    *,
    record_ids: Collection[str],
    any_new: bool,
    good_for: timedelta = GOOD_FOR,
) -> Notes:
    """Read the unused notes of records that changed; `any_new`: also of creates in the app.

    The caller holds the records, and the app's slot: nobody else uses these notes up meanwhile.
    """
    rows = await connection.execute(
        _READ,
        {
            "account": account,
            "app_id": app_id,
            "record_ids": sorted(record_ids),
            "any_new": any_new,
            "good_for": good_for,
        },
    )
    of_records: dict[str, list[Note]] = {}
    of_app: list[Note] = []
    for row in rows:
        note = Note(row.id, row.rule, row.hashes, row.written)
        (of_app if row.record_id is None else of_records.setdefault(row.record_id, [])).append(note)
    return Notes(of_records, of_app)


async def use_notes(connection: AsyncConnection, note_ids: Collection[int]) -> None:
    """Mark notes that a change was found to come of: they hide no other."""
    await connection.execute(
        text("UPDATE own_writes SET used_at = now(), written = DEFAULT WHERE id = ANY(:ids)"),
        {"ids": sorted(note_ids)},
    )
