"""`${VAR}` in the texts of a configuration, so that secrets never stand in the file. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from service.rules.problems import Finding, KeyPath

_REFERENCE = re.compile(r"\$\$\{|\$\{([^}]*)\}|\$\{")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LITERAL = "$${"


def references_in(text: str) -> tuple[str, ...]:
    """Every `${VAR}` of a text, as written, and what should be one; never what `$${` begins."""
    return tuple(found[0] for found in _REFERENCE.finditer(text) if found[0] != _LITERAL)


class Substitution:
    """Replaces `${VAR}` by the environment's value in every text; `$${` stands for a literal `${`."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self.findings: list[Finding] = []
        self.put_in: dict[KeyPath, tuple[str, ...]] = {}
        """The `${VAR}`s of a text, by path, wherever all of them were replaced."""

    def apply(self, value: Any, path: KeyPath = ()) -> Any:
        """The value with every text replaced. What could not be replaced is in `findings`."""
        if isinstance(value, dict):
            return {key: self.apply(each, (*path, key)) for key, each in value.items()}
        if isinstance(value, list):
            return [self.apply(each, (*path, index)) for index, each in enumerate(value)]
        if isinstance(value, str) and "${" in value:
            return self._replaced(value, path)
        return value

    def _replaced(self, text: str, path: KeyPath) -> str:
        findings: list[Finding] = []
        replaced = _REFERENCE.sub(lambda found: self._replacement(found, path, findings), text)
        if findings:
            self.findings += findings
            return text
        if references := references_in(text):
            self.put_in[path] = references
        return replaced

    def _replacement(self, found: re.Match[str], path: KeyPath, findings: list[Finding]) -> str:
        if found[0] == _LITERAL:
            return "${"
        name = found[1]
        if name is None or not _VARIABLE.fullmatch(name):
            message = "a `${` here names no variable"  # what follows it may be part of a secret
            findings.append(Finding(path, message, "write ${NAME}, or $${ for a literal ${"))
        elif name not in self._env:
            message = f"the environment variable {name} is not set"
            findings.append(Finding(path, message, f"set {name} and start again"))
        else:
            return self._env[name]
        return found[0]
