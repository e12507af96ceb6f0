"""The database of a test is empty, whatever the test before it left there."""

from collections.abc import Iterator

import pytest

from tests.fixtures.database import Database, DatabaseServer

_TICK = "INSERT INTO ticks (name, key, every, next_at) VALUES ('sweep', '', '1 h', now())"
_TRIGGER = """
    CREATE FUNCTION strange() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
    CREATE TRIGGER strange BEFORE INSERT ON ticks FOR EACH ROW EXECUTE FUNCTION strange()"""
_USED_SEQUENCES = "SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL"


@pytest.fixture
def used(database_server: DatabaseServer) -> Iterator[Database]:
    found = database_server.create(template=database_server.template())
    yield found
    database_server.drop(found)


def test_nothing_is_left(used: Database) -> None:
    contents = used.contents()
    revision = used.execute("SELECT version_num FROM alembic_version")
    for _ in range(2):
        used.execute(_TICK)
        used.execute("SELECT nextval(format('%I', sequencename)::regclass) FROM pg_sequences")
        used.execute("CREATE TABLE strange ()")
        used.execute(_TRIGGER)
        assert used.execute(_USED_SEQUENCES)
        used.reset(contents)
        assert used.execute("SELECT * FROM ticks") == []
        assert used.execute(_USED_SEQUENCES) == []
        assert used.contents() == contents
        assert used.execute("SELECT version_num FROM alembic_version") == revision


def test_what_refers_to_it_goes_too(used: Database) -> None:
    """Also a table that was emptied by hand is emptied: its next rows would stand where the old ones were."""
    used.execute(
        "CREATE TABLE parents (id int PRIMARY KEY); CREATE TABLE children (id int REFERENCES parents)"
    )
    used.execute("INSERT INTO parents VALUES (1); DELETE FROM parents")
    used.reset(used.contents())
    assert used.execute("SELECT pg_relation_size('parents')") == [(0,)]
