"""SIGHUP: read anew if a person sent it, end if the terminal is gone."""

import asyncio
import os
import pty
import signal
import sys
from pathlib import Path

from service.terminal import Terminal, heeding_sighup
from tests.fixtures.waiting import wait_until, wait_until_async

ROOT = Path(__file__).parents[2]
PROGRAM = """
import asyncio
from service.terminal import heeding_sighup

async def reload():
    print("reloaded", flush=True)

async def main():
    end = asyncio.Event()
    async with heeding_sighup(reload, end=end.set):
        print("begun", flush=True)
        await end.wait()
    open("ended", "w").close()

asyncio.run(main())
"""


async def test_one_reload_after_the_other_and_none_after_the_block() -> None:
    running, most, done = 0, 0, 0
    go_on = asyncio.Event()

    async def reload() -> None:
        nonlocal running, most, done
        running += 1
        most = max(most, running)
        await go_on.wait()
        running -= 1
        done += 1

    async with heeding_sighup(reload, end=lambda: None):
        os.kill(os.getpid(), signal.SIGHUP)
        await wait_until_async(lambda: running == 1)
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGHUP)
            await asyncio.sleep(0)
        go_on.set()
        await wait_until_async(lambda: done >= 2, what="what was asked for meanwhile is done too")
    assert most == 1
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_DFL


def test_a_terminal_that_was_never_there_is_not_gone() -> None:
    assert not Terminal().is_gone


def test_a_closed_terminal_ends_it_and_a_signal_alone_does_not(tmp_path: Path) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        os.execve(sys.executable, [sys.executable, "-c", PROGRAM], environment)  # noqa: S606  ourselves
    try:
        _read_until(terminal, b"begun")
        os.kill(pid, signal.SIGHUP)
        _read_until(terminal, b"reloaded")
        os.close(terminal)
        wait_until((tmp_path / "ended").exists, what="it ends in order")
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _read_until(terminal: int, word: bytes) -> None:
    said = b""
    while word not in said:
        said += os.read(terminal, 100)
