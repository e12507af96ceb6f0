"""Small texts of a development environment that are made once and then stay: keys, tokens, a port."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path


def kept(path: Path, make: Callable[[], str]) -> str:
    """Read the text of a file; make it, and its directory, if there is none. Only our user may read it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        unfinished = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(make())
        try:
            os.link(unfinished, path)  # whole or not at all, and never over one that came first
        except FileExistsError:
            pass
        finally:
            unfinished.unlink()
    return path.read_text()
