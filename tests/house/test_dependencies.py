"""Every dependency has its reason and its pinned place, and the lock file holds nothing of a machine."""

import re
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.fixtures.source import ROOT

LOCK = (ROOT / "requirements.lock").read_text("utf-8")
PINNED = re.compile(r"^([a-zA-Z0-9._-]+)==(\S+)", re.MULTILINE)


def _declared() -> list[Requirement]:
    document = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    project = document["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    groups += document["dependency-groups"].values()
    return [Requirement(line) for group in groups for line in group]


def test_each_has_a_line_that_says_why() -> None:
    page = (ROOT / "docs" / "decisions" / "0002-libraries.md").read_text("utf-8")
    explained = {
        canonicalize_name(name) for name in re.findall(r"^\| `([a-zA-Z0-9._-]+)`", page, re.MULTILINE)
    }
    assert explained == {canonicalize_name(requirement.name) for requirement in _declared()}


def test_the_lock_satisfies_what_is_declared() -> None:
    pinned = {canonicalize_name(name): version for name, version in PINNED.findall(LOCK)}
    unsatisfied = [
        str(requirement)
        for requirement in _declared()
        if not requirement.specifier.contains(pinned.get(canonicalize_name(requirement.name), "0"))
    ]
    assert unsatisfied == []


def test_the_lock_pins_by_hash_and_names_no_host() -> None:
    entries = re.split(r"^(?=[a-zA-Z0-9])", LOCK, flags=re.MULTILINE)
    packages = [entry for entry in entries if PINNED.match(entry)]
    assert len(packages) > 20
    assert [entry.partition(" ")[0] for entry in packages if "--hash=sha256:" not in entry] == []
    assert "://" not in LOCK
    assert not re.search(r"^--", LOCK, re.MULTILINE), "options belong to the machine that installs"
