"""What a child says through its lifeline."""

import os
import sys

import pytest

from service.worker.programs import Executed
from service.worker.started import StartedProcess
from tests.fixtures.waiting import wait_until

CHILD = """
import sys
from service.worker.programs import Executed
from service.worker.started import say_ready, say_retiring
for word in sys.argv[1]:
    {".": say_ready, "!": say_retiring}[word](int(sys.argv[2]))
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


def test_its_exit_code_is_known() -> None:
    program = Executed((sys.executable, "-c", "raise SystemExit(7)"))
    assert StartedProcess(program, (), os.environ).wait() == 7
