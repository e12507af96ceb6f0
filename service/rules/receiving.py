"""What the receiver needs of `relay.yaml`: where each account's secrets and record ids stand. Pure.

The rest is not looked at: the receiver starts, and keeps what it is sent, whatever is wrong with a rule or
missing from its environment.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from service.errors import ConfigurationError
from service.rules.account import ID_PATH
from service.rules.document import Document
from service.rules.problems import KeyPath
from service.rules.substitution import Substitution


@dataclass(frozen=True, slots=True)
class _Mistake:
    message: str
    remedy: str


def secret_headers(document: Document, env: Mapping[str, str]) -> dict[str, str]:
    """Give `secret_header` by account, of the accounts that set it.

    Raises ConfigurationError, with its place, for one that can't be used.
    """
    wrong = _Mistake("is not the name of an HTTP header", remedy="like X-Fusioo-Secret")
    return _settings(document, env, "secret_header", _is_header, wrong)


def id_paths(document: Document, env: Mapping[str, str]) -> dict[str, str]:
    """Give `id_path` by account, of the accounts that set it.

    Raises ConfigurationError, with its place, for one that can't be used.
    """
    wrong = _Mistake("is no path to an id", remedy="names split by dots, like payload.records[].id")
    return _settings(document, env, "id_path", _is_id_path, wrong)


def _settings(
    document: Document,
    env: Mapping[str, str],
    setting: str,
    is_right: Callable[[str], bool],
    wrong: _Mistake,
) -> dict[str, str]:
    accounts = document.tree.get("accounts") if isinstance(document.tree, dict) else None
    found: dict[str, str] = {}
    for name, account in (accounts if isinstance(accounts, dict) else {}).items():
        if isinstance(account, dict) and setting in account:
            path = ("accounts", name, setting)
            place = document.positions.place(document.positions.of(path))
            value = _substituted(account[setting], path, place, env)
            if not isinstance(value, str) or not is_right(value):
                raise ConfigurationError(wrong.message, place=place, remedy=wrong.remedy)
            found[name] = value
    return found


def _substituted(written: Any, path: KeyPath, place: str, env: Mapping[str, str]) -> Any:
    substitution = Substitution(env)
    value = substitution.apply(written, path)
    if substitution.findings:
        finding = substitution.findings[0]
        raise ConfigurationError(finding.message, place=place, remedy=finding.remedy)
    return value


def _is_header(text: str) -> bool:
    return text.replace("-", "").isalnum() and text.isascii()


def _is_id_path(text: str) -> bool:
    return re.fullmatch(ID_PATH, text) is not None
