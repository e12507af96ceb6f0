"""`relay web` as processes of its own: start, several on one port, ends in order, leaves nothing behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
import pytest

from tests.fixtures.database import Database
from tests.fixtures.receiver import HEADER, SECRET, SECRET_KEY, register, stored
from tests.fixtures.waiting import free_port, wait_until

ROOT = Path(__file__).parents[3]
RUN = (
    "import sys; from service.config import read_settings; from service.web.main import run_web\n"
    "if __name__ == '__main__': run_web(read_settings(), int(sys.argv[1]))"
)


@pytest.fixture
def environment(database: Database, redis_url: str, tmp_path: Path) -> dict[str, str]:
    register(database)
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": database.url,
        "REDIS_URL": redis_url,
        "RELAY_SECRET_KEY": SECRET_KEY,
        "RELAY_CONFIG": str(tmp_path / "relay.yaml"),
        "PORT": str(free_port()),
    }


def command(environment: Mapping[str, str], processes: int) -> list[str]:
    """What a shell would call: a program file, for child processes import their parent's."""
    script = Path(environment["RELAY_CONFIG"]).with_name("web.py")
    script.write_text(RUN)
    return [sys.executable, str(script), str(processes)]


@contextmanager
def running_web(environment: Mapping[str, str], processes: int) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(  # noqa: S603  ourselves
        command(environment, processes), env=dict(environment), start_new_session=True
    )
    try:
        wait_until(lambda: deliver(environment) is not None, 30, what="the receiver answers")
        yield process
    finally:
        with suppress(ProcessLookupError):  # all have ended
            os.killpg(process.pid, signal.SIGKILL)  # children that lived on would beat into the next test
        process.wait()


def deliver(environment: Mapping[str, str], header: str = HEADER, *, place: str = "id") -> int | None:
    """Deliver an id at a place, on a connection of its own; None when nobody listens."""
    url = f"http://127.0.0.1:{environment['PORT']}/webhooks/fusioo/key"
    try:
        answer = httpx2.post(url, headers={header: SECRET}, json={place: "a"}, trust_env=False)
    except httpx2.TransportError:
        return None
    return answer.status_code


@pytest.mark.parametrize("processes", [1, 2])
def test_sigterm_ends_it_in_order(environment: dict[str, str], database: Database, processes: int) -> None:
    with running_web(environment, processes) as web:
        wait_until(lambda: len(web_processes(database)) == processes)
        web.send_signal(signal.SIGTERM)
        assert web.wait(20) == 0
    assert web_processes(database) == []
    assert stored(database)


def test_children_end_when_their_parent_is_killed(environment: dict[str, str], database: Database) -> None:
    with running_web(environment, 2) as web:
        wait_until(lambda: len(web_processes(database)) == 2)
        web.kill()
        wait_until(lambda: web_processes(database) == [], 20, what="both children end by themselves")
    assert deliver(environment) is None


def test_a_killed_child_is_replaced(environment: dict[str, str], database: Database) -> None:
    with running_web(environment, 2):
        wait_until(lambda: len(web_processes(database)) == 2, 60)
        os.kill(web_processes(database)[0], signal.SIGKILL)
        wait_until(lambda: len(web_processes(database)) == 3, 60)  # the row of the killed one is still there
        assert deliver(environment) == 202


def test_the_header_of_the_configuration_counts_and_its_missing_variables_do_not(
    environment: dict[str, str],
) -> None:
    text = 'accounts: {main: {token: "${NOT_SET}", secret_header: X-Own}}'
    Path(environment["RELAY_CONFIG"]).write_text(text)
    with running_web(environment, 1):
        assert deliver(environment, "X-Own") == 202
        assert deliver(environment) == 401


FULL = """
version: 1
accounts: {main: {provider: fusioo, token: "${T}", secret_header: %s}}
"""


@pytest.mark.parametrize("processes", [1, 2])
def test_a_changed_configuration_is_taken_while_it_serves(
    environment: dict[str, str], database: Database, processes: int
) -> None:
    environment["T"] = "token"
    path = Path(environment["RELAY_CONFIG"])
    path.write_text(FULL % "X-First")

    def takes(header: str, place: str = "id") -> bool:
        """Whichever process is asked."""
        return {deliver(environment, header, place=place) for _ in range(8)} == {202}

    with running_web(environment, processes) as web:
        wait_until(lambda: len(web_processes(database)) == processes, 60)
        before = web_processes(database)
        wait_until(lambda: takes("X-First"))
        assert deliver(environment, "X-First", place="ref") == 422
        path.write_text(FULL % "X-Second, id_path: ref")
        web.send_signal(signal.SIGHUP)
        wait_until(lambda: takes("X-Second", "ref"), what="the new header and path count")
        assert deliver(environment, "X-First") == 401
        path.write_text("rules: [wrong")
        web.send_signal(signal.SIGHUP)
        if processes > 1:
            os.kill(before[0], signal.SIGKILL)
            wait_until(
                lambda: len(web_processes(database)) == processes + 1, 60
            )  # the killed one's row stays
        assert takes("X-Second", "ref")
        assert set(before) <= set(web_processes(database))


def web_processes(database: Database) -> list[int]:
    return [
        pid for (pid,) in database.execute("SELECT pid FROM processes WHERE kind = 'web' ORDER BY started_at")
    ]
