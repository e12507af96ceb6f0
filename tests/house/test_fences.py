"""The fences between rooms stand in pyproject.toml, `make check` walks them; here they are seen to hold."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.fixtures.source import ROOT

BREACHES = {
    "layers": ("db/engine.py", "from service.pipeline import sweep"),
    "foundation": ("errors.py", "from service import config"),
    "circles": ("rules/values.py", "from service.rules import loader"),
    "settings": ("inbox/writer.py", "from service.config import Settings"),
    "bells": ("records/slots.py", "from service.queue import messages"),
    "starlette": ("pipeline/receive.py", "import starlette"),
    "dramatiq": ("pipeline/jobs.py", "import dramatiq"),
    "httpx2": ("handlers/builtin/http.py", "import httpx2"),
    "client-alone": ("fusioo/auth.py", "from service.sealing import SecretBox"),
    "onspring-alone": ("onspring/keys.py", "from service.sealing import SecretBox"),
    "no-database": ("fusioo/source.py", "from service.db.base import Base"),
    "no-queries": ("web/app.py", "import sqlalchemy"),
    "pure": ("changes/diff.py", "import socket"),
    "simulators": ("dev/simulators/faults.py", "from service.fusioo import models"),
}


def test_each_fence_stops_who_climbs_it(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "service", tmp_path / "service", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for path, line in BREACHES.values():
        with (tmp_path / "service" / path).open("a") as file:
            file.write(f"\n{line}\n")

    run = subprocess.run(  # noqa: S603  our own tool, by its path
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"],
        cwd=tmp_path,
        env=os.environ | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )

    contracts = _contracts()
    assert set(contracts) == set(BREACHES), "a fence, or its breach here, is missing"
    assert run.returncode == 1, run.stderr
    assert {key for key, name in contracts.items() if f"{name} BROKEN" in run.stdout} == set(BREACHES)


def _contracts() -> dict[str, str]:
    """The names of the contracts by their ids."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return {contract["id"]: contract["name"] for contract in document["tool"]["importlinter"]["contracts"]}
