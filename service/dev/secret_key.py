"""The secret key of an embedded database: made once, kept beside the data that it opens."""

import os
import secrets
from pathlib import Path


def embedded_secret_key(root: Path) -> str:
    """Read the key under the data directory; make it if there is none yet. Only our user may read it."""
    path = root / "secret_key"
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = root / f"secret_key.{secrets.token_hex(8)}"
    if not path.exists():
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
        try:
            os.link(unfinished, path)  # whole or not at all, and never over one that came first
        except FileExistsError:
            pass
        finally:
            unfinished.unlink()
    return path.read_text()
