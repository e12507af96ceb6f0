"""As which user the embedded servers run."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.errors import ConfigurationError

_CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """A user of this machine. `switch`: we are root, and have to become this user to run a server."""

    name: str
    uid: int
    gid: int
    switch: bool

    def for_subprocess(self) -> dict[str, Any]:
        """The arguments that make `subprocess` run something as this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switch else {}

    def may_enter(self, directory: Path) -> bool:
        about = directory.stat()
        if about.st_uid == self.uid:
            return bool(about.st_mode & stat.S_IXUSR)
        return bool(about.st_mode & (stat.S_IXGRP if about.st_gid == self.gid else stat.S_IXOTH))


def find_account(data: Path) -> Account:
    """Ourselves; for root, an existing user without rights, since PostgreSQL refuses to run as root.

    The one that `data` belongs to already comes first. No user is ever created. Raises ConfigurationError
    when root finds none.
    """
    uid = os.geteuid()
    if uid:
        return Account(str(uid), uid, os.getegid(), switch=False)
    users = {user.pw_name: user for user in pwd.getpwall()}
    candidates = [users[name] for name in _CANDIDATES if name in users]
    owner = data.stat().st_uid if data.exists() else None
    for user in sorted(candidates, key=lambda user: user.pw_uid != owner):
        return Account(user.pw_name, user.pw_uid, user.pw_gid, switch=True)
    message = f"PostgreSQL refuses to run as root, and there is no user {' or '.join(_CANDIDATES)}"
    raise ConfigurationError(message, remedy="start this as a normal user, or set DATABASE_URL and REDIS_URL")
