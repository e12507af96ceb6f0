"""The bar of a backtest."""

import os
import pty
import subprocess
import sys

from tests.fixtures.source import ROOT

PROGRAM = """
from service.cli.backtesting import showing_progress
from service.pipeline.explaining.backtest import Progress

with showing_progress() as on_progress:
    on_progress(Progress(changes=500, all_changes=1000))
"""


def shown(*, terminal: bool) -> str:
    """What the program writes to stderr."""
    reader, writer = pty.openpty() if terminal else os.pipe()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "100"}
    done = subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-c", PROGRAM], env=environment, stderr=writer, stdout=subprocess.PIPE, check=True
    )
    os.close(writer)
    assert done.stdout == b"", "what is printed is for programs too"
    said = b""
    try:
        while part := os.read(reader, 4096):
            said += part
    except OSError:  # a terminal whose other end is closed
        pass
    finally:
        os.close(reader)
    return said.decode()


def test_a_person_at_a_terminal_sees_how_far_it_is() -> None:
    assert "500/1000" in shown(terminal=True)


def test_nobody_else_sees_a_bar() -> None:
    assert shown(terminal=False) == ""
