"""Several files as one configuration: as if they stood in one, and every mistake at its own place."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.rules.configuration import Configuration
from service.rules.files import ConfigurationFiles
from service.rules.loader import parse, parse_files
from service.rules.merging import read_documents
from service.rules.problems import InvalidConfigurationError
from service.rules.receiving import secret_headers

ACCOUNTS = """\
version: 1
accounts:
  main: {provider: fusioo, token: "${T}", secret_header: X-Own}
"""
SALES = """\
version: 1
handlers:
  crm: {log: {}}
rules:
  - {name: won, account: main, app: Deals, run: [crm]}
  - {name: lost, account: main, app: Deals, run: [crm, ops]}
alarms: [ops]
"""
TASKS = """\
version: 1
handlers:
  ops: {log: {}}
rules:
  - name: urgent
    account: main
    app: Tasks
    run: [ops]
alarms: [crm, ops]
retention: {changes: 5d}
"""
ALL = {"accounts.yaml": ACCOUNTS, "sales.yaml": SALES, "tasks.yml": TASKS}


def merged(texts: Mapping[str, str]) -> Configuration:
    return parse_files(files_of(texts), {"T": "sesame"})


def files_of(texts: Mapping[str, str]) -> ConfigurationFiles:
    written = tuple((f"rules/{name}", text) for name, text in texts.items())
    return ConfigurationFiles(Path("rules"), is_directory=True, texts=written)


def problems_of(texts: Mapping[str, str]) -> list[str]:
    with pytest.raises(InvalidConfigurationError) as caught:
        merged(texts)
    return [str(problem) for problem in caught.value.problems]


def test_what_the_files_hold_stands_together() -> None:
    configuration = merged(ALL)
    assert list(configuration.accounts) == ["main"]
    assert list(configuration.handlers) == ["crm", "ops"]
    assert [rule.name for rule in configuration.rules] == ["won", "lost", "urgent"]
    assert configuration.alarms == ("ops", "crm")
    assert configuration.retention.changes.days == 5


def test_places_are_those_of_the_files() -> None:
    configuration = merged(ALL)
    assert configuration.place("accounts", "main", "token") == "rules/accounts.yaml:3:35"
    assert configuration.place("handlers", "ops", "log") == "rules/tasks.yml:3:14"
    assert configuration.place("rules", 1, "run", 1) == "rules/sales.yaml:6:56"
    assert configuration.place("rules", 2, "run", 0) == "rules/tasks.yml:8:11"
    assert configuration.place("alarms", 1) == "rules/tasks.yml:9:10"
    assert configuration.place("nowhere") == "rules"


def test_one_file_of_a_directory_is_the_same_as_the_file_itself() -> None:
    alone = parse(ACCOUNTS, "relay.yaml", {"T": "sesame"})
    assert merged({"a.yaml": ACCOUNTS}).digest == alone.digest


@given(order=st.permutations(sorted(ALL)))
def test_the_digest_is_of_what_stands_together(order: list[str]) -> None:
    """Only the order of rules and alarms counts, as in one file."""
    in_order = [name for name in order if name != "accounts.yaml"] == ["sales.yaml", "tasks.yml"]
    assert (merged({name: ALL[name] for name in order}).digest == merged(ALL).digest) is in_order


def test_a_secret_header_is_found_whatever_another_file_holds() -> None:
    document = read_documents(files_of({**ALL, "z.yaml": "[unclosed"}))
    assert secret_headers(document, {}) == {"main": "X-Own"}


@pytest.mark.parametrize(
    ("more", "complaints"),
    [
        pytest.param(
            "version: 1\naccounts: {main: {provider: fusioo, token: '${T}'}}",
            ["rules/z.yaml:2:12: the account `main` stands in two files (first in rules/accounts.yaml:3:3)"],
            id="an account",
        ),
        pytest.param(
            "version: 1\nhandlers:\n  ops: {log: {}}\n  new: {log: {}}",
            ["rules/z.yaml:3:3: the handler `ops` stands in two files (first in rules/tasks.yml:3:3)"],
            id="a handler",
        ),
        pytest.param(
            "version: 1\nretention: {changes: 5d}",
            ["rules/z.yaml:2:1: `retention` stands in two files (first in rules/tasks.yml:10:1)"],
            id="retention",
        ),
        pytest.param(
            "version: 1\nrules:\n- {name: won, account: main, app: Deals, run: [crm]}",
            ["rules/z.yaml:3:10: two rules are named `won` (rename it, or rule 1 of the list)"],
            id="a rule",
        ),
        pytest.param(
            "rules: []",
            ["rules/z.yaml:1:1: `version` is missing (write `version: 1` in each file)"],
            id="no version",
        ),
        pytest.param(
            "version: 2",
            ["rules/z.yaml:1:1: `version` is not that of the others (first in rules/accounts.yaml:1:1)"],
            id="another version",
        ),
        pytest.param(
            "# nothing yet",
            ["rules/z.yaml:1:1: is empty (remove the file, or write `version: 1` and a section)"],
            id="empty",
        ),
        pytest.param(
            "- a",
            ["rules/z.yaml:1:1: should be a mapping of keys to values (begin with version: 1)"],
            id="a list",
        ),
        pytest.param(
            "version: 1\nrules: {name: one}",
            ["rules/z.yaml:2:1: `rules` should be a list, like [a, b] in each file"],
            id="rules of another shape",
        ),
        pytest.param(
            "version: 1\nhandlers: [log]",
            ["rules/z.yaml:2:1: `handlers` should be a mapping of names in each file"],
            id="handlers of another shape",
        ),
        pytest.param(
            "version: 1\nrules:\n- {name: new, account: main, app: Deals, run: [cmr]}",
            ["rules/z.yaml:3:48: there is no handler `cmr` (did you mean `crm`?)"],
            id="what fits nowhere",
        ),
        pytest.param(
            "version: 1\nruels: []",
            ["rules/z.yaml:2:1: unknown key `ruels` (did you mean `rules`?)"],
            id="an unknown key",
        ),
    ],
)
def test_a_mistake_is_at_its_own_place(more: str, complaints: list[str]) -> None:
    assert problems_of({**ALL, "z.yaml": more}) == complaints


def test_a_file_that_cannot_be_read_is_all_that_is_reported() -> None:
    """What the others lack may stand in it."""
    (problem,) = problems_of({"a.yaml": ACCOUNTS, "b.yaml": SALES, "z.yaml": "handlers: {ops: [unclosed"})
    assert problem.startswith("rules/z.yaml:1:")


def test_what_is_missing_altogether_is_missing_in_the_directory() -> None:
    assert problems_of({"a.yaml": "version: 1"}) == ["rules: `accounts` is missing (add it)"]


def test_empty_sections_count_as_not_written() -> None:
    assert merged({**ALL, "z.yaml": "version: 1\nrules:\nalarms:\nretention:\n"}).digest == merged(ALL).digest
