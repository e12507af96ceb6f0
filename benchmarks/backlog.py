"""Work that waits: deliveries to settle and runs to run, written straight into the tables."""

import json
from collections.abc import Sequence

import psycopg

from benchmarks.tasks import BEFORE, FIELDS, task

ACCOUNT = "main"
APPS = ("app-a", "app-b", "app-c", "app-d")
"""As in benchmarks/installed/throughput.yaml."""

_RECORD = "COPY records (account, app_id, record_id, state, version, fields, seen_at, changed_at) FROM STDIN"
_ANALYZED = "apps, records, deliveries, changes, runs, attempts, calls"
_WATCHING = "reconciles, walks"


def forget_all(database_url: str) -> None:
    """Empty the tables of work, and store the apps as an apply would. No process may be at work."""
    schema = json.dumps({"fields": [{"id": name, "type": "text"} for name in FIELDS]})
    with psycopg.connect(database_url) as connection:
        connection.execute(f"TRUNCATE {_ANALYZED}, {_WATCHING} CASCADE".encode())
        for app_id in APPS:
            connection.execute(
                "INSERT INTO apps (account, app_id, name, schema) VALUES (%s, %s, %s, %s)",
                [ACCOUNT, app_id, app_id, schema],
            )


def add_deliveries(database_url: str, app_ids: Sequence[str], count: int, *, prefix: str) -> None:
    """Let `count` records, seen before and spread over the apps, each have one pending delivery.

    The apps were quiet for a while: none of them still waits for more to come after its last look.
    """
    with psycopg.connect(database_url) as connection:
        _add_records(connection, app_ids, count, prefix)
        connection.execute(
            """
            INSERT INTO deliveries (registration_id, account, app_id, kind, record_id, request_id, body)
            SELECT gen_random_uuid(), account, app_id, 'update', record_id, gen_random_uuid(),
                convert_to('{"id": "' || record_id || '"}', 'UTF8')
            FROM records WHERE record_id LIKE %s || '%%' ORDER BY record_id""",
            [prefix],
        )
        connection.execute("UPDATE slots SET next_at = now()")
    _analyze(database_url)


def add_runs(database_url: str, handler: str, count: int, *, prefix: str) -> None:
    """Let `count` records of one app each have one change, with one ready run of a handler."""
    with psycopg.connect(database_url) as connection:
        _add_records(connection, APPS[:1], count, prefix)
        connection.execute(
            """
            WITH change AS (
                INSERT INTO changes (id, account, app_id, record_id, version, kind, origin, diff, after,
                    deliveries, first_received_at, sight, rules_digest)
                SELECT gen_random_uuid(), account, app_id, record_id, version, 'update', 'webhook',
                    jsonb_build_object('status', jsonb_build_array('["To do"]'::jsonb, fields -> 'status')),
                    fields, 1, now(), nextval('sight'), ''
                FROM records WHERE record_id LIKE %s || '%%' ORDER BY record_id
                RETURNING id, account, app_id, record_id)
            INSERT INTO runs (id, change_id, account, app_id, record_id, rule, handler, status)
            SELECT gen_random_uuid(), id, account, app_id, record_id, 'a', %s, 'ready' FROM change""",
            [prefix, handler],
        )
    _analyze(database_url)


def settled_into_runs(database_url: str, prefix: str) -> int:
    """How many records have a settled delivery that led to a change with a run."""
    return _count(
        database_url,
        """
        SELECT count(*) FROM deliveries JOIN changes ON changes.id = deliveries.change_id
        JOIN runs ON runs.change_id = changes.id
        WHERE deliveries.status = 'settled' AND deliveries.record_id LIKE %s || '%%'""",
        prefix,
    )


def finished_runs(database_url: str, prefix: str) -> int:
    """How many runs are done at their first attempt."""
    return _count(
        database_url,
        """
        SELECT count(*) FROM runs JOIN attempts ON attempts.run_id = runs.id
        WHERE runs.status = 'done' AND runs.attempts = 1 AND attempts.outcome = 'done'
        AND runs.record_id LIKE %s || '%%'""",
        prefix,
    )


def _add_records(
    connection: "psycopg.Connection[tuple[object, ...]]", app_ids: Sequence[str], count: int, prefix: str
) -> None:
    with connection.cursor() as cursor, cursor.copy(_RECORD.encode()) as copy:
        for number in range(count):
            record_id = f"{prefix}{number:08d}"
            fields = json.dumps(task(record_id, status=BEFORE))
            app_id = app_ids[number % len(app_ids)]
            copy.write_row((ACCOUNT, app_id, record_id, "live", 1, fields, "yesterday", "yesterday"))


def _analyze(database_url: str) -> None:
    # As on a server that has run for a while; without it the planner takes the tables for empty.
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"ANALYZE {_ANALYZED}".encode())


def _count(database_url: str, query: str, prefix: str) -> int:
    with psycopg.connect(database_url) as connection:
        row = connection.execute(query.encode(), [prefix]).fetchone()
    return 0 if row is None else int(str(row[0]))
