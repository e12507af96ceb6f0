"""`relay.yaml`, read and checked: the one module of this package that touches a file."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from service.errors import ConfigurationError
from service.rules.configuration import Configuration, Source
from service.rules.document import read_document
from service.rules.explanations import explain
from service.rules.problems import Finding
from service.rules.references import check_references
from service.rules.schema import RelayFile
from service.rules.substitution import Substitution
from service.rules.written_secrets import check_secrets

_MOST_BYTES = 1024 * 1024


def load(path: Path, env: Mapping[str, str]) -> Configuration:
    """Read and check a configuration file, with `${VAR}` from `env`.

    Raises ConfigurationError if it can't be read, InvalidConfigurationError with every problem in it.
    """
    return parse(_read(path), str(path), env)


def parse(text: str, file_name: str, env: Mapping[str, str]) -> Configuration:
    """Check the text of a configuration; `file_name` is only shown.

    Raises InvalidConfigurationError with every problem in it.
    """
    document = read_document(text, file_name)
    substitution = Substitution(env)
    source = Source(document.positions, substitution.put_in)
    if not isinstance(document.tree, dict):
        findings = [] if document.problems else [_no_mapping(document.tree)]
        raise source.invalid(findings, also=document.problems)
    tree = substitution.apply(document.tree)
    relay, findings = _validate(tree, source)
    unset = {finding.path for finding in substitution.findings}  # what else is wrong there comes from that
    findings = [each for each in (*findings, *check_references(tree)) if each.path not in unset]
    findings += substitution.findings
    problems = [*document.problems, *map(document.positions.problem, check_secrets(document.tree))]
    if relay is None or findings or problems:
        raise source.invalid(findings, also=problems)
    return Configuration(
        accounts=relay.accounts,
        handlers=relay.handlers,
        rules=relay.rules,
        alarms=relay.alarms,
        retention=relay.retention,
        digest=_digest(document.tree),
        source=source,
    )


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        remedy = "`relay init` writes a starter file; RELAY_CONFIG names another one"
        raise ConfigurationError("there is no such file", place=str(path), remedy=remedy) from None
    except OSError as error:
        remedy = "give a readable file in RELAY_CONFIG"
        raise ConfigurationError(f"can't be read: {error.strerror}", place=str(path), remedy=remedy) from None
    if len(content) > _MOST_BYTES:
        raise ConfigurationError("is larger than 1 MiB", place=str(path), remedy="make it smaller")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        place, remedy = f"{path}:{line}", "save it as UTF-8"
        raise ConfigurationError("is not UTF-8", place=place, remedy=remedy) from None


def _validate(tree: dict[str, Any], source: Source) -> tuple[RelayFile | None, list[Finding]]:
    try:
        return RelayFile.model_validate(tree), []
    except ValidationError as error:
        return None, list(explain(error, RelayFile, source.positions))


def _no_mapping(tree: Any) -> Finding:
    if tree is None:
        return Finding((), "is empty", "`relay init` writes a starter file")
    return Finding((), "should be a mapping of keys to values", "begin with version: 1")


def _digest(tree: Any) -> str:
    canonical = json.dumps(tree, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()
