"""The parent of the worker processes, with toy children."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service.worker.replacing import MOST_LEAVING
from tests.fixtures.supervised import LONGEST_CHECK, RETIRE, alive, rules_of, running_with
from tests.fixtures.waiting import wait_until

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    parents: list[subprocess.Popen[bytes]] = []
    rules_of(tmp_path).write_text("first")

    def begin(*arguments: str) -> "subprocess.Popen[bytes]":
        with log_of(tmp_path).open("ab") as log:
            parent = subprocess.Popen(  # noqa: S603  ourselves
                [sys.executable, "-W", "error", "-m", "tests.fixtures.supervised", str(tmp_path), *arguments],
                cwd=Path(__file__).parents[3],
                stdout=log,
            )
        parents.append(parent)
        return parent

    yield begin
    for parent in parents:
        parent.kill()
        parent.wait()
    wait_until(lambda: not alive(tmp_path), what="no child is left")
    sys.stdout.write(log_of(tmp_path).read_text())


def log_of(directory: Path) -> Path:
    return directory.with_name(f"{directory.name}.log")


def two_run(directory: Path) -> set[int]:
    return wait_until(lambda: pids if len(pids := alive(directory)) == 2 else None, 20) or set()


def test_a_killed_child_is_started_again_and_the_others_stay(start: Start, tmp_path: Path) -> None:
    start("steady")
    victim, survivor = two_run(tmp_path)
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: victim not in alive(tmp_path))
    assert survivor in two_run(tmp_path)


def test_a_child_that_ends_is_replaced(start: Start, tmp_path: Path) -> None:
    start("brief")
    wait_until(lambda: len(list(tmp_path.iterdir())) >= 6, 20, what="children come after children")


def test_a_child_in_which_nothing_goes_on_is_killed_and_replaced(start: Start, tmp_path: Path) -> None:
    parent = start("greedy", "1", "2")
    first = two_run(tmp_path)
    wait_until(lambda: not first & alive(tmp_path), what="both are killed")
    assert two_run(tmp_path)
    assert log_of(tmp_path).read_text().count("worker.stalled") >= 2
    parent.terminate()  # they would not hear of its death
    assert parent.wait(10) == 0


def test_a_child_that_retires_goes_on_until_its_successor_is_ready(start: Start, tmp_path: Path) -> None:
    start("steady")
    all_run_with(tmp_path, "first")
    worn, other = two_run(tmp_path)
    os.kill(worn, RETIRE)
    counts: list[int] = []

    def replaced() -> bool:
        counts.append(len(alive(tmp_path)))
        return worn not in alive(tmp_path)

    wait_until(replaced, 20, what="it has left")
    assert min(counts) == 2
    assert other in two_run(tmp_path)
    assert "it retired" in log_of(tmp_path).read_text()
    assert "worker.ended" not in log_of(tmp_path).read_text()


def test_one_that_ends_while_it_retires_leaves_its_place_to_its_successor(
    start: Start, tmp_path: Path
) -> None:
    rules_of(tmp_path).write_text("never ready")
    start("steady")
    first = two_run(tmp_path)
    worn = min(first)
    all_run_with(tmp_path, "never ready")
    os.kill(worn, RETIRE)
    three = wait_until(lambda: pids if len(pids := alive(tmp_path)) == 3 else None, 20) or set()
    os.kill(worn, signal.SIGKILL)
    wait_until(lambda: log_of(tmp_path).read_text().count("worker.ended") == 1)
    assert alive(tmp_path) == three - {worn}
    (successor,) = three - first
    os.kill(successor, signal.SIGKILL)
    wait_until(lambda: log_of(tmp_path).read_text().count("worker.ended") == 2, what="its end is noted")


def test_no_more_follow_each_other_than_may_be_at_their_end(start: Start, tmp_path: Path) -> None:
    start("worn", "60")

    def deferred() -> int:
        return log_of(tmp_path).read_text().count("successor.deferred")

    wait_until(lambda: deferred() == 2, 20, what="no other one is started for either command")
    crowd = alive(tmp_path)
    assert len(crowd) == 2 * (MOST_LEAVING + 1)
    pauses = re.findall(r"again_in=([\d.]+)", log_of(tmp_path).read_text())
    assert sorted(pauses) == ["0.05", "0.05", "0.1", "0.1", "0.2", "0.2"], "each waits longer"
    os.kill(min(crowd), signal.SIGKILL)
    wait_until(lambda: deferred() == 3, 20, what="one that left made room for one more")
    assert len(alive(tmp_path)) == len(crowd)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_all(start: Start, tmp_path: Path, number: signal.Signals) -> None:
    parent = start("steady")
    two_run(tmp_path)
    parent.send_signal(number)
    assert parent.wait(5) == 0
    assert alive(tmp_path) == set()


def test_children_that_do_not_end_are_killed(start: Start, tmp_path: Path) -> None:
    parent = start("stubborn")
    two_run(tmp_path)
    parent.terminate()
    assert parent.wait(10) == 0
    assert alive(tmp_path) == set()


def test_children_learn_of_their_parents_death(start: Start, tmp_path: Path) -> None:
    parent = start("steady")
    two_run(tmp_path)
    parent.kill()
    parent.wait()
    wait_until(lambda: not alive(tmp_path))


def reload(parent: "subprocess.Popen[bytes]", directory: Path, text: str) -> None:
    rules_of(directory).write_text(text)
    parent.send_signal(signal.SIGHUP)


def texts(directory: Path) -> list[str]:
    """What each child was started with, also of those that have ended."""
    return [path.read_text() for path in directory.iterdir()]


def all_run_with(directory: Path, text: str) -> None:
    wait_until(lambda: running_with(directory) == [text, text], 20, what=f"two children run with {text!r}")


def test_new_rules_replace_the_children_one_by_one(start: Start, tmp_path: Path) -> None:
    parent = start("steady")
    first = two_run(tmp_path)
    all_run_with(tmp_path, "first")
    reload(parent, tmp_path, "second")
    counts: list[int] = []

    def replaced() -> bool:
        counts.append(len(alive(tmp_path)))
        return running_with(tmp_path) == ["second", "second"]

    wait_until(replaced, 20, what="two children run with the new rules")
    assert min(counts) == 2
    assert not first & alive(tmp_path)


def test_wrong_rules_replace_nobody_and_die_with_nobody(start: Start, tmp_path: Path) -> None:
    parent = start("steady")
    victim, survivor = two_run(tmp_path)
    reload(parent, tmp_path, "wrong")
    wait_until((tmp_path / "check of wrong").exists)
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: victim not in alive(tmp_path))
    assert survivor in two_run(tmp_path)
    all_run_with(tmp_path, "first")
    reload(parent, tmp_path, "right")
    all_run_with(tmp_path, "right")
    rules_of(tmp_path).unlink()
    parent.send_signal(signal.SIGHUP)
    reload(parent, tmp_path, "back")
    all_run_with(tmp_path, "back")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("kills the check", "killed by SIGKILL"),
        ("hangs the check", f"it took longer than {LONGEST_CHECK:g} s"),
    ],
)
def test_a_check_that_breaks_off_replaces_nobody_and_is_told(
    start: Start, tmp_path: Path, text: str, reason: str
) -> None:
    parent = start("steady")
    first = two_run(tmp_path)
    reload(parent, tmp_path, text)
    alarm = tmp_path / "alarm"
    wait_until(lambda: alarm.exists() and alarm.read_text(), 20, what="the alarm is raised")
    assert alarm.read_text() == reason
    assert two_run(tmp_path) == first
    reload(parent, tmp_path, "right")
    all_run_with(tmp_path, "right")


@pytest.mark.parametrize("text", ["can't start", "never ready"])
def test_the_old_ones_go_on_until_a_new_one_is_ready(start: Start, tmp_path: Path, text: str) -> None:
    parent = start("steady")
    first = two_run(tmp_path)
    reload(parent, tmp_path, text)
    wait_until(lambda: text in texts(tmp_path), 20, what="a new one tries")
    reload(parent, tmp_path, f"{text} again")
    wait_until(lambda: f"{text} again" in texts(tmp_path), 20, what="another one tries")
    assert first <= alive(tmp_path)
    reload(parent, tmp_path, "mended")
    all_run_with(tmp_path, "mended")


def test_who_does_not_leave_is_killed(start: Start, tmp_path: Path) -> None:
    parent = start("stubborn")
    two_run(tmp_path)
    reload(parent, tmp_path, "second")
    all_run_with(tmp_path, "second")


def test_the_end_comes_in_the_middle_of_a_replacement(start: Start, tmp_path: Path) -> None:
    parent = start("steady")
    two_run(tmp_path)
    reload(parent, tmp_path, "never ready")
    wait_until(lambda: len(alive(tmp_path)) == 3, 20, what="the next one is there")
    parent.terminate()
    assert parent.wait(5) == 0
    assert alive(tmp_path) == set()
