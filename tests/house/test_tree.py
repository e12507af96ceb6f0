"""The tree is what it is said to be, and holds nothing of the machine that it was made on."""

import os

import pytest
from typer.main import get_command

from service.cli.main import app
from tests.fixtures.source import ROOT, SERVICE, project_files
from tests.fixtures.tiers import TIERS


@pytest.mark.parametrize("tier", ["unit", "integration"])
def test_tests_stand_where_what_they_test_stands(tier: str) -> None:
    base = ROOT / "tests" / tier
    folders = {test.parent.relative_to(base) for test in base.rglob("test_*.py")}
    homes = (SERVICE, ROOT)  # the benchmarks stand beside the service
    strangers = [str(folder) for folder in folders if not any((home / folder).is_dir() for home in homes)]
    assert strangers == []


def test_every_test_is_in_a_tier() -> None:
    tests = ROOT / "tests"
    homeless = [path for path in tests.rglob("test_*.py") if path.relative_to(tests).parts[0] not in TIERS]
    assert homeless == []


def test_no_file_knows_where_it_was_written() -> None:
    place = str(ROOT).encode()
    if len(ROOT.parts) < 3:
        pytest.skip("this checkout has too short a path to be recognised")
    knowing = [str(path.relative_to(ROOT)) for path in project_files() if place in path.read_bytes()]
    assert knowing == []


def test_no_file_names_a_package_index() -> None:
    """Which index or mirror serves the packages is the business of the machine, not of the project."""
    words = [option.encode() for option in ("index" + "-url", "find" + "-links", "trusted" + "-host")]
    allowed = {ROOT / "Makefile"}  # it tells the resolver to leave the address out
    naming = [
        str(path.relative_to(ROOT))
        for path in project_files()
        if path not in allowed and any(word in path.read_bytes() for word in words)
    ]
    assert naming == []


def test_the_procfile_starts_the_four_kinds_of_process() -> None:
    lines = (ROOT / "Procfile").read_text().splitlines()
    processes = dict(line.split(": ", 1) for line in lines)
    assert list(processes) == ["release", "web", "worker", "scheduler"]
    known = get_command(app).commands  # type: ignore[attr-defined]  # typer does not say that it is a group
    for command in processes.values():
        words = command.split()
        assert words[words.index("relay") + 1] in known


def test_ci_runs_what_people_run() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    lines = script.read_text().splitlines()
    assert {"make check", "make test"} <= set(lines)


def test_decisions_have_one_form() -> None:
    for page in sorted((ROOT / "docs" / "decisions").glob("*.md")):
        text = page.read_text("utf-8")
        parts = [line for line in text.splitlines() if line.startswith("## ")]
        assert parts == ["## Status", "## Context", "## Decision", "## Consequences"], page.name
        assert text.startswith(f"# {int(page.name[:4])}. "), page.name
        assert len(text.splitlines()) <= 80, f"{page.name} is longer than a page"


def test_the_changelog_tells_of_the_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert "## [Unreleased]" in changelog
