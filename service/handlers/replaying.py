"""Which runs were made once, to be made again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayFilter:
    """Changes, and what was or would be run for them, for which all of this holds; None: no matter what."""

    change_ids: Sequence[UUID] | None = None
    account: str | None = None
    app_ids: Sequence[str] | None = None
    record_id: str | None = None
    rule: str | None = None
    handler: str | None = None
    since: datetime | timedelta | None = None
    """Stored at this moment, or so long ago, or later …"""
    until: datetime | timedelta | None = None
    """… and before this one."""


@dataclass(frozen=True, slots=True)
class Made:
    """A run that was made for a change, or would be now."""

    change_id: UUID
    account: str
    app_id: str
    record_id: str
    rule: str
    handler: str
    rules_digest: str
    awaits_links: bool


class Expanded(NamedTuple):
    """How far the linked records of a change are that a rule asks for."""

    finished: bool
    skipped: bool
    """They turned out not to be as the rule asks."""


_MADE = """
    SELECT changes.id, changes.account, changes.app_id, changes.record_id, runs.rule, runs.handler,
        changes.rules_digest, bool_or(runs.status = 'pending_links') AS awaits_links
    FROM changes JOIN runs ON runs.change_id = changes.id
    WHERE runs.status <> 'skipped' {narrowed}
    GROUP BY changes.id, runs.rule, runs.handler ORDER BY min(runs.seq) LIMIT :most"""


async def find_made(connection: AsyncConnection, wanted: ReplayFilter, *, most: int) -> list[Made]:
    """List what was run for the changes that are meant, in the order in which it was; each thing once."""
    conditions, values = _narrowed(wanted)
    narrowed = "".join(f" AND {condition}" for condition in conditions)
    rows = await connection.execute(text(_MADE.format(narrowed=narrowed)), {**values, "most": most})
    return [Made(*row) for row in rows]


async def read_known_expansions(
    connection: AsyncConnection, change_ids: Sequence[UUID]
) -> Mapping[tuple[UUID, str], Expanded]:
    """Tell of the changes and rules whose linked records were asked for before what came of it."""
    rows = await connection.execute(
        text(
            """
            SELECT change_id, rule, finished_at IS NOT NULL AS finished, EXISTS (
                SELECT FROM runs WHERE runs.change_id = expansions.change_id
                AND runs.rule = expansions.rule AND runs.status = 'skipped') AS skipped
            FROM expansions WHERE change_id = ANY(:change_ids)"""
        ),
        {"change_ids": list(change_ids)},
    )
    return {(row.change_id, row.rule): Expanded(finished=row.finished, skipped=row.skipped) for row in rows}


def _narrowed(wanted: ReplayFilter) -> tuple[list[str], dict[str, Any]]:
    """Give the conditions of a filter and their values. Only what is asked for stands in the statement."""
    asked = {
        "change_ids": ("changes.id = ANY(:change_ids)", _listed(wanted.change_ids)),
        "account": ("changes.account = :account", wanted.account),
        "app_ids": ("changes.app_id = ANY(:app_ids)", _listed(wanted.app_ids)),
        "record_id": ("changes.record_id = :record_id", wanted.record_id),
        "rule": ("runs.rule = :rule", wanted.rule),
        "handler": ("runs.handler = :handler", wanted.handler),
        "since": (f"changes.created_at >= {_moment('since', wanted.since)}", wanted.since),
        "until": (f"changes.created_at < {_moment('until', wanted.until)}", wanted.until),
    }
    given = {name: each for name, each in asked.items() if each[1] is not None}
    return [condition for condition, _ in given.values()], {name: value for name, (_, value) in given.items()}


def _moment(name: str, given: datetime | timedelta | None) -> str:
    """The SQL of a moment as it was given, or of how long ago."""
    return f"now() - CAST(:{name} AS interval)" if isinstance(given, timedelta) else f":{name}"


def _listed(values: Sequence[Any] | None) -> list[Any] | None:
    return None if values is None else list(values)
