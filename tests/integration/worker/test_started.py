"""What a child says through its lifeline."""

import os
import signal
import socket
import sys
import threading

import pytest

from service.worker.programs import Executed
from service.worker.started import ALIVE, SAYS_SO_EVERY, StartedProcess, stay_in_touch
from tests.fixtures.waiting import wait_until

CHILD = """
import sys
from service.worker.programs import Executed
from service.worker.started import say_ready, say_retiring
for word in sys.argv[1]:
    {".": say_ready, "!": say_retiring}[word](int(sys.argv[2]))
"""

TALKER = """
import sys
from service.worker.started import say_ready, say_retiring, stay_in_touch
say_ready(int(sys.argv[1]))
say_retiring(int(sys.argv[1]))
stay_in_touch(int(sys.argv[1]))
"""


@pytest.mark.parametrize(
    ("said", "ready", "retiring"),
    [("", False, False), (".", True, False), (".!", True, True), (".!.", True, False), (".!.!", True, True)],
)
def test_the_last_word_counts(said: str, *, ready: bool, retiring: bool) -> None:
    child = StartedProcess(Executed((sys.executable, "-c", CHILD)), (said,), os.environ)
    wait_until(lambda: child.ended() is not None)
    assert [child.is_retiring, child.is_ready] == [retiring, ready]
    assert [child.is_ready, child.is_retiring] == [ready, retiring], "asked again, it is the same"
    assert child.wait() == 0


def test_it_says_that_it_goes_on_until_its_parent_is_gone() -> None:
    ours, theirs = socket.socketpair()
    thread = threading.Thread(target=stay_in_touch, args=(theirs.fileno(),))
    with ours, theirs:
        thread.start()
        assert [ours.recv(1) for _ in range(2)] == [ALIVE, ALIVE]
        ours.close()
        thread.join(10)
    assert not thread.is_alive()


def test_who_stands_still_is_silent_and_what_it_said_is_kept() -> None:
    child = StartedProcess(Executed((sys.executable, "-c", TALKER)), (), os.environ)
    wait_until(lambda: child.is_ready)
    wait_until(lambda: child.silence == 0.0, what="it has said that it goes on")
    child.signal(signal.SIGSTOP)
    wait_until(lambda: child.silence > 2 * SAYS_SO_EVERY, what="it stands still")
    child.signal(signal.SIGCONT)
    wait_until(lambda: child.silence < SAYS_SO_EVERY, what="it goes on")
    assert (child.is_ready, child.is_retiring) == (True, True), "that it goes on is no other last word"
    child.signal(signal.SIGKILL)
    child.wait()


def test_its_exit_code_is_known() -> None:
    program = Executed((sys.executable, "-c", "raise SystemExit(7)"))
    assert StartedProcess(program, (), os.environ).wait() == 7
