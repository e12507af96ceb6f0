"""`relay up` from outside: what it shows, how it ends, and that it goes on where it was."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from service.dev.environment import EmbeddedServices
from tests.fixtures.upping import COMMAND, RunningUp
from tests.fixtures.waiting import free_port, wait_until

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("up")]

DIFF_AND_RUN = r"\d\d:\d\d:\d\d  \w+ +\w+…  update v\d+ .*: .+ → .+   runs: .*\b(console|urgent|announce) ok"
HEALTHY_WITHIN = 30.0


ONE_RULE = """\
version: 1
accounts: {main: {provider: fusioo, token: "${FUSIOO_TOKEN}", base_url: "${FUSIOO_BASE_URL}"}}
handlers:
  first: {log: {}}
  second: {log: {}}
rules:
  - {name: tasks, account: main, app: Tasks, run: [first]}
"""
MORE_RULES = """\
  - {name: clients, account: main, app: Clients, run: [second]}
"""


@pytest.fixture
def root(fresh_root: Callable[[], Path]) -> Iterator[Path]:
    """A data directory with a space in its name, cleared away at the end."""
    root = fresh_root().with_name(f"{fresh_root().name} data")
    yield root
    EmbeddedServices(root).erase()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where a user may start it: spaces, and a package that has our name."""
    place = tmp_path / "some where"
    (place / "service").mkdir(parents=True)
    (place / "service" / "__init__.py").write_text("raise SystemExit('the wrong package')")
    return place


def _relay(root: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  ourselves
        [COMMAND, *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd="/",
        env={"PATH": os.environ["PATH"], "RELAY_DATA_DIR": str(root), **environment},
        timeout=60,
    )


def _listed(root: Path, noun: str) -> list[dict[str, str]]:
    done = _relay(root, noun, "list", "--json", "--limit", "10000")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, str]] = json.loads(done.stdout)
    return found


def _health(url: str) -> str:
    try:
        return str(httpx2.get(url, timeout=5).json()["status"])
    except httpx2.TransportError:
        return "away"


def _url(up: RunningUp, name: str) -> str:
    return up.wait_for(rf"  {name} +(http://\S+)")[1]


def test_it_shows_changes_ends_cleanly_and_goes_on_after_a_stop_and_after_a_kill(
    root: Path, place: Path
) -> None:
    environment = {"PORT": str(free_port())}
    with RunningUp(root, place, environment) as first:
        first.wait_for(DIFF_AND_RUN)
        health = _url(first, "health")
        wait_until(lambda: _health(health) == "pass", HEALTHY_WITHIN)
        registrations = {(each["id"], each["webhook_id"]) for each in _listed(root, "webhooks")}
        changes = {each["id"] for each in _listed(root, "changes")}
        assert len(registrations) == 6
        assert changes
        assert _relay(root, "doctor").returncode == 0
        first.send(signal.SIGINT)
        assert first.ended() == 0, first.output
        assert first.left() == []

    with RunningUp(root, place, environment) as second:
        second.wait_for(DIFF_AND_RUN)
        assert _url(second, "simulator") == _url(first, "simulator")
        assert {(each["id"], each["webhook_id"]) for each in _listed(root, "webhooks")} == registrations
        assert {each["id"] for each in _listed(root, "changes")} > changes
        second.send(signal.SIGKILL)
        second.ended()
        wait_until(lambda: not second.left(), 15, what="the killed one's processes have ended")

    with RunningUp(root, place, environment) as third:
        third.wait_for(DIFF_AND_RUN)
        assert {(each["id"], each["webhook_id"]) for each in _listed(root, "webhooks")} == registrations
        third.send(signal.SIGTERM)
        assert third.ended() == 0, third.output
        assert third.left() == []


def test_whatever_dies_runs_again_and_all_ends_with_the_starter(root: Path, place: Path) -> None:
    starter = [sys.executable, "-c", "import subprocess, sys; subprocess.run(sys.argv[1:])"]
    with RunningUp(root, place, {"PORT": "0"}, (*starter, COMMAND, "up", "--end-with-parent")) as up:
        up.wait_for("is running, on a simulated Fusioo")
        second = _relay(root, "up", PORT="0")
        refusal = f"relay: `relay up` is already running on {root}: stop that, or set RELAY_DATA_DIR\n"
        assert (second.returncode, second.stderr) == (1, refusal)
        for part in ("web", "worker", "scheduler", "simulator"):
            os.kill(up.pid_of(part), signal.SIGKILL)
            up.wait_for(rf"The {part} has died \(killed by SIGKILL\); starting it again")
        assert "PostgreSQL had died" not in up.output
        (postgres,) = [line for line in up.left() if "/bin/postgres -D" in line]
        assert str(root) in postgres
        os.kill(_pid_of_postgres(root), signal.SIGKILL)
        up.wait_for("PostgreSQL had died, and runs again")
        told = len(up.output)
        wait_until(lambda: re.search(DIFF_AND_RUN, up.output[told:]), 60)
        health = _url(up, "health")
        wait_until(lambda: _health(health) == "pass", HEALTHY_WITHIN)
        up.send(signal.SIGKILL)
        up.ended()
        wait_until(lambda: not up.left(), 30, what="everything has ended with its parent")
        up.wait_for("Everything has ended; the data is kept")


def _pid_of_postgres(root: Path) -> int:
    return int((root / "postgres-18" / "postmaster.pid").read_text().split()[0])


def test_ctrl_c_while_it_starts_leaves_nothing(root: Path, place: Path) -> None:
    with RunningUp(root, place, {"PORT": "0"}) as up:
        up.wait_for("Starting worker")
        up.send(signal.SIGINT)
        assert up.ended() == 0, up.output
        assert up.left() == []
        assert "Traceback" not in up.output


@pytest.mark.full_scale
def test_changed_rules_are_taken_while_it_runs_and_wrong_ones_are_not(root: Path, place: Path) -> None:
    file = place / "relay.yaml"
    file.write_text(ONE_RULE)
    environment = {"PORT": "0", "RELAY_CONFIG": str(file)}
    with RunningUp(root, place, environment) as up:
        up.wait_for("is running, on a simulated Fusioo")
        file.write_text((ONE_RULE + MORE_RULES).replace("second: {log: {}}", "second: {lok: {}}"))
        up.send(signal.SIGHUP)
        up.wait_for("Rules read anew: 2")
        up.wait_for(r"worker: rules.refused .*unknown handler kind or setting `lok`")
        file.write_text(ONE_RULE + "rules: []")
        up.send(signal.SIGHUP)
        up.wait_for(
            r"The changed rules are wrong, and the ones before go on:\n.*the key `rules` stands here twice"
        )
        assert [alarm["name"] for alarm in _listed(root, "alarms")] == ["rules_refused"]
        file.write_text(ONE_RULE + MORE_RULES)
        up.send(signal.SIGHUP)
        up.wait_for(r"Webhooks of account main \(.*Clients.*\): 3 registered, 3 in place")
        up.wait_for(r"runs: .*\bsecond ok")
        wait_until(lambda: _listed(root, "alarms") == [], what="the alarm is over")
        up.send(signal.SIGTERM)
        assert up.ended() == 0, up.output
        assert up.left() == []
