"""The database of a test is empty, whatever the test before it left there."""

from collections.abc import Iterator

import pytest

from tests.fixtures.database import Database, DatabaseServer

_TICK = "INSERT INTO ticks (name, key, every, next_at) VALUES ('sweep', '', '1 h', now())"
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
_USED_SEQUENCES = "SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL"


@pytest.fixture
def used(database_server: DatabaseServer) -> Iterator[Database]:
    found = database_server.create(template=database_server.template())
    yield found
    database_server.drop(found)


def test_nothing_is_left(used: Database) -> None:
    tables = {name for (name,) in used.execute(_TABLES)}
    revision = used.execute("SELECT version_num FROM alembic_version")
    for _ in range(2):
        used.execute(_TICK)
        used.execute("SELECT nextval(format('%I', sequencename)::regclass) FROM pg_sequences")
        used.execute("CREATE TABLE strange ()")
        assert used.execute(_USED_SEQUENCES)
        used.reset(tables)
        assert used.execute("SELECT * FROM ticks") == []
        assert used.execute(_USED_SEQUENCES) == []
        assert {name for (name,) in used.execute(_TABLES)} == tables
        assert used.execute("SELECT version_num FROM alembic_version") == revision


def test_what_refers_to_it_goes_too(used: Database) -> None:
    """Also a table that was emptied by hand is emptied: its next rows would stand where the old ones were."""
    tables = {name for (name,) in used.execute(_TABLES)}
    used.execute(
        "CREATE TABLE parents (id int PRIMARY KEY); CREATE TABLE children (id int REFERENCES parents)"
    )
    used.execute("INSERT INTO parents VALUES (1); DELETE FROM parents")
    used.reset(tables | {"parents", "children"})
    assert used.execute("SELECT pg_relation_size('parents')") == [(0,)]
