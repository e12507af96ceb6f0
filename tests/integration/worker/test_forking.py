"""A function as a forked process, as its parent sees it and as it sees itself."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.fixtures.pids import lives
from tests.fixtures.source import ROOT
from tests.fixtures.waiting import wait_until


@contextmanager
def parent_of(way: str) -> "Iterator[subprocess.Popen[str]]":
    """A process with two forks that live in this way (`tests.fixtures.forked`)."""
    with subprocess.Popen(  # noqa: S603  ourselves
        [sys.executable, "-W", "error", "-m", "tests.fixtures.forked", way],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as parent:
        yield parent


def outcome_of(way: str) -> tuple[list[str], str, str]:
    """What the forks printed, with which codes they ended, and what they complained of."""
    with parent_of(way) as parent:
        said, complaints = parent.communicate(timeout=60)
    assert parent.returncode == 0, complaints
    *lines, _pids, codes = said.splitlines()
    return lines, codes, complaints


def pids_told_by(parent: "subprocess.Popen[str]") -> list[int]:
    assert parent.stdout is not None
    return [int(pid) for pid in parent.stdout.readline().split()]


@pytest.mark.parametrize(
    ("way", "code"),
    [
        ("give_code", 7),
        ("leave", 3),
        ("leave_without_a_code", 0),
        ("leave_with_words", 1),
        ("leave_a_thread", 5),
    ],
)
def test_the_parent_hears_how_it_ended_and_goes_on(way: str, code: int) -> None:
    assert outcome_of(way)[1] == f"{code} {code}"


def test_what_breaks_it_is_shown() -> None:
    _, codes, complaints = outcome_of("break_down")
    assert codes == "1 1"
    assert complaints.count("ValueError: broken") == 2


def test_what_a_library_does_at_the_end_is_done() -> None:
    lines, codes, _ = outcome_of("have_an_ending")
    assert lines == ["what was gathered is sent"] * 2
    assert codes == "0 0"


def test_it_holds_what_it_was_given_and_nothing_of_its_siblings() -> None:
    lines, _, complaints = outcome_of("show")
    told = "a title [('KEY', 'value')] True"
    assert sorted(lines) == [f"{told} number {number}" for number in range(2)]
    assert complaints == ""


def test_all_end_with_their_parent_however_that_ends() -> None:
    with parent_of("wait_for_parent") as parent:
        children = pids_told_by(parent)
        assert len(children) == 2
        parent.kill()
    wait_until(lambda: not any(map(lives, children)), what="they are gone")


def test_signals_kill_it_as_any_process_and_a_hangup_does_not() -> None:
    with parent_of("wait_for_parent") as parent:
        first, second = pids_told_by(parent)
        for number in (signal.SIGHUP, signal.SIGTERM):
            os.kill(first, number)
        os.kill(second, signal.SIGKILL)
        said, complaints = parent.communicate(timeout=60)
    assert (said.strip(), complaints) == (f"{-signal.SIGTERM} {-signal.SIGKILL}", "")
