"""What within one rule does not go together. Pure.

Works on the plain values, as `references` does: values of a wrong shape are left to the types.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from service.rules.expand import DEEPEST, split_path
from service.rules.problems import Finding, KeyPath

_COMBINING = ("any", "all")


def check_rule(rule: dict[str, Any], path: KeyPath) -> Iterator[Finding]:
    """Check a rule that stands at a path of the file."""
    if rule.get("unchanged") is True:
        yield from _check_unchanged(rule, path)
    for at in _link_paths(rule.get("when"), (*path, "when")):
        yield from _check_length(at)
    for at in _link_paths(rule.get("when_before"), (*path, "when_before")):
        message = f"`{at[-1]}` asks for a linked record as it was before the change, which is not known"
        yield Finding(at, message, "ask under `when`: there it is as it is now", at_key=True)


def _check_unchanged(rule: dict[str, Any], path: KeyPath) -> Iterator[Finding]:
    if rule.get("changed") is not None:
        message = "`changed` asks for a difference, `unchanged: true` for runs without one"
        yield Finding((*path, "changed"), message, "remove one of them", at_key=True)
    kinds = rule.get("on")
    if isinstance(kinds, list) and kinds and "update" not in kinds:
        message = "`unchanged: true` is about updates, and this rule is not on them"
        yield Finding((*path, "on"), message, "add update, or remove `unchanged`", at_key=True)


def _check_length(at: KeyPath) -> Iterator[Finding]:
    *links, field_id = split_path(str(at[-1]))
    if not all(each.strip() for each in (*links, field_id)):
        message = f"`{at[-1]}` is no path of link fields to a field"
        yield Finding(at, message, "write one like client.country", at_key=True)
    elif len(links) > DEEPEST:
        message = f"`{at[-1]}` follows {len(links)} links to a field; at most {DEEPEST} are followed"
        yield Finding(at, message, at_key=True)


def _link_paths(when: Any, path: KeyPath) -> Iterator[KeyPath]:
    """Where conditions on linked records stand, however deep under `any`, `all` and `not`."""
    if not isinstance(when, dict):
        return
    for key, value in when.items():
        if key in _COMBINING:
            branches: Sequence[Any] = value if isinstance(value, list) else ()
            for index, branch in enumerate(branches):
                yield from _link_paths(branch, (*path, key, index))
        elif key == "not":
            yield from _link_paths(value, (*path, key))
        elif isinstance(key, str) and "." in key:
            yield (*path, key)
