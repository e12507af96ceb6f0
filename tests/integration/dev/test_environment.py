import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from service.dev.embedded.process import listener
from service.dev.environment import EmbeddedServices, read_running
from service.errors import ConfigurationError, RefusedError
from tests.fixtures.owning import Owner, servers_run
from tests.fixtures.services import FAST

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody else")


@pytest.fixture
def root(fresh_root: Callable[[], Path]) -> Iterator[Path]:
    path = fresh_root()
    yield path
    EmbeddedServices(path).erase()
    assert not path.exists()


def remember(database_url: str, redis_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    with redis.Redis.from_url(redis_url) as client:
        client.set("kept", "42")
        client.execute_command("WAITAOF", 1, 0, 5000)


def recall(database_url: str, redis_url: str) -> tuple[object, object]:
    with psycopg.connect(database_url) as connection, redis.Redis.from_url(redis_url) as client:
        row = connection.execute("SELECT answer FROM kept").fetchone()
        return row and row[0], client.get("kept")


def test_services_run_only_while_they_are_owned(root: Path) -> None:
    with EmbeddedServices(root, postgres_settings=FAST) as services:
        remember(services.database_url, services.redis_url)
        assert read_running(root) == services.urls
        assert (root / "services.json").stat().st_mode & 0o777 == 0o600
    assert servers_run(root) == []
    assert read_running(root) is None


def test_the_url_alone_decides_where_to_connect(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGHOST", "nowhere.invalid")
    with EmbeddedServices(root, postgres_settings=FAST) as services:
        remember(services.database_url, services.redis_url)
        assert recall(services.database_url, services.redis_url) == (42, b"42")


def test_redis_keeps_doorbells_and_never_evicts(root: Path) -> None:
    with EmbeddedServices(root, postgres_settings=FAST) as services:
        with redis.Redis.from_url(services.redis_url) as client:
            settings = client.config_get("appendonly", "appendfsync", "maxmemory-policy", "port")
        assert settings == {
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
            "port": "0",
        }


def test_second_owner_is_refused_and_harms_nothing(root: Path) -> None:
    with EmbeddedServices(root, postgres_settings=FAST) as services:
        remember(services.database_url, services.redis_url)
        with pytest.raises(RefusedError, match="in use by another process"):
            EmbeddedServices(root).start()
        with pytest.raises(RefusedError, match="in use by another process"):
            EmbeddedServices(root).erase()
        assert recall(services.database_url, services.redis_url) == (42, b"42")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_no_process_survives_a_signal(root: Path, number: signal.Signals) -> None:
    with Owner(root) as owner:
        assert servers_run(root) == ["postgres", "valkey"]
        assert owner.signal(number) != 0
        assert servers_run(root) == []


def test_after_a_killed_owner_the_next_one_finds_the_data(root: Path) -> None:
    with Owner(root) as owner:
        remember(owner.urls.database_url, owner.urls.redis_url)
    assert servers_run(root) == ["postgres", "valkey"]
    assert read_running(root) is None, "nobody owns what still runs"
    with EmbeddedServices(root) as services:
        assert recall(services.database_url, services.redis_url) == (42, b"42")
    assert servers_run(root) == []


def test_erase_ends_what_a_killed_owner_left(root: Path) -> None:
    with Owner(root):
        pass
    assert servers_run(root) == ["postgres", "valkey"]
    EmbeddedServices(root).erase()
    assert servers_run(root) == []
    assert not root.exists()


def test_single_servers_can_be_broken_and_mended(root: Path) -> None:
    with EmbeddedServices(root, postgres_settings=FAST) as services:
        remember(services.database_url, services.redis_url)
        services.kill_postgres()
        services.kill_valkey()
        assert servers_run(root) == []
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(services.database_url)
        services.start_postgres()
        services.start_valkey()
        assert recall(services.database_url, services.redis_url) == (42, b"42")
        services.stop_valkey()
        services.stop_postgres()
        services.start_valkey()
        services.start_postgres()
        assert recall(services.database_url, services.redis_url) == (42, b"42")


@pytest.mark.parametrize("content", ["", "12", "{pid}\n/nowhere\n1\n5432\n\n\n1 1\nready\n"])
def test_a_postmaster_file_that_lies_is_ignored(root: Path, content: str) -> None:
    """Empty or cut off by a full disk, or naming a process that got the same number since."""
    with EmbeddedServices(root) as services:
        remember(services.database_url, services.redis_url)
        services.kill_postgres()
        somebody = listener(root / "run" / "valkey.sock")  # a process of the user that PostgreSQL runs as
        assert somebody is not None
        for lying in (root / "postgres-18" / "postmaster.pid", root / "run" / ".s.PGSQL.5432.lock"):
            lying.write_text(content.format(pid=somebody))
        services.start_postgres()
        assert recall(services.database_url, services.redis_url) == (42, b"42")


@pytest.mark.parametrize("name", ['it\'s a "place" with, spaces & 100 % ünicode', "long" * 40])
def test_any_path_will_do(root: Path, name: str) -> None:
    root.mkdir(mode=0o755)
    awkward = root / name
    try:
        with Owner(Path("data"), directory=_made(awkward)) as owner:
            remember(owner.urls.database_url, owner.urls.redis_url)
        with EmbeddedServices(awkward / "data") as services:
            assert recall(services.database_url, services.redis_url) == (42, b"42")
            sockets = Path(services.redis_url.removeprefix("unix://")).parent
        assert not sockets.exists()
    finally:
        EmbeddedServices(awkward / "data").erase()


def _made(directory: Path) -> Path:
    directory.mkdir(mode=0o755)
    return directory


def test_postgres_16_has_its_own_data(root: Path) -> None:
    for version in ("16", "18"):
        with (
            EmbeddedServices(root, postgres_version=version, postgres_settings=FAST) as services,
            psycopg.connect(services.database_url) as connection,
        ):
            row = connection.execute("SHOW server_version").fetchone()
            assert row is not None
            assert row[0].split(".")[0] == version
            connection.execute("CREATE TABLE kept AS SELECT 1")


def test_an_unknown_version_is_named(root: Path) -> None:
    with pytest.raises(ConfigurationError, match="no embedded PostgreSQL '9'"):
        EmbeddedServices(root, postgres_version="9").start()
    with EmbeddedServices(root, postgres_settings=FAST):
        pass


@only_root
def test_a_normal_user_needs_nothing_else(fresh_root: Callable[[], Path]) -> None:
    home = fresh_root()
    home.mkdir()
    os.chown(home, 65534, 65534)
    with Owner(home / "data", user=65534) as owner:
        remember(owner.urls.database_url, owner.urls.redis_url)
        assert owner.signal(signal.SIGTERM) != 0
    assert servers_run(home / "data") == []
    assert (home / "data" / "postgres-18").stat().st_uid == 65534


@only_root
def test_root_is_told_when_its_servers_cannot_enter(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(ConfigurationError, match=f"may not enter {tmp_path}.*RELAY_DATA_DIR"):
        EmbeddedServices(tmp_path / "data").start()
    assert tmp_path.stat().st_mode & 0o777 == 0o700, "nobody's directory is opened to everybody"


@only_root
def test_the_directory_of_somebody_else_is_refused(fresh_root: Callable[[], Path]) -> None:
    theirs = fresh_root()
    theirs.mkdir()
    os.chown(theirs, 65534, 65534)
    with pytest.raises(RefusedError, match="belongs to user 65534"):
        EmbeddedServices(theirs).start()


def test_the_listener_of_a_socket_is_known(fresh_root: Callable[[], Path]) -> None:
    path = fresh_root()
    assert listener(path) is None
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        assert listener(path) == os.getpid()
    assert listener(path) is None, "a file that nobody listens at"
