"""What has to fit together across `relay.yaml`: names used once, names that exist. Pure.

Works on the plain values, not on the types, so that these mistakes are reported together with all others.
"""

from collections.abc import Iterator
from typing import Any

from service.rules.problems import Finding, KeyPath, nearest
from service.rules.rule_checks import check_rule


def check_references(tree: dict[str, Any]) -> Iterator[Finding]:
    """Every name that is used twice or not defined. Values of a wrong shape are left to the types."""
    accounts, handlers = _mapping(tree.get("accounts")), _mapping(tree.get("handlers"))
    names: dict[str, int] = {}
    for index, rule in enumerate(_list(tree.get("rules"))):
        if not isinstance(rule, dict):
            continue
        path: KeyPath = ("rules", index)
        yield from _check_name(rule.get("name"), (*path, "name"), names)
        yield from _check_known("account", rule.get("account"), accounts, (*path, "account"))
        yield from _check_handlers(rule.get("run"), handlers, (*path, "run"))
        yield from check_rule(rule, path)
    yield from _check_handlers(tree.get("alarms"), handlers, ("alarms",))


def _check_name(name: Any, path: KeyPath, names: dict[str, int]) -> Iterator[Finding]:
    if not isinstance(name, str):
        return
    if name in names:
        yield Finding(path, f"two rules are named `{name}`", f"rename it, or rule {names[name]} of the list")
    names.setdefault(name, len(names) + 1)


def _check_known(what: str, name: Any, known: dict[str, Any], path: KeyPath) -> Iterator[Finding]:
    if isinstance(name, str) and name not in known:
        yield Finding(
            path, f"there is no {what} `{name}`", nearest(name, known) or f"define it under {what}s"
        )


def _check_handlers(run: Any, handlers: dict[str, Any], path: KeyPath) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, name in enumerate(_list(run)):
        yield from _check_known("handler", name, handlers, (*path, index))
        if isinstance(name, str) and name in seen:
            yield Finding((*path, index), f"the handler `{name}` stands here twice", "remove one of them")
        if isinstance(name, str):
            seen.add(name)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
