"""The database's schema: which revision it has, and bringing it to another one.

The migrations stand beside this package in a checkout (`migrations/`), inside it in a wheel (`_migrations/`).
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, NullPool, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from service.errors import RefusedError

LOCK_TIMEOUT = timedelta(seconds=5)
"""A migration that has to wait longer for a table fails, instead of making everybody wait behind it."""

_LOCK_KEY = 7_242_001  # one number instead of the pairs of `db.locks`: never the same lock
_PAUSE = 0.1


def upgrade(
    database_url: str,
    revision: str = "head",
    *,
    lock_timeout: timedelta = LOCK_TIMEOUT,
    wait: timedelta = timedelta(minutes=5),
) -> None:
    """Bring the database to a revision, each migration in a transaction of its own.

    One at a time: whoever comes second waits up to `wait`, and then finds it done. Raises RefusedError when
    that is over, when a table stays locked, or when the database is newer than this code; what was migrated
    before that stays. Raises sqlalchemy's OperationalError when the database can't be reached.
    """
    with _migrating(database_url, lock_timeout, wait) as config:
        command.upgrade(config, revision)


def downgrade(
    database_url: str,
    revision: str,
    *,
    lock_timeout: timedelta = LOCK_TIMEOUT,
    wait: timedelta = timedelta(minutes=5),
) -> None:
    """Take the database back to a revision (`base`: empty; data is lost). Raises what `upgrade` raises."""
    with _migrating(database_url, lock_timeout, wait) as config:
        command.downgrade(config, revision)


def current_revision(database_url: str) -> str | None:
    """The revision that the database has; None before the first migration. OperationalError: unreachable."""
    with _connected(database_url) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head_revision() -> str:
    """The revision that this code needs. Raises RefusedError when the migrations have several ends."""
    heads = ScriptDirectory.from_config(migrations_config()).get_heads()
    if len(heads) != 1:
        message = f"the migrations must have one end, not {len(heads)}: {', '.join(heads)}"
        raise RefusedError(message)
    return heads[0]


def outdated_revisions() -> frozenset[str]:
    """The revisions that are too old for this code. One that is not known here is newer, and fits."""
    script = ScriptDirectory.from_config(migrations_config())
    return frozenset(each.revision for each in script.walk_revisions()) - {head_revision()}


def migrations_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration for our migrations, bound to a connection if one is given."""
    package = Path(__file__).parents[1]
    installed = package / "_migrations"
    config = Config()
    # A percent sign in the path would start an interpolation.
    folder = str(installed if installed.exists() else package.parent / "migrations").replace("%", "%%")
    config.set_main_option("script_location", folder)
    config.attributes["connection"] = connection
    return config


@contextmanager
def migration_connection(
    database_url: str, *, lock_timeout: timedelta = LOCK_TIMEOUT, wait: timedelta = timedelta(minutes=5)
) -> Iterator[Connection]:
    """A connection that alone may migrate, and whose statements don't wait long for locks.

    Raises RefusedError when another one migrates for longer than `wait`.
    """
    with _connected(database_url) as connection:
        deadline = time.monotonic() + wait.total_seconds()
        while not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK_KEY}):
            connection.rollback()
            if time.monotonic() > deadline:
                message = (
                    f"another process migrates this database for longer than {wait.total_seconds():.0f} s"
                )
                raise RefusedError(message)
            time.sleep(_PAUSE)
        milliseconds = int(lock_timeout.total_seconds() * 1000)
        connection.execute(text(f"SET lock_timeout = {milliseconds}"))
        connection.execute(text("SET statement_timeout = 0"))
        connection.commit()
        yield connection  # closing it frees the lock


@contextmanager
def _connected(database_url: str) -> Iterator[Connection]:
    engine = create_engine(make_url(database_url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


@contextmanager
def _migrating(database_url: str, lock_timeout: timedelta, wait: timedelta) -> Iterator[Config]:
    with migration_connection(database_url, lock_timeout=lock_timeout, wait=wait) as connection:
        try:
            yield migrations_config(connection)
        except CommandError as error:
            message = f"can't migrate ({error}): is the database used by a newer version of this program?"
            raise RefusedError(message) from error
        except OperationalError as error:
            if not isinstance(error.orig, LockNotAvailable):
                raise
            message = (
                f"a table stayed locked for {lock_timeout.total_seconds():g} s, and its migration was undone:"
                " try again when no long transaction is open (pg_stat_activity shows them)"
            )
            raise RefusedError(message) from error
