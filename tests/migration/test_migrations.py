"""The schema up and down, on each PostgreSQL that we promise."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import OperationalError

from service.db.base import Base
from service.db.migrating import current_revision, downgrade, head_revision, migration_connection, upgrade
from service.dev.environment import EmbeddedServices
from service.errors import RefusedError
from tests.fixtures.database import Database
from tests.fixtures.services import FAST
from tests.fixtures.waiting import wait_until

SCHEMA = """
SELECT 'column', table_name || '.' || column_name, concat_ws(' ', data_type, is_nullable, column_default,
       identity_generation) FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'constraint', conname, conrelid::regclass || ' ' || pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'sequence', sequencename, concat_ws(' ', data_type, start_value, increment_by, cycle)
    FROM pg_sequences WHERE schemaname = 'public'
UNION ALL SELECT 'storage', relname, array_to_string(reloptions, ' ') FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND reloptions IS NOT NULL
"""

FIRST = "26c1c244ec04"
"""The revision that makes the tables of deliveries."""
TOKENS = "7d0c5a3e91f2"
"""The last revision before those that make indexes while others write."""


@pytest.fixture(scope="module", params=["16", "18"])
def server(request: pytest.FixtureRequest, fresh_root: Callable[[], Path]) -> Iterator[str]:
    """The URL of a server of one version; the tests take its database in turn."""
    services = EmbeddedServices(fresh_root(), postgres_version=request.param, postgres_settings=FAST)
    with services:
        yield services.database_url
    services.erase()


@pytest.fixture
def url(server: str) -> str:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return server


def schema_of(url: str) -> set[tuple[object, ...]]:
    """Everything that the schema consists of, apart from Alembic's own table."""
    rows = Database(url).execute(SCHEMA)
    return {row for row in rows if "alembic_version" not in f"{row[1]} {row[2]}"}


def test_up_down_and_up_again(url: str) -> None:
    assert current_revision(url) is None
    upgrade(url)
    assert current_revision(url) == head_revision()
    first = schema_of(url)
    downgrade(url, "base")
    assert schema_of(url) == set()
    upgrade(url)
    assert schema_of(url) == first


def test_an_upgrade_of_a_current_database_does_nothing(url: str) -> None:
    upgrade(url)
    Database(url).execute("INSERT INTO alarms (name, subject, message) VALUES ('a', 'b', 'c')")
    upgrade(url)
    assert Database(url).execute("SELECT count(*) FROM alarms") == [(1,)]


def test_migrations_make_what_the_models_say(url: str) -> None:
    upgrade(url)
    migrated = schema_of(url)
    downgrade(url, "base")
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    Base.metadata.create_all(engine)
    engine.dispose()
    assert migrated == schema_of(url)


def test_upgrades_at_the_same_time_wait_for_each_other(url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(upgrade, url) for _ in range(4)]:
            done.result()
    assert current_revision(url) == head_revision()


def test_whoever_waits_too_long_for_another_upgrade_is_told(url: str) -> None:
    with (
        migration_connection(url),
        pytest.raises(RefusedError, match="another process migrates this database"),
    ):
        upgrade(url, wait=timedelta(milliseconds=200))
    upgrade(url)


def test_a_table_that_stays_locked_fails_the_migration_cleanly(url: str) -> None:
    upgrade(url, FIRST)
    before = schema_of(url)
    with psycopg.connect(url) as reader:
        reader.execute("SELECT * FROM deliveries")
        with pytest.raises(RefusedError, match=r"stayed locked for 0\.2 s.*undone.*pg_stat_activity"):
            downgrade(url, "base", lock_timeout=timedelta(milliseconds=200))
    assert schema_of(url) == before
    assert current_revision(url) == FIRST
    downgrade(url, "base")
    assert schema_of(url) == set()


def test_an_index_that_waits_for_too_old_a_transaction_is_made_the_next_time(url: str) -> None:
    upgrade(url, TOKENS)
    with psycopg.connect(url) as reader:
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT 1")
        with pytest.raises(RefusedError, match=r"stayed locked for 0\.2 s"):
            upgrade(url, lock_timeout=timedelta(milliseconds=200))
    upgrade(url)
    assert current_revision(url) == head_revision()
    assert Database(url).execute("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid") == []


def test_a_database_of_a_newer_version_is_left_alone(url: str) -> None:
    upgrade(url)
    Database(url).execute("UPDATE alembic_version SET version_num = 'from_the_future'")
    with pytest.raises(RefusedError, match=r"from_the_future.*newer version"):
        upgrade(url)
    assert current_revision(url) == "from_the_future"


def test_an_unreachable_database_is_an_operational_error(tmp_path: Path) -> None:
    with pytest.raises(OperationalError):
        upgrade(f"postgresql://postgres@/relay?host={tmp_path}")


def test_a_killed_upgrade_leaves_nothing_half_done(url: str) -> None:
    """Its server process dies while it waits for a lock in the middle of the first migration."""
    failures: list[BaseException] = []

    def migrate() -> None:
        try:
            upgrade(url, lock_timeout=timedelta(seconds=60))
        except OperationalError as error:
            failures.append(error)

    database = Database(url)
    with psycopg.connect(url) as blocker:
        blocker.execute("CREATE TABLE runs (id int)")  # not committed: creating it again has to wait
        thread = threading.Thread(target=migrate)
        thread.start()
        killed = wait_until(
            lambda: database.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            )
        )
        thread.join(30)
    database.execute("DROP TABLE runs")
    assert killed
    assert len(failures) == 1
    assert schema_of(url) == set()
    upgrade(url)
