"""Databases of one server that differ in how much was stored in them before."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

import psycopg
import redis
from psycopg import sql
from sqlalchemy import make_url

from benchmarks.backlog import ACCOUNT, APPS
from benchmarks.growth_rows import is_of_first_app, store_finished
from service.dev.environment import ServiceUrls

APP = APPS[0]

_OTHER_APP = "app-z"  # of no rule
_SPREAD_OVER, _DUE_AT_ONCE = 1000, 400
_RECORDS_OF_A_CALL = 50

# What a round before has settled differs again, for the provider always answers the same; and it was an hour
# ago, else each look would be doubtful, and the record rest after it.
_SEEN_OTHERWISE = """
    UPDATE records SET fields = fields || '{"status": ["In progress"]}', seen_at = now() - interval '1 hour',
        looks_in_row = 0, rest_until = NULL
    WHERE account = %s AND app_id = %s AND record_id = ANY(%s) AND fields ? 'estimate'"""
_PENDING = """
    INSERT INTO deliveries (registration_id, account, app_id, kind, record_id, request_id, body)
    SELECT gen_random_uuid(), %s, %s, 'update', id, gen_random_uuid(),
        convert_to('{"id": "' || id || '"}', 'UTF8')
    FROM unnest(%s::text[]) AS id"""


@dataclass(frozen=True, slots=True)
class Aged:
    """A database with so many finished rows of each kind, and a queue of its own."""

    rows: int
    urls: ServiceUrls

    @property
    def name(self) -> str:
        return f"{self.rows:,} rows"

    def add_deliveries(self, number: int) -> int:
        """Let records from all over the table each have one pending delivery. Returns how many.

        None of them is touched by the call with the `number` before.
        """
        ids = [f"r{each}" for each in due_records(self.rows, number)]
        with self._connected() as connection:
            connection.execute(_SEEN_OTHERWISE, [ACCOUNT, APP, ids])
            connection.execute(_PENDING, [ACCOUNT, APP, ids])
            connection.execute("UPDATE slots SET next_at = now()")  # as if the app had been quiet for a while
        return len(ids)

    def forget_received(self) -> None:
        """Take away what a load generator has sent, without a trace: the next round finds as many rows."""
        with self._connected() as connection:
            connection.execute("DELETE FROM deliveries WHERE app_id = 'benchmark'")
            connection.execute("VACUUM deliveries")
        with closing(redis.Redis.from_url(self.urls.redis_url)) as queue:
            queue.flushdb()  # nobody answered its doorbells, and a full queue takes no more

    @contextmanager
    def counting(self) -> Iterator[Callable[[str], int]]:
        """Give what asks for the one number that a query gives, on one connection: to be asked often."""
        with self._connected() as connection:

            def count(query: str) -> int:
                row = connection.execute(query.encode()).fetchone()
                return 0 if row is None else int(str(row[0]))

            yield count

    def _connected(self) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(self.urls.database_url, autocommit=True)


def due_records(rows: int, number: int) -> list[int]:
    """Choose records from all over a table of so many: as many from any table, others for the next number."""
    stride = rows // _SPREAD_OVER
    numbers = (place * stride + number % stride for place in range(number % 2, _SPREAD_OVER, 2))
    return [each for each in numbers if is_of_first_app(each)][:_DUE_AT_ONCE]


def aged_databases(urls: ServiceUrls, sizes: Sequence[int]) -> Iterator[Aged]:
    """Make and fill them, the smallest first. They go with the server."""
    url = make_url(urls.database_url)
    with psycopg.connect(url.set(database="postgres").render_as_string(hide_password=False)) as connection:
        connection.autocommit = True
        for place, rows in enumerate(sizes, start=1):
            name = f"aged_{rows}"
            copied = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(copied.format(sql.Identifier(name), sql.Identifier(url.database or "")))
            database_url = url.set(database=name).render_as_string(hide_password=False)
            aged = Aged(rows, ServiceUrls(database_url, _logical(urls.redis_url, place)))
            _fill(aged)
            yield aged


def _logical(redis_url: str, number: int) -> str:
    return f"{redis_url}{'&' if '?' in redis_url else '?'}db={number}"


def _fill(aged: Aged) -> None:
    with psycopg.connect(aged.urls.database_url) as connection:
        connection.execute(
            "INSERT INTO apps (account, app_id, name, schema) VALUES (%s, %s, %s, '{}')", [ACCOUNT, APP, APP]
        )
        calls = max(1, aged.rows // _RECORDS_OF_A_CALL)
        store_finished(connection, aged.rows, calls=calls, apps=(APP, _OTHER_APP))
    with psycopg.connect(aged.urls.database_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
