"""Secrets that stand in `relay.yaml` instead of a variable. Pure.

The file is for everybody's eyes (a repository, a ticket), so a secret in it is a mistake even where it works.
"""

import re
from collections.abc import Iterator
from typing import Any

from service.rules.problems import Finding, KeyPath
from service.rules.substitution import references_in

_SECRET_KEY = re.compile(r"(?:^|[_-])(?:token|secret|password|bearer|api[_-]?key)$", re.IGNORECASE)
_SECRET_HEADER = re.compile(r"authorization|cookie|token|secret|password|bearer|api-?key", re.IGNORECASE)
_USER_AND_PASSWORD = re.compile(r"://[^\s/@:]*:(?P<password>[^\s/@]+)@")
_NOT_IN_A_NAME = re.compile(r"[^A-Z0-9]+")


def check_secrets(tree: Any) -> Iterator[Finding]:
    """Every secret that is written out in the file's values, as they stand there: before `${VAR}` is put in.

    Looked at are accounts and the options of handlers; a handler's `fields` are the user's own words. The
    findings never repeat a value.
    """
    sections = tree if isinstance(tree, dict) else {}
    for name, account in _entries(sections.get("accounts")):
        yield from _check_options(account, ("accounts", name))
        for part, options in _entries(account):
            yield from _check_options(options, ("accounts", name, part))
    for name, handler in _entries(sections.get("handlers")):
        for kind, options in _entries(handler):
            path: KeyPath = ("handlers", name, kind)
            yield from _check_options(options, path)
            for way, inner in _nested(options, "auth"):
                yield from _check_options(inner, (*path, *way))
            headers = options.get("headers") if isinstance(options, dict) else None
            for header, value in _entries(headers):
                if _SECRET_HEADER.search(header) and _is_written_out(value):
                    yield _finding((*path, "headers", header), f"the header {header}")
    for section in ("accounts", "handlers"):
        yield from _check_addresses(sections.get(section), (section,))


def _check_options(options: Any, path: KeyPath) -> Iterator[Finding]:
    for key, value in _entries(options):
        if _SECRET_KEY.search(key) and _is_written_out(value):
            yield _finding((*path, key), f"`{key}`")


def _nested(options: Any, key: str) -> Iterator[tuple[KeyPath, Any]]:
    """The options under a key of options, and those under each of their keys, with their paths."""
    inner = options.get(key) if isinstance(options, dict) else None
    yield (key,), inner
    for name, each in _entries(inner):
        yield (key, name), each


def _check_addresses(value: Any, path: KeyPath) -> Iterator[Finding]:
    for key, each in enumerate(value) if isinstance(value, list) else _entries(value):
        yield from _check_addresses(each, (*path, key))
    if isinstance(value, str):
        passwords = [found["password"] for found in _USER_AND_PASSWORD.finditer(value)]
        if any(map(_is_written_out, passwords)):
            yield _finding(path, "the address's password")


def _entries(value: Any) -> Iterator[tuple[str, Any]]:
    yield from value.items() if isinstance(value, dict) else ()


def _is_written_out(value: Any) -> bool:
    """Whether it is a value without any `${VAR}`. Nothing, and an empty text, are no secret."""
    if isinstance(value, str):
        return bool(value) and not references_in(value)
    return isinstance(value, int | float) and not isinstance(value, bool)


def _finding(path: KeyPath, what: str) -> Finding:
    words = [str(step) for step in (path[1], path[-1])]
    variable = _NOT_IN_A_NAME.sub("_", "_".join(words).upper()).strip("_")
    remedy = f'write a variable, like "${{{variable}}}", and set it in the environment'
    return Finding(path, f"{what} is written out, and secrets never stand in the file", remedy)
