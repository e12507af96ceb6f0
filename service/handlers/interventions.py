"""The queries behind a person's acts on runs: look at a run among its siblings, retry it, discard it."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.db.base import status_in
from service.handlers.filtering import RunFilter
from service.handlers.models import Run
from service.lifecycle import RUN_FINISHED, RUN_UNFINISHED, RunStatus


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as it stands; its siblings are the ordered runs of the same record and handler."""

    id: UUID
    seq: int
    account: str
    app_id: str
    record_id: str
    handler: str
    ordered: bool
    status: RunStatus


# The handler was never called for a run that was skipped: nothing of it can be overtaken.
_CALLED = RUN_FINISHED - {RunStatus.SKIPPED}
_COLUMNS = "id, seq, account, app_id, record_id, handler, ordered, status"


async def read_run(connection: AsyncConnection, run_id: UUID) -> RunRow | None:
    """Read a run without locking it; None: there is none."""
    row = (
        (await connection.execute(text(f"SELECT {_COLUMNS} FROM runs WHERE id = :id"), {"id": run_id}))
        .mappings()
        .one_or_none()
    )
    return None if row is None else RunRow(**{**row, "status": RunStatus(row["status"])})


async def count_runs(connection: AsyncConnection, wanted: RunFilter) -> dict[str, int]:
    """Count the runs that are meant, by handler."""
    query = select(Run.handler, func.count().label("runs"))
    rows = await connection.execute(wanted.narrow(query).group_by(Run.handler).order_by(Run.handler))
    return {row.handler: row.runs for row in rows}


async def find_runs(connection: AsyncConnection, wanted: RunFilter, *, limit: int) -> list[RunRow]:
    """Read the runs that are meant, those of one record and handler together and in their order."""
    columns = [getattr(Run, name) for name in RunRow.__dataclass_fields__]
    query = wanted.narrow(select(*columns)).order_by(
        Run.account, Run.app_id, Run.record_id, Run.handler, Run.seq
    )
    rows = await connection.execute(query.limit(limit))
    return [RunRow(**{**row, "status": RunStatus(row["status"])}) for row in rows.mappings()]


async def lock_siblings(connection: AsyncConnection, run: RunRow) -> list[RunRow]:
    """Lock a run and its unfinished siblings by id, and read them in the order of their `seq`.

    The record must be locked: then none is added or finished meanwhile, and none changes after this.
    """
    rows = await connection.execute(
        text(
            f"""
            SELECT {_COLUMNS} FROM runs WHERE id = :id OR (account = :account AND app_id = :app_id
            AND record_id = :record_id AND handler = :handler AND ordered
            AND {status_in(RUN_UNFINISHED)}) ORDER BY id FOR UPDATE"""
        ),
        _of_record(run),
    )
    siblings = [RunRow(**{**row, "status": RunStatus(row["status"])}) for row in rows.mappings()]
    return sorted(siblings, key=lambda sibling: sibling.seq)


async def find_later_finished(connection: AsyncConnection, run: RunRow) -> RunRow | None:
    """Read the first finished sibling after a run; None: there is none. The record must be locked.

    One that was skipped does not count.
    """
    row = (
        (
            await connection.execute(
                # By way of the changes: finished runs have no index by record of their own.
                text(
                    f"""
                    SELECT {_COLUMNS} FROM runs WHERE change_id IN (SELECT id FROM changes
                        WHERE account = :account AND app_id = :app_id AND record_id = :record_id)
                    AND handler = :handler AND ordered AND {status_in(_CALLED)} AND seq > :seq
                    ORDER BY seq LIMIT 1"""
                ),
                _of_record(run),
            )
        )
        .mappings()
        .one_or_none()
    )
    return None if row is None else RunRow(**{**row, "status": RunStatus(row["status"])})


def _of_record(run: RunRow) -> dict[str, object]:
    return {
        "id": run.id,
        "seq": run.seq,
        "account": run.account,
        "app_id": run.app_id,
        "record_id": run.record_id,
        "handler": run.handler,
    }


async def store_retried(connection: AsyncConnection, run_id: UUID, status: RunStatus) -> None:
    """Make a dead run `ready` (due at once) or `waiting`, with its handler's whole retry list before it."""
    await connection.execute(
        text(
            """
            UPDATE runs SET status = :status, attempts = 0, next_at = now(), token = NULL, holder = NULL,
            finished_at = NULL WHERE id = :id"""
        ),
        {"id": run_id, "status": status},
    )


async def hold_back(connection: AsyncConnection, run_ids: list[UUID]) -> None:
    """Let ready runs wait for an earlier one."""
    await connection.execute(
        text("UPDATE runs SET status = 'waiting' WHERE id = ANY(:ids) AND status = 'ready'"), {"ids": run_ids}
    )


async def store_discarded(connection: AsyncConnection, run_id: UUID) -> None:
    """Discard a run. Whoever works on it finds its token gone, and its attempt ended."""
    await connection.execute(
        text(
            """
            UPDATE attempts SET finished_at = now(), outcome = 'lost', error = 'discarded while it ran'
            WHERE run_id = :id AND finished_at IS NULL"""
        ),
        {"id": run_id},
    )
    await connection.execute(
        text(
            """
            UPDATE runs SET status = 'discarded', token = NULL, holder = NULL, finished_at = now()
            WHERE id = :id"""
        ),
        {"id": run_id},
    )
