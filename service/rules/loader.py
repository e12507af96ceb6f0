"""`relay.yaml`, read and checked."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from service.rules.configuration import Configuration, Source
from service.rules.explanations import explain
from service.rules.files import ConfigurationFiles, read_files
from service.rules.merging import read_documents
from service.rules.problems import Finding
from service.rules.references import check_references
from service.rules.schema import RelayFile
from service.rules.substitution import Substitution
from service.rules.written_secrets import check_secrets


def load(path: Path, env: Mapping[str, str]) -> Configuration:
    """Read and check a configuration, a file or a directory of files, with `${VAR}` from `env`.

    Raises ConfigurationError if it can't be read, InvalidConfigurationError with every problem in it.
    """
    return parse_files(read_files(path), env)


def parse(text: str, file_name: str, env: Mapping[str, str]) -> Configuration:
    """Check the text of a configuration; `file_name` is only shown.

    Raises InvalidConfigurationError with every problem in it.
    """
    files = ConfigurationFiles(Path(file_name), is_directory=False, texts=((file_name, text),))
    return parse_files(files, env)


def parse_files(files: ConfigurationFiles, env: Mapping[str, str]) -> Configuration:
    """Check a configuration that was read before, several files as one.

    Raises InvalidConfigurationError with every problem in it.
    """
    document = read_documents(files)
    substitution = Substitution(env)
    source = Source(document.positions, substitution.put_in)
    if not isinstance(document.tree, dict) or not document.is_complete:
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
