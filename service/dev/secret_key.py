"""The secret key of an embedded database: made once, kept beside the data that it opens."""

import secrets
from pathlib import Path

from service.dev.kept import kept


def embedded_secret_key(root: Path) -> str:
    """Read the key under the data directory; make it if there is none yet. Only our user may read it."""
    return kept(root / "secret_key", lambda: secrets.token_urlsafe(32))
