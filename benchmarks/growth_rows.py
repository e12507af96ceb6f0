"""A database as it is after a long time: rows of finished work, made by SQL in seconds.

Skewed as real ones are: one app has nine tenths of the records, a fifth of the changes belong to a hundred
records, one run in a thousand is dead. Everything is finished; whoever wants something pending adds it.
"""

import psycopg

ACCOUNT = "main"
HANDLER, OTHER_HANDLER = "ops", "audit"

_HOT_RECORDS = 100
_TENTH = 10  # of the records belongs to the second app

# Row i of `rows` many: its record, and a moment in the last six days, in the order of i.
_NUMBERED = f"""(
    SELECT i, record, 'r' || record AS record_id,
        CASE WHEN record %% {_TENTH} = {_TENTH - 1} THEN %(other_app)s ELSE %(app)s END AS app_id,
        now() - interval '6 days' * (1 - i::float / %(rows)s) AS moment
    FROM (SELECT i, CASE WHEN i %% 5 = 0 THEN (i / 5) %% {_HOT_RECORDS} ELSE i END AS record
        FROM generate_series(0, %(rows)s - 1) AS i) AS numbered) AS made"""

_FIELDS = """jsonb_build_object('id', 'r' || {number}, 'title', 'Task ' || {number},
    'status', '["Done"]'::jsonb, 'notes', repeat(md5({number}::text), 6),
    'created', '2026-01-05T08:00:00Z')"""


def _uuid(kind: int) -> str:
    """Ids in the order of time, as ours are; one family for each kind of row."""
    milliseconds = "lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0')"
    return f"({milliseconds} || '7{kind:03}8' || lpad(to_hex(i), 15, '0'))::uuid"


_CHANGE, _RUN, _REQUEST = _uuid(1), _uuid(2), _uuid(3)
_DEAD_RUN = "i %% 1000 = 999"

_RECORDS = f"""
    INSERT INTO records (account, app_id, record_id, state, version, seen, fields, seen_at, changed_at)
    SELECT '{ACCOUNT}', CASE WHEN i %% {_TENTH} = {_TENTH - 1} THEN %(other_app)s ELSE %(app)s END,
        'r' || i, 'live', %(rows)s, nextval('sight'), {_FIELDS.format(number="i")},
        now() - interval '1 hour', now() - interval '1 hour'
    FROM generate_series(0, %(rows)s - 1) AS i"""
_CHANGES = f"""
    INSERT INTO changes (id, account, app_id, record_id, version, kind, origin, diff, after, deliveries,
        first_received_at, sight, rules_digest, created_at)
    SELECT {_CHANGE}, '{ACCOUNT}', app_id, record_id, i + 1, 'update', 'webhook',
        '{{"status": [["New"], ["Done"]]}}', {_FIELDS.format(number="record")}, 1, moment, i, '', moment
    FROM {_NUMBERED}"""
_DELIVERIES = f"""
    INSERT INTO deliveries (registration_id, account, app_id, kind, record_id, request_id, body, received_at,
        due_at, status, looks, outcome, change_id, call_id, settled_at)
    SELECT '00000000-0000-7000-8000-000000000000', '{ACCOUNT}', app_id, 'update', record_id, {_REQUEST},
        convert_to('{{"id": "' || record_id || '"}}', 'UTF8'), moment, moment, 'settled', 1, 'changed',
        {_CHANGE}, i / 50, moment
    FROM {_NUMBERED}"""
_RUNS = f"""
    INSERT INTO runs (id, change_id, account, app_id, record_id, rule, handler, status, attempts, next_at,
        created_at, finished_at)
    SELECT {_RUN}, {_CHANGE}, '{ACCOUNT}', app_id, record_id, 'all',
        CASE WHEN i %% 5 = 1 THEN '{OTHER_HANDLER}' ELSE '{HANDLER}' END,
        CASE WHEN {_DEAD_RUN} THEN 'dead' ELSE 'done' END, 1, moment, moment, moment
    FROM {_NUMBERED}"""
_ATTEMPTS = f"""
    INSERT INTO attempts (run_id, number, token, process_id, started_at, finished_at, outcome)
    SELECT {_RUN}, 1, {_RUN}, '00000000-0000-7000-8000-000000000000', moment, moment,
        CASE WHEN {_DEAD_RUN} THEN 'failed' ELSE 'done' END
    FROM {_NUMBERED}"""
_CALLS = f"""
    INSERT INTO calls (account, lane, endpoint, started_at, finished_at, counts_until, status)
    SELECT '{ACCOUNT}', 'settle', 'POST filter', moment, moment, least(moment + interval '1 hour', now()), 200
    FROM {_NUMBERED}"""


def store_finished(
    connection: "psycopg.Connection[tuple[object, ...]]", rows: int, *, calls: int, apps: tuple[str, str]
) -> None:
    """Fill empty tables with `rows` records, and as many deliveries, changes, runs and attempts of them.

    Record `r0`, `r1`, … belongs to one of the `apps`: see `is_of_first_app`. `calls` API calls are stored
    too; none of them counts any more. In one transaction, which the caller commits; reading the tables'
    statistics (ANALYZE) is the caller's as well.
    """
    # What is stored is consistent by itself, so the foreign keys need not be looked up for each row.
    connection.execute("SET LOCAL session_replication_role = replica")
    values = {"app": apps[0], "other_app": apps[1]}
    for statement in (_RECORDS, _CHANGES, _DELIVERIES, _RUNS, _ATTEMPTS):
        connection.execute(statement.encode(), {**values, "rows": rows})
    connection.execute(_CALLS.encode(), {**values, "rows": calls})
    connection.execute("SET LOCAL session_replication_role = origin")


def is_of_first_app(number: int) -> bool:
    """Tell whose the record with this number is."""
    return number % _TENTH != _TENTH - 1
