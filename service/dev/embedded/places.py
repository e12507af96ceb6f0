"""Where the embedded servers keep their data, their sockets and their logs."""

import contextlib
import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from service.dev.embedded.account import Account
from service.errors import ConfigurationError, RefusedError

_LONGEST_SOCKET = 103  # bytes: sun_path of macOS without its NUL; Linux has 4 more
_PLAIN = re.compile(r"[A-Za-z0-9_./+-]+")  # neither quoted in a PostgreSQL list nor escaped in a URL


def default_data_dir(environment: Mapping[str, str], home: Path, *, root: bool) -> Path:
    """The directory for embedded data when RELAY_DATA_DIR is not set.

    The user's state directory; for `root` one under /var/tmp, because root's home is closed to the user that
    PostgreSQL has to run as.
    """
    if root:
        return Path("/var/tmp/fusioo-relay")  # noqa: S108  `Places.prepare` refuses one that is not ours
    state = environment.get("XDG_STATE_HOME", "")
    return (Path(state) if Path(state).is_absolute() else home / ".local" / "state") / "fusioo-relay"


@dataclass(frozen=True)
class Places:
    """The paths under one root. `sockets` is elsewhere when the root's path is unfit for a socket."""

    root: Path
    sockets: Path

    @classmethod
    def under(cls, root: Path) -> "Places":
        root = root.expanduser().resolve()
        inside = root / "run"
        if _fits(inside):
            return cls(root, inside)
        digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
        elsewhere = Path(tempfile.gettempdir()) / f"fusioo-relay-{digest}"
        if not _fits(elsewhere):
            elsewhere = Path("/tmp") / elsewhere.name  # noqa: S108  `make_private` refuses one that is not ours
        return cls(root, elsewhere)

    @property
    def owner_lock(self) -> Path:
        return self.root / "owner.lock"

    @property
    def running(self) -> Path:
        """The file that tells other commands how to reach the servers."""
        return self.root / "services.json"

    def prepare(self, account: Account) -> None:
        """Make the root and the sockets' directory.

        Raises RefusedError: one is somebody else's; ConfigurationError: the servers' user can't get in.
        """
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        about = self.root.stat()
        if about.st_uid != os.geteuid():
            message = f"{self.root} belongs to user {about.st_uid}: set RELAY_DATA_DIR to a place of yours"
            raise RefusedError(message)
        if account.switch:
            self.root.chmod(about.st_mode | 0o011)
            for above in self.root.parents:
                if not account.may_enter(above):
                    message = (
                        f"user {account.name}, as whom root runs the embedded servers, may not enter {above}"
                    )
                    raise ConfigurationError(message, remedy="set RELAY_DATA_DIR to a place outside of it")
        make_private(self.sockets, account)

    def remove_outside(self) -> None:
        """Remove the sockets' directory where it is outside the root (and empty, as it is after a stop)."""
        if not self.sockets.is_relative_to(self.root):
            with contextlib.suppress(OSError):
                self.sockets.rmdir()


def _fits(sockets: Path) -> bool:
    """Whether sockets in this directory have a path short enough to bind and plain enough to be a setting."""
    longest = sockets / ".s.PGSQL.5432"
    return _PLAIN.fullmatch(str(sockets)) is not None and len(os.fsencode(longest)) <= _LONGEST_SOCKET


def make_private(directory: Path, account: Account) -> None:
    """Make a directory that only `account` may enter. Raises RefusedError when it is somebody else's."""
    directory.mkdir(mode=0o700, exist_ok=True)
    about = directory.lstat()
    if not stat.S_ISDIR(about.st_mode) or about.st_uid not in {account.uid, os.geteuid()}:
        message = f"{directory} is not a directory of user {account.name}: remove it, or set RELAY_DATA_DIR"
        raise RefusedError(message)
    if account.switch:
        os.chown(directory, account.uid, account.gid)
    directory.chmod(0o700)
