"""The one thing of `relay.yaml` that the receiver needs: in which header each account's secret comes. Pure.

The rest is not looked at: the receiver starts, and keeps what it is sent, whatever is wrong with a rule or
missing from its environment.
"""

from collections.abc import Mapping
from typing import Any

from service.errors import ConfigurationError
from service.rules.document import Document
from service.rules.problems import KeyPath
from service.rules.substitution import Substitution


def secret_headers(document: Document, env: Mapping[str, str]) -> dict[str, str]:
    """Give `secret_header` by account, of the accounts that set it.

    Raises ConfigurationError, with its place, for one that can't be used.
    """
    accounts = document.tree.get("accounts") if isinstance(document.tree, dict) else None
    found: dict[str, str] = {}
    for name, account in (accounts if isinstance(accounts, dict) else {}).items():
        if isinstance(account, dict) and "secret_header" in account:
            path = ("accounts", name, "secret_header")
            place = document.positions.place(document.positions.of(path))
            found[name] = _header(account["secret_header"], path, place, env)
    return found


def _header(written: Any, path: KeyPath, place: str, env: Mapping[str, str]) -> str:
    substitution = Substitution(env)
    header = substitution.apply(written, path)
    if substitution.findings:
        finding = substitution.findings[0]
        raise ConfigurationError(finding.message, place=place, remedy=finding.remedy)
    if not isinstance(header, str) or not header.replace("-", "").isalnum() or not header.isascii():
        raise ConfigurationError(
            "is not the name of an HTTP header", place=place, remedy="like X-Fusioo-Secret"
        )
    return header
