"""The parent of the worker processes, with toy children."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fixtures.supervised import alive
from tests.fixtures.waiting import wait_until

Start = Callable[[str], "subprocess.Popen[bytes]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    parents: list[subprocess.Popen[bytes]] = []

    def begin(mode: str) -> "subprocess.Popen[bytes]":
        parent = subprocess.Popen(  # noqa: S603  ourselves
            [sys.executable, "-W", "error", "-m", "tests.fixtures.supervised", str(tmp_path), mode],
            cwd=Path(__file__).parents[3],
        )
        parents.append(parent)
        return parent

    yield begin
    for parent in parents:
        parent.kill()
        parent.wait()
    wait_until(lambda: not alive(tmp_path), what="no child is left")


def two_run(directory: Path) -> set[int]:
    return wait_until(lambda: pids if len(pids := alive(directory)) == 2 else None, 20) or set()


def test_a_killed_child_is_started_again_and_the_others_stay(start: Start, tmp_path: Path) -> None:
    start("steady")
    victim, survivor = two_run(tmp_path)
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: victim not in alive(tmp_path))
    assert survivor in two_run(tmp_path)


def test_a_child_that_retires_is_replaced(start: Start, tmp_path: Path) -> None:
    start("brief")
    wait_until(lambda: len(list(tmp_path.iterdir())) >= 6, 20, what="children come after children")


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
