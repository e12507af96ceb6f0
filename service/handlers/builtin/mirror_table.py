"""A mirror's tables: made where they are missing, and looked at before anything is written.

`table` has one row for each record. Beside it `table_deleted` has the versions that were deleted, where the
rows of deleted records go: so nothing older brings them back.
"""

from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.db.locks import Lock, lock
from service.errors import ConfigurationError
from service.handlers.builtin.postgres_options import PostgresOptions

_COMMENT = "Kept equal to records of a provider by fusioo-relay."
_KEY = {"account": "text", "app_id": "text", "record_id": "text", "version": "bigint"}
_TYPES = {**_KEY, "fields": "jsonb", "changed_at": "timestamp with time zone"}
_FULL_NAMES = {"timestamptz": "timestamp with time zone"}


class MirrorTable:
    """The tables of one mirror, by the options of its handler."""

    def __init__(self, options: PostgresOptions) -> None:
        self._options = options
        self.name = quoted(options.table)
        self.deleted_name = quoted(f"{options.table}_deleted")

    async def prepare(self, connection: AsyncConnection) -> None:
        """Make what is missing, if the options say so; the caller commits.

        Raises ConfigurationError for a table that is not there and may not be made, that lacks something, or
        that is somebody else's.
        """
        await lock(connection, Lock.MIRROR, self._options.table)
        found = await self._columns(connection, self._options.table)
        if self._options.create:
            await self._make(connection, found)
            found = await self._columns(connection, self._options.table)
        self._check(self._options.table, found, self._wanted())
        if self._options.deleted == "delete":
            table = f"{self._options.table}_deleted"
            self._check(table, await self._columns(connection, table), _KEY)

    def _wanted(self) -> dict[str, str]:
        marked = {"deleted_at": "timestamptz"} if self._options.deleted == "mark" else {}
        return {**_TYPES, **marked, **{name: each.type for name, each in self._options.columns.items()}}

    async def _make(self, connection: AsyncConnection, found: Mapping[str, str]) -> None:
        if found and await self._comment(connection) != _COMMENT:
            raise self._wrong(
                f"the table {self._options.table} is there already, and was not made by the relay",
                "choose another name, or set `create: false` if it is to be filled all the same",
            )
        own = ", ".join(f"{name} {kind} NOT NULL" for name, kind in _KEY.items())
        await connection.execute(
            text(
                f"CREATE TABLE IF NOT EXISTS {self.name} ({own}, fields jsonb,"
                " changed_at timestamptz NOT NULL, PRIMARY KEY (account, app_id, record_id))"
            )
        )
        await connection.execute(text(f"COMMENT ON TABLE {self.name} IS '{_COMMENT}'"))
        for name, kind in self._wanted().items():
            if name not in _TYPES and name not in found:
                await connection.execute(
                    text(f'ALTER TABLE {self.name} ADD COLUMN IF NOT EXISTS "{name}" {kind}')
                )
        if self._options.deleted == "delete":
            await connection.execute(
                text(
                    f"CREATE TABLE IF NOT EXISTS {self.deleted_name} ({own},"
                    " PRIMARY KEY (account, app_id, record_id))"
                )
            )

    async def _columns(self, connection: AsyncConnection, table: str) -> dict[str, str]:
        """Give the types of a table's columns, by name; none: it is not there."""
        rows = await connection.execute(
            text(
                """
                SELECT attname, format_type(atttypid, atttypmod) AS kind FROM pg_attribute
                WHERE attrelid = to_regclass(:table) AND attnum > 0 AND NOT attisdropped"""
            ),
            {"table": quoted(table)},
        )
        return {row.attname: row.kind for row in rows}

    async def _comment(self, connection: AsyncConnection) -> str | None:
        found = await connection.execute(
            text("SELECT obj_description(to_regclass(:table), 'pg_class')"), {"table": self.name}
        )
        comment: str | None = found.scalar_one()
        return comment

    def _check(self, table: str, found: Mapping[str, str], wanted: Mapping[str, str]) -> None:
        if not found:
            raise self._wrong(f"there is no table {table}", "make it, or leave out `create: false`")
        for name, kind in wanted.items():
            full = _FULL_NAMES.get(kind, kind)
            if name not in found:
                raise self._wrong(f"the table {table} has no column {name}", f"add it, of type {kind}")
            if found[name] != full:
                raise self._wrong(
                    f"the column {name} of table {table} is {found[name]}, not {full}",
                    "change the type in `columns`, or rename one of them",
                )

    def _wrong(self, message: str, remedy: str) -> ConfigurationError:
        return ConfigurationError(message, remedy=remedy)


def quoted(name: str) -> str:
    """Write a table's name, with or without its schema, as SQL takes it."""
    return ".".join(f'"{part}"' for part in name.split("."))
