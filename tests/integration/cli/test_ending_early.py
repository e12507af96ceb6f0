"""A process of the service that is asked to end while it still starts."""

import os
import signal
import subprocess
import sys

import pytest

STARTING = """
import os, sys
from service.cli.processes import end_in_order_until_it_runs
end_in_order_until_it_runs()
try:  # as libraries do that turn whatever comes up in them into an error of theirs
    os.kill(os.getpid(), int(sys.argv[1]))
except BaseException as error:
    raise RuntimeError("it could not be built") from error
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_order_wherever_the_signal_comes(number: signal.Signals) -> None:
    starting = [sys.executable, "-c", STARTING, str(int(number))]
    run = subprocess.run(starting, env=os.environ, capture_output=True, text=True, check=False)  # noqa: S603  ourselves
    assert (run.returncode, run.stderr) == (0, "")
