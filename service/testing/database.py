"""A database behind `ctx.db` that remembers statements and gives the rows that a test says.

Whether a statement is right only Postgres knows: `make_context(open_transaction=...)` takes a real one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import CursorResult, Executable
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData
from sqlalchemy.ext.asyncio import AsyncConnection

from service.handlers.database import Parameters


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement that was run: its text, and what it was given."""

    sql: str
    parameters: Parameters = field(default_factory=dict)


class RecordingDatabase:
    """Runs nothing. `ctx.db` over it keeps its rules: no client call after the first statement."""

    def __init__(self) -> None:
        self._statements: list[Statement] = []
        self._answers: list[_Rows] = []

    @property
    def statements(self) -> tuple[Statement, ...]:
        """What was run, in order."""
        return tuple(self._statements)

    def answer(self, *rows: Mapping[str, Any], rowcount: int | None = None) -> None:
        """Say what the next statement that has no answer yet gives; one without an answer gives no rows.

        Rows have the columns of the first; `rowcount` is how many rows an UPDATE or the like would touch.
        """
        self._answers.append(_Rows(rows, len(rows) if rowcount is None else rowcount))

    async def open_transaction(self) -> AsyncConnection:
        """Give what `ctx.db` runs its statements on."""
        return cast("AsyncConnection", self)  # of a connection `ctx.db` uses `execute` alone

    async def execute(self, statement: Executable, parameters: Parameters | None = None) -> CursorResult[Any]:
        """Remember a statement and give its answer."""
        self._statements.append(Statement(str(statement), parameters or {}))
        rows = self._answers.pop(0) if self._answers else _Rows((), 0)
        return cast("CursorResult[Any]", rows)  # what handlers do with a result, it can


class _Rows(IteratorResult[Any]):
    def __init__(self, rows: Sequence[Mapping[str, Any]], rowcount: int) -> None:
        columns = list(rows[0]) if rows else []
        values = [tuple(row[column] for column in columns) for row in rows]
        super().__init__(SimpleResultMetaData(columns), iter(values))
        self.rowcount = rowcount
