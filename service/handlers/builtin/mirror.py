"""Writing changes into a mirror: one statement for any number of records, and no state ever goes backwards.

Each row has the version of the change that wrote it, so a change that comes late (tried again out of order,
replayed) finds a newer one, and does nothing. A deleted row leaves its version in `{table}_deleted`: nothing
older brings it back. Writers of one table take turns: one that has just begun must see what the other
deleted.
"""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.changes.types import Change, Kind
from service.clock import iso
from service.db.locks import Lock, lock
from service.handlers.builtin.mirror_table import MirrorTable
from service.handlers.builtin.mirror_values import row_of
from service.handlers.builtin.postgres_options import PostgresOptions
from service.handlers.types import Done

_ROW = "account text, app_id text, record_id text, version bigint, fields jsonb, changed_at timestamptz"
_SAME = """({one}.account, {one}.app_id, {one}.record_id)
                = ({other}.account, {other}.app_id, {other}.record_id)"""


class Mirror:
    """One mirror. Whoever gives the connection has prepared the table, and commits."""

    def __init__(self, options: PostgresOptions, table: MirrorTable) -> None:
        self._options = options
        self._statement = text(_statement(options, table))

    async def write(self, connection: AsyncConnection, changes: Sequence[Change]) -> list[Done]:
        """Write the changes, in the order given; says for each which values did not fit their column."""
        rows, outcomes = [], []
        for change in changes:
            row = row_of(change.record or {}, self._options.columns)
            misfits = {} if change.kind is Kind.DELETE else row.misfits
            rows.append(_told(change, row.values))
            outcomes.append(Done({"misfits": dict(misfits)} if misfits else None))
        await lock(connection, Lock.MIRROR, self._options.table)
        await connection.execute(self._statement, {"rows": json.dumps(rows, ensure_ascii=False)})
        return outcomes


def _told(change: Change, values: Any) -> dict[str, Any]:
    return {
        **values,
        "account": change.account,
        "app_id": change.app.id,
        "record_id": change.record_id,
        "version": change.version,
        "fields": change.record,
        "changed_at": iso(change.created_at),
        "gone": change.kind is Kind.DELETE,
    }


def _statement(options: PostgresOptions, table: MirrorTable) -> str:
    typed = "".join(f', "{name}" {column.type}' for name, column in options.columns.items())
    names = ["account", "app_id", "record_id", "version", "fields", "changed_at"]
    names += [f'"{name}"' for name in options.columns]
    # `newest`: of two changes of one record only the later one counts.
    newest = f"""
        WITH newest AS (
            SELECT DISTINCT ON (account, app_id, record_id) * FROM jsonb_to_recordset(CAST(:rows AS jsonb))
                AS row ({_ROW}, gone boolean{typed})
            ORDER BY account, app_id, record_id, version DESC)"""
    if options.deleted == "mark":
        return newest + _marking(table, names)
    return newest + _deleting(table, names)


def _marking(table: MirrorTable, names: Sequence[str]) -> str:
    """Deleted rows stay, with the moment. One that was never seen before has no values."""
    updated = ", ".join(f"{name} = excluded.{name}" for name in names[3:])
    return f"""
        INSERT INTO {table.name} AS kept ({", ".join(names)}, deleted_at)
        SELECT {", ".join(names)}, CASE WHEN gone THEN changed_at END FROM newest
        ON CONFLICT (account, app_id, record_id) DO UPDATE SET {updated}, deleted_at = excluded.deleted_at
        WHERE kept.version <= excluded.version"""


def _deleting(table: MirrorTable, names: Sequence[str]) -> str:
    updated = ", ".join(f"{name} = excluded.{name}" for name in names[3:])
    return f"""
        , noted AS (
            INSERT INTO {table.deleted_name} AS known (account, app_id, record_id, version)
            SELECT account, app_id, record_id, version FROM newest WHERE gone
            ON CONFLICT (account, app_id, record_id) DO UPDATE SET version = excluded.version
            WHERE known.version < excluded.version),
        removed AS (
            DELETE FROM {table.name} AS kept USING newest
            WHERE gone AND {_SAME.format(one="kept", other="newest")} AND kept.version <= newest.version),
        back AS (
            DELETE FROM {table.deleted_name} AS known USING newest
            WHERE NOT gone AND {_SAME.format(one="known", other="newest")} AND known.version < newest.version)
        INSERT INTO {table.name} AS kept ({", ".join(names)})
        SELECT {", ".join(names)} FROM newest WHERE NOT gone AND NOT EXISTS (
            SELECT FROM {table.deleted_name} AS known
            WHERE {_SAME.format(one="known", other="newest")} AND known.version > newest.version)
        ON CONFLICT (account, app_id, record_id) DO UPDATE SET {updated}
        WHERE kept.version <= excluded.version"""
