"""What is imported often loads little: a user's handler module, and every command."""

import json
import subprocess
import sys

import pytest

from tests.fixtures.source import ROOT

HEAVY = {"dramatiq", "httpx2", "psycopg", "sqlalchemy", "starlette", "uvicorn"}


@pytest.mark.parametrize(
    ("module", "needed"),
    [
        ("service.cli.main", set()),
        ("service.handlers", {"sqlalchemy"}),  # the type of ctx.db
        ("service.rules.loader", set()),
        ("service.fusioo.client", {"httpx2"}),  # usable without the rest
        ("service.onspring.client", {"httpx2"}),
    ],
)
def test_it_loads_no_more_than_it_needs(module: str, needed: set[str]) -> None:
    program = f"import json, sys, {module}; json.dump(sorted(sys.modules), sys.stdout)"
    loaded = subprocess.run(  # noqa: S603  our own interpreter
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert HEAVY & set(json.loads(loaded.stdout)) == needed
