"""Every query of expansions, and of the records that they show, beside claiming them (`claims`)."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.changes.types import Fields
from service.db.arrays import TextArray
from service.links.resolving import RecordKey


@dataclass(frozen=True, slots=True)
class NewExpansion:
    """The linked records that one change and rule wait for, to be stored."""

    change_id: UUID
    rule: str
    paths: Sequence[str]
    conditions: Mapping[str, Any] | None = None
    """What the rule asks of the linked records; None: nothing."""


class Seen(NamedTuple):
    """A record as it was seen; `fields` None: it was not there."""

    fields: Fields | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Finished:
    """All that could be had is there."""

    linked: Mapping[str, Sequence[Fields]]
    gaps: Mapping[str, Sequence[str]]
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """Something is missing, and asked for again."""

    looks: int
    failures: int
    next_in: timedelta = timedelta(0)
    not_before: datetime | None = None
    reason: str | None = None


async def insert_expansions(
    connection: AsyncConnection, account: str, expansions: Sequence[NewExpansion]
) -> None:
    """Store what the runs of some new changes wait for."""
    await connection.execute(
        text(
            """
            INSERT INTO expansions (change_id, rule, account, paths, conditions)
            SELECT change_id, rule, :account, ARRAY(SELECT jsonb_array_elements_text(CAST(paths AS jsonb))),
                CAST(conditions AS json)
            FROM unnest(CAST(:change_ids AS uuid[]), CAST(:rules AS text[]), CAST(:paths AS text[]),
                CAST(:conditions AS text[])) AS new (change_id, rule, paths, conditions)"""
        ),
        {
            "account": account,
            "change_ids": [each.change_id for each in expansions],
            "rules": [each.rule for each in expansions],
            "paths": [json.dumps(list(each.paths)) for each in expansions],
            "conditions": [_json(each.conditions) for each in expansions],
        },
    )


async def read_schemas(connection: AsyncConnection, account: str) -> dict[str, dict[str, Any]]:
    """Read the schemas of an account's apps, as `webhooks apply` stored them, by app id."""
    rows = await connection.execute(
        text("SELECT app_id, schema FROM apps WHERE account = :account"), {"account": account}
    )
    return {row.app_id: row.schema for row in rows}


async def read_seen(
    connection: AsyncConnection, account: str, keys: Iterable[RecordKey]
) -> dict[RecordKey, Seen]:
    """Read what is known of some records: the newer of the snapshot and what was fetched for links."""
    wanted = list(keys)
    rows = await connection.execute(
        text(
            """
            SELECT app_id, record_id, seen.fields, seen.at
            FROM unnest(CAST(:app_ids AS text[]), CAST(:record_ids AS text[])) AS wanted (app_id, record_id)
            CROSS JOIN LATERAL (
                SELECT fields, seen_at AS at FROM linked_records AS one WHERE account = :account
                    AND one.app_id = wanted.app_id AND one.record_id = wanted.record_id
                UNION ALL SELECT fields, seen_at FROM records AS one WHERE account = :account
                    AND one.app_id = wanted.app_id AND one.record_id = wanted.record_id
                    AND one.state = 'live' AND one.seen_at IS NOT NULL
                ORDER BY at DESC LIMIT 1) AS seen"""
        ),
        {
            "account": account,
            "app_ids": [key.app_id for key in wanted],
            "record_ids": [key.record_id for key in wanted],
        },
    )
    return {RecordKey(row.app_id, row.record_id): Seen(row.fields, row.at) for row in rows}


async def store_seen(connection: AsyncConnection, account: str, seen: Mapping[RecordKey, Seen]) -> None:
    """Store records that were fetched for links; what is stored and newer stays."""
    ordered = sorted(seen)
    await connection.execute(
        text(
            """
            INSERT INTO linked_records (account, app_id, record_id, fields, seen_at)
            SELECT :account, app_id, record_id, CAST(fields AS jsonb), at FROM unnest(
                CAST(:app_ids AS text[]), CAST(:record_ids AS text[]), CAST(:fields AS text[]),
                CAST(:moments AS timestamptz[])) AS new (app_id, record_id, fields, at)
            ON CONFLICT (account, app_id, record_id) DO UPDATE
                SET fields = excluded.fields, seen_at = excluded.seen_at
                WHERE linked_records.seen_at < excluded.seen_at"""
        ),
        {
            "account": account,
            "app_ids": [key.app_id for key in ordered],
            "record_ids": [key.record_id for key in ordered],
            "fields": TextArray(_json(seen[key].fields) for key in ordered),
            "moments": [seen[key].at for key in ordered],
        },
    )


async def store_again(
    connection: AsyncConnection, token: UUID, again: Mapping[tuple[UUID, str], Again]
) -> None:
    """Give back expansions of which something is missing; those that are not ours any more are left alone."""
    ordered = sorted(again)
    await connection.execute(
        text(
            """
            UPDATE expansions SET token = NULL, holder = NULL, looks = given.looks,
                failures = given.failures, reason = given.reason,
                next_at = greatest(clock_timestamp() + make_interval(secs => given.wait), given.not_before)
            FROM jsonb_to_recordset(CAST(:given AS jsonb)) AS given (change_id uuid, rule text,
                looks smallint, failures smallint, reason text, wait float8, not_before timestamptz)
            WHERE expansions.change_id = given.change_id AND expansions.rule = given.rule
            AND token = :token"""
        ),
        {"token": token, "given": json.dumps([_told(match, again[match]) for match in ordered])},
    )


async def store_finished(
    connection: AsyncConnection, token: UUID, finished: Mapping[tuple[UUID, str], Finished]
) -> list[tuple[UUID, str]]:
    """Finish expansions, and name those that were still ours."""
    ordered = sorted(finished)
    rows = await connection.execute(
        text(
            """
            UPDATE expansions SET token = NULL, holder = NULL, finished_at = now(),
                linked = CAST(given.linked AS jsonb), gaps = CAST(given.gaps AS jsonb),
                reason = given.reason
            FROM unnest(CAST(:change_ids AS uuid[]), CAST(:rules AS text[]), CAST(:linked AS text[]),
                CAST(:gaps AS text[]), CAST(:reasons AS text[]))
                AS given (change_id, rule, linked, gaps, reason)
            WHERE expansions.change_id = given.change_id AND expansions.rule = given.rule
            AND token = :token RETURNING expansions.change_id, expansions.rule"""
        ),
        {
            "token": token,
            "change_ids": [change_id for change_id, _ in ordered],
            "rules": [rule for _, rule in ordered],
            "linked": TextArray(_json(finished[match].linked) for match in ordered),
            "gaps": TextArray(_json(finished[match].gaps) for match in ordered),
            "reasons": [finished[match].reason for match in ordered],
        },
    )
    return [(row.change_id, row.rule) for row in rows]


def _told(match: tuple[UUID, str], again: Again) -> dict[str, Any]:
    return {
        "change_id": str(match[0]),
        "rule": match[1],
        "looks": again.looks,
        "failures": again.failures,
        "reason": again.reason,
        "wait": again.next_in.total_seconds(),
        "not_before": None if again.not_before is None else again.not_before.isoformat(),
    }


def _json(value: object) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, allow_nan=False)
