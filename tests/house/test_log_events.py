"""Log events have static names, `noun.verb_past`, so that people can search for them; ids are fields."""

import ast
import re
from collections.abc import Iterator

from tests.fixtures.source import Module, modules

LEVELS = frozenset({"debug", "info", "warning", "error", "exception", "critical"})
LOGGERS = re.compile(r"_?log(ger)?")
EVENT = re.compile(r"[a-z][a-z_]*\.[a-z][a-z_]*")
IRREGULAR = frozenset({"done", "found", "gone", "heard", "lost", "read", "sent", "stuck", "unheard"})


def test_events_are_literal_nouns_with_past_verbs() -> None:
    found = [(module.at(call), _event(call)) for module in modules() for call in _log_calls(module)]
    assert found, "no log call was recognised"
    assert {place: event for place, event in found if not _is_event(event)} == {}


def test_only_the_set_up_of_logging_uses_the_standard_library_for_lines() -> None:
    own = [
        module.at(node)
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr in {"getLogger", "basicConfig"}
        if not module.within("service.observability", "service.worker.loop")  # the loop hushes asyncio's
    ]
    assert own == []


def _log_calls(module: Module) -> Iterator[ast.Call]:
    for node in ast.walk(module.tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in LEVELS | {"log"}
            and _is_logger(node.func.value)
        ):
            yield node


def _is_logger(node: ast.expr) -> bool:
    """A name or attribute like `_log`, or what `get_logger()` or `bind()` gives."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return LOGGERS.fullmatch(name) is not None
        case ast.Call(func=ast.Attribute(attr="get_logger" | "bind")):
            return True
        case _:
            return False


def _event(call: ast.Call) -> str:
    """The event's name, or the source of whatever stands there instead."""
    assert isinstance(call.func, ast.Attribute)
    position = 1 if call.func.attr == "log" else 0
    if len(call.args) <= position:
        return ast.unparse(call)
    argument = call.args[position]
    literal = isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    return str(argument.value) if literal else ast.unparse(argument)  # type: ignore[attr-defined]


def _is_event(event: str) -> bool:
    words = event.partition(".")[2].split("_")
    return EVENT.fullmatch(event) is not None and any(
        word.endswith("ed") or word in IRREGULAR for word in words
    )
