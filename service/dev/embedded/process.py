"""One server process: start, readiness, stop, and what an owner that was killed left running.

A server inherits the lock of its lock file. While that is held, the server or a child of it lives, whoever
started it; and who listens at its socket is asked of the kernel. No pid file is read: they lie after a crash.
"""

import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

import structlog

from service.dev.embedded.account import Account
from service.dev.embedded.locking import is_locked, lock_within, try_lock
from service.errors import RelayError

_PAUSE = 0.02
_PATIENCE = 60.0  # a start after a crash replays the log first
_LOG_SHOWN = 2000

SERVER_ENVIRONMENT = MappingProxyType({"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"})
"""All that a server sees of our environment: none of our secrets, no PG… settings of the user's."""

_log = structlog.get_logger()


class EmbeddedServerError(RelayError):
    """An embedded server did not start or stop; the message holds the end of its log."""


class ServerProcess:
    """A server that runs in the foreground of its own session, so that Ctrl-C reaches us and not it."""

    def __init__(
        self,
        name: str,
        *,
        directory: Path,
        listens: Path,
        log: Path,
        lock: Path,
        account: Account,
        stop_signals: Sequence[tuple[signal.Signals, float]],
        is_ready: Callable[[], bool],
    ) -> None:
        """`listens` is its socket; `stop_signals` are sent in turn, each with the seconds it may take."""
        self._name, self._directory = name, directory
        self._socket, self._log_path, self._lock, self._account = listens, log, lock, account
        self._stop_signals = stop_signals
        self._is_ready = is_ready
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The server's process id while it is ours and runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self, command: Sequence[str | Path]) -> None:
        """Start it and wait until it answers. Does nothing when it runs. Raises EmbeddedServerError."""
        if self.pid:
            return
        held = try_lock(self._lock)
        if held is None:
            message = f"{self._name} (or a child of it) is still running on {self._directory}"
            raise EmbeddedServerError(message)
        try:
            self._socket.unlink(missing_ok=True)
            with self._open_log() as log:
                self._process = subprocess.Popen(  # noqa: S603  a program of the wheel
                    [str(part) for part in command],
                    cwd=self._directory,
                    env=SERVER_ENVIRONMENT,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    pass_fds=(held,),
                    **self._account.for_subprocess(),
                )
        finally:
            os.close(held)
        self._wait_until_ready()
        _log.info("embedded_server.started", server=self._name, pid=self._process.pid)

    def stop(self) -> None:
        """Stop it cleanly, with more force if that takes too long. Does nothing when it is not running."""
        process = self._process
        if process is None:
            return
        for sent, seconds in self._stop_signals:
            if process.poll() is None:
                process.send_signal(sent)
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                continue
            break
        self._wait_until_gone()
        self._process = None
        _log.info("embedded_server.stopped", server=self._name)

    def kill(self) -> None:
        """Kill it as a crash would, and wait until its children are gone as well."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        self._wait_until_gone()
        self._process = None

    def stop_orphan(self) -> None:
        """Stop what a killed owner left running. Raises EmbeddedServerError when it does not end."""
        for sent, seconds in self._stop_signals:
            if not is_locked(self._lock):
                return
            pid = listener(self._socket)
            if pid is not None and pid > 1:
                _log.warning("embedded_orphan.stopped", server=self._name, pid=pid, signal=sent.name)
                os.kill(pid, sent)
            _free_within(self._lock, seconds)
        self._wait_until_gone()

    def _wait_until_gone(self) -> None:
        if not _free_within(self._lock, _PATIENCE / 4):
            message = f"a process of {self._name} on {self._directory} does not end; end it, and try again"
            raise EmbeddedServerError(message)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not self._is_ready():
            ended = self._process is None or self._process.poll() is not None
            if ended or time.monotonic() > deadline:
                self.kill()
                what = "ended while starting" if ended else f"does not answer after {_PATIENCE:g} s"
                shown = self._log_path.read_text(errors="replace")[-_LOG_SHOWN:].strip()
                message = f"the embedded {self._name} {what}; {self._log_path} ends with:\n{shown}"
                raise EmbeddedServerError(message)
            time.sleep(_PAUSE)

    def _open_log(self) -> BinaryIO:
        if self._log_path.exists():
            self._log_path.replace(self._log_path.with_suffix(".log.1"))
        return open(self._log_path, "wb", opener=lambda path, flags: os.open(path, flags, 0o600))


def _free_within(lock: Path, seconds: float) -> bool:
    descriptor = lock_within(lock, seconds)
    if descriptor is None:
        return False
    os.close(descriptor)
    return True


def listener(path: Path) -> int | None:
    """The id of the process that listens at a Unix socket; None when nobody does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except OSError:
            return None
        if sys.platform == "darwin":
            return int(probe.getsockopt(0, 0x002))  # SOL_LOCAL, LOCAL_PEERPID of <sys/un.h>
        return int(struct.unpack("3i", probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0])
