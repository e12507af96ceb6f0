"""`lifecycle` alone lists the statuses: elsewhere they are its members, and in SQL its words."""

import ast
import re
from collections.abc import Iterator

from service.lifecycle import (
    DELIVERY_MOVES,
    NOTICE_MOVES,
    RUN_MOVES,
    AttemptOutcome,
    DeliveryOutcome,
    DeliveryStatus,
    NoticeStatus,
    RecordState,
    RegistrationStatus,
    RunStatus,
)
from tests.fixtures.source import Module, modules

ALSO_A_KIND = {"deleted"}
"""Also the end of an outgoing event's type, and the name of a provider's trigger."""
STATUSES = {*DeliveryStatus, *RunStatus, *RegistrationStatus} - ALSO_A_KIND
WORDS = {
    *DeliveryStatus,
    *DeliveryOutcome,
    *RecordState,
    *RunStatus,
    *AttemptOutcome,
    *NoticeStatus,
    *RegistrationStatus,
}
IN_SQL = re.compile(r"\b(?:status|outcome|state)\s*(?:=|<>|!=|(?:NOT )?IN)\s*\(?((?:'\w+'(?:, *)?)+)")


def test_every_status_has_its_moves() -> None:
    assert set(DELIVERY_MOVES) == set(DeliveryStatus)
    assert set(RUN_MOVES) == set(RunStatus)
    assert set(NOTICE_MOVES) == set(NoticeStatus)


def test_python_names_statuses_by_the_enums() -> None:
    literal = [
        f"{module.at(text)} {text.value!r}"
        for module in modules()
        if not module.within("service.lifecycle", "service.dev")
        for text in _texts(module)
        if text.value in STATUSES
    ]
    assert literal == []


def test_sql_knows_no_other_word() -> None:
    found = [
        (module.at(text), word)
        for module in modules()
        if not module.within("service.dev")
        for text in _texts(module)
        for words in IN_SQL.findall(str(text.value))
        for word in re.findall(r"\w+", words)
    ]
    assert found, "no SQL was recognised"
    assert [(place, word) for place, word in found if word not in WORDS] == []


def _texts(module: Module) -> Iterator[ast.Constant]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node
