"""Every condition, over every type of field, as the table says: `tests/fixtures/condition_table.md`."""

import pytest

from service.rules.clauses import Subject, when_clauses
from service.rules.conditions import CONDITIONS
from service.rules.when import When
from tests.fixtures.changes import a_change
from tests.fixtures.condition_table import Row, legend, rows

EMPTY = {"absent", "null", '""', "[]"}
TYPES = {
    "text",
    "web address",
    "email",
    "multi-line text",
    "number",
    "number that arrives as a text",
    "date",
    "date and time",
    "created, last modified",
    "date range",
    "list, one choice",
    "list, several choices",
    "user",
    "role",
    "link to an app",
    "yes/no",
    "formula, a text",
    "formula, a number",
    "formula, a date",
    "formula, yes or no",
    "auto-number",
    "file",
    "unknown",
}
"""The rows of the vendor facts' value table."""


@pytest.mark.parametrize("row", rows(), ids=str)
def test_conditions_say_what_the_table_says(row: Row) -> None:
    wrong = {}
    for name, (holds, word) in row.cells.items():
        when = When.model_validate({"field": {name: row.asked[name]}})
        (clause,) = when_clauses(when, Subject(a_change(), row.record, row.now))
        said = legend()[word]
        if clause.ok is not holds or (said not in (clause.reason or "")) or (clause.reason and not said):
            wrong[name] = str(clause), clause.ok
    assert wrong == {}


def test_the_table_is_whole() -> None:
    empty = {
        row.type_of_field: EMPTY - {other.value for other in rows() if _alike(row, other)} for row in rows()
    }
    assert empty.keys() >= TYPES
    assert {name for name, missing in empty.items() if missing} == set()
    assert {frozenset(row.cells) for row in rows()} == {frozenset(CONDITIONS)}


def test_each_word_is_explained_and_used() -> None:
    assert {word for row in rows() for _, word in row.cells.values()} == legend().keys()


def test_opposites_are_opposite_for_the_same_reason() -> None:
    for row in rows():
        for name, opposite in (("equal", "not_equal"), ("contains", "does_not_contain")):
            holds, word = row.cells[name]
            assert row.cells[opposite] == (not holds, word), row


def _alike(one: Row, other: Row) -> bool:
    return one.type_of_field == other.type_of_field
