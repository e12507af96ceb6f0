"""What other commands need to know of a running `relay up`, beyond its servers: its configuration."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from service.dev.kept import kept


@contextmanager
def attachable(root: Path, variables: Mapping[str, str]) -> Iterator[None]:
    """Let other commands read these environment variables while the block runs. Only our user may."""
    path = _file(root)
    path.unlink(missing_ok=True)  # of one that was killed
    kept(path, lambda: json.dumps(dict(variables)))
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def read_attachment(root: Path) -> dict[str, str]:
    """The variables of the `relay up` that is running there; empty when it tells none (yet)."""
    try:
        variables: dict[str, str] = json.loads(_file(root).read_text())
    except FileNotFoundError:
        return {}
    return variables


def _file(root: Path) -> Path:
    return root / "attachment.json"
