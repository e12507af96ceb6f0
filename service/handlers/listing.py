"""Runs and their attempts as people see them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from service.errors import NotFoundError
from service.handlers.filtering import EVERY_RUN, RunFilter
from service.handlers.loops import HELD_UNTIL
from service.handlers.models import Attempt, HandlerState, Run
from service.lifecycle import RunStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """One run."""

    id: UUID
    change_id: UUID
    account: str
    app_id: str
    record_id: str
    rule: str
    handler: str
    replay: int
    status: str
    attempts: int
    """Tries that count against the handler's retry list."""
    next_at: datetime
    """When it is tried next, if it is ready."""
    held: str | None
    """What keeps it from beginning, though it is ready: `paused` (its handler is), `loop` (it looks like
    one), or `failing` (its handler fails again and again)."""
    error: str | None
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptView:
    """One try at a run."""

    number: int
    started_at: datetime
    finished_at: datetime | None
    outcome: str | None
    """None while it is under way."""
    error: str | None
    detail: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinksView:
    """How far the linked records are that the run's rule asks for (`expand`)."""

    paths: list[str]
    looks: int
    """How often some were absent."""
    failures: int
    """How often there was no answer."""
    next_at: datetime | None
    """When they are asked for next; None: they are finished."""
    reason: str | None
    """Why they wait, or why there are gaps."""
    gaps: dict[str, list[str]] | None
    """By path, the ids of those that were not to be had; None until they are finished."""
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDetail(RunView):
    """One run with all its tries, the first one first."""

    links: LinksView | None
    """None: its rule asks for none."""
    tries: list[AttemptView]


_HELD = case(
    (Run.status != RunStatus.READY, None),
    (HandlerState.paused_at.is_not(None), "paused"),
    (Run.next_at >= HELD_UNTIL, "loop"),
    (HandlerState.opened_at.is_not(None), "failing"),
).label("held")
_COLUMNS = [_HELD if name == "held" else getattr(Run, name) for name in RunView.__dataclass_fields__]
_ATTEMPT_COLUMNS = [getattr(Attempt, name) for name in AttemptView.__dataclass_fields__]


async def list_runs(
    connection: AsyncConnection,
    wanted: RunFilter = EVERY_RUN,
    *,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[RunView]:
    """The newest runs first; `before`: older than the one made then, with this id."""
    query = _runs().order_by(Run.created_at.desc(), Run.seq.desc()).limit(limit)
    query = wanted.narrow(query)
    if before is not None:
        moment, run_id = before
        seq = select(Run.seq).where(Run.id == run_id).scalar_subquery()
        query = query.where(tuple_(Run.created_at, Run.seq) < tuple_(moment, seq))
    return [RunView(**row) for row in (await connection.execute(query)).mappings()]


async def show_run(connection: AsyncConnection, run_id: UUID) -> RunDetail:
    """One run. Raises NotFoundError."""
    row = (await connection.execute(_runs().where(Run.id == run_id))).mappings().one_or_none()
    if row is None:
        raise NotFoundError(f"there is no run {run_id}; `relay runs list` shows the newest")
    attempts = await connection.execute(
        select(*_ATTEMPT_COLUMNS).where(Attempt.run_id == run_id).order_by(Attempt.number)
    )
    links = await _read_links(connection, row["change_id"], row["rule"])
    return RunDetail(**row, links=links, tries=[AttemptView(**each) for each in attempts.mappings()])


def _runs() -> Select[Any]:
    return select(*_COLUMNS).outerjoin(HandlerState, HandlerState.handler == Run.handler)


async def _read_links(connection: AsyncConnection, change_id: UUID, rule: str) -> LinksView | None:
    found = await connection.execute(
        text(
            """
            SELECT paths, looks, failures, CASE WHEN finished_at IS NULL THEN next_at END AS next_at, reason,
                gaps, finished_at
            FROM expansions WHERE change_id = :change_id AND rule = :rule"""
        ),
        {"change_id": change_id, "rule": rule},
    )
    row = found.mappings().one_or_none()
    return None if row is None else LinksView(**row)
