"""Conditions on the change itself, among others."""

from typing import Any

import pytest

from service.changes.types import Change, FieldDiff, Kind, Origin
from service.rules.clause import Clause
from service.rules.clauses import Subject, when_clauses
from service.rules.when import When
from tests.fixtures.changes import a_change

EDITED = a_change(record={"id": "i59adb", "priority": ["High"], "last_modified_by": ["Lauren Moss"]})
CREATED = a_change(kind=Kind.CREATE, diff=None, record={"id": "i59adb", "priority": ["High"]})
DELETED = a_change(kind=Kind.DELETE, diff=None, record=EDITED.record)


def clauses(change: Change, **asked: Any) -> tuple[Clause, ...]:
    subject = Subject(change, change.record or {}, change.created_at)
    return when_clauses(When.model_validate({"change": asked}), subject)


@pytest.mark.parametrize(
    ("asked", "change", "holds"),
    [
        ({"kind": ["create"]}, CREATED, True),
        ({"kind": "create"}, CREATED, True),
        ({"kind": ["create", "update"]}, EDITED, True),
        ({"kind": ["create", "delete"]}, EDITED, False),
        ({"origin": ["webhook"]}, EDITED, True),
        ({"origin": ["reconcile", "backfill"]}, EDITED, False),
        ({"origin": "echo"}, a_change(origin=Origin.ECHO), True),
        ({"restored": True}, a_change(kind=Kind.CREATE, restored=True, diff=None), True),
        ({"restored": True}, CREATED, False),
        ({"restored": False}, CREATED, True),
        ({"edited_by": ["Lauren Moss", "John Doe"]}, EDITED, True),
        ({"edited_by": "lauren moss"}, EDITED, True),
        ({"edited_by": ["John Doe"]}, EDITED, False),
        ({"changed": ["status"]}, EDITED, True),
        ({"changed": "title"}, EDITED, False),
        ({"changed": {"status": {"to": "Done"}}}, EDITED, True),
        ({"changed": {"status": "set"}}, EDITED, False),
        ({"changed": "status"}, CREATED, False),
        ({"kind": "update", "edited_by": "John Doe"}, EDITED, False),
    ],
)
def test_what_is_asked_of_a_change(asked: dict[str, Any], change: Change, holds: bool) -> None:
    assert all(clause.ok for clause in clauses(change, **asked)) is holds


@pytest.mark.parametrize(
    ("asked", "change", "reason"),
    [
        ({"edited_by": "Ann"}, CREATED, "who edited the record is not known"),
        (
            {"edited_by": "Ann"},
            a_change(record={"last_modified_by": []}),
            "who edited the record is not known",
        ),
        ({"edited_by": "Lauren Moss"}, DELETED, "who deleted a record is not told"),
        ({"changed": "status"}, CREATED, "there is no diff of a create"),
        ({"changed": {"status": "cleared"}}, a_change(diff=None), "there is no diff at first sight"),
    ],
)
def test_what_is_not_known_does_not_hold_and_says_so(
    asked: dict[str, Any], change: Change, reason: str
) -> None:
    (clause,) = clauses(change, **asked)
    assert clause.ok is False
    assert reason in str(clause)


def test_clauses_name_their_place() -> None:
    found = clauses(
        EDITED, kind="update", origin="webhook", restored=False, edited_by="Ann", changed="status"
    )
    assert [(clause.path, clause.expected, clause.seen) for clause in found] == [
        ("when.change.kind", ["update"], "update"),
        ("when.change.origin", ["webhook"], "webhook"),
        ("when.change.restored", False, False),
        ("when.change.edited_by", ["Ann"], ["Lauren Moss"]),
        ("when.change.changed", ["status"], ["status"]),
    ]


def test_created_high_or_became_high_is_one_rule() -> None:
    when = When.model_validate(
        {
            "priority": {"equal": "High"},
            "any": [
                {"change": {"kind": "create"}},
                {"change": {"changed": {"priority": {"to": "High"}}}},
            ],
        }
    )

    def holds(change: Change) -> bool:
        subject = Subject(change, change.record or {}, change.created_at)
        return all(clause.ok for clause in when_clauses(when, subject))

    became = a_change(record=CREATED.record, diff={"priority": FieldDiff(["Low"], ["High"])})
    assert holds(CREATED)
    assert holds(became)
    assert not holds(a_change(record=CREATED.record, diff={"status": FieldDiff(["To do"], ["Done"])}))
    assert not holds(a_change(kind=Kind.CREATE, diff=None, record={"priority": ["Low"]}))
