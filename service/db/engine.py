"""Connections to Postgres: one engine per process and event loop."""

from datetime import timedelta

from sqlalchemy import event, make_url
from sqlalchemy.engine.interfaces import AdaptedConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from service.db.arrays import send_binary


def open_engine(
    database_url: str,
    *,
    name: str,
    pool_size: int = 5,
    statement_timeout: timedelta = timedelta(seconds=30),
    lock_timeout: timedelta = timedelta(seconds=10),
) -> AsyncEngine:
    """Make an engine; nothing is connected until it is used. The caller disposes of it.

    `name` is shown as application_name in pg_stat_activity. Connections that the server closed are noticed
    before they are handed out. Errors don't show what was sent: it may be a record, or a request's body.
    Tables are read along their indexes, whatever statistics say of their size (docs/decisions/0006-sql.md).
    """
    options = (
        f"-c statement_timeout={_milliseconds(statement_timeout)}"
        f" -c lock_timeout={_milliseconds(lock_timeout)}"
        " -c timezone=UTC -c synchronous_commit=on -c idle_in_transaction_session_timeout=60000"
        " -c enable_seqscan=off"
    )
    engine = create_async_engine(
        make_url(database_url).set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=10,
        pool_recycle=1800,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"connect_timeout": 5, "application_name": f"relay-{name}", "options": options},
    )
    event.listen(engine.sync_engine, "connect", _prepare)
    return engine


def _prepare(connection: AdaptedConnection, _entry: object) -> None:
    send_binary(connection.driver_connection)


def _milliseconds(duration: timedelta) -> int:
    return int(duration.total_seconds() * 1000)
