"""Values as columns take them: nothing is bent, and what does not fit is named."""

from typing import Any

import pytest

from service.handlers.builtin.mirror_values import row_of
from service.handlers.builtin.postgres_options import Column, ColumnType

FITS: list[tuple[ColumnType, Any, Any]] = [
    ("text", "Done", "Done"),
    ("text", ["Done"], "Done"),
    ("text", "", ""),
    ("text", 7, "7"),
    ("text", True, "true"),
    ("numeric", 7.5, 7.5),
    ("numeric", "7.50", 7.5),
    ("numeric", ["7"], 7),
    ("bigint", 7.0, 7),
    ("bigint", "-9", -9),
    ("boolean", False, False),
    ("date", "2026-11-22", "2026-11-22"),
    ("timestamptz", "2026-11-22T07:00:00-0500", "2026-11-22T07:00:00-05:00"),
    ("timestamptz", "2026-11-22T07:00:00", "2026-11-22T07:00:00+00:00"),
    ("jsonb", {"a": [1]}, {"a": [1]}),
    ("text[]", ["a", "b"], ["a", "b"]),
    ("text[]", "a", ["a"]),
    ("text[]", [], []),
]
MISFITS: list[tuple[ColumnType, Any]] = [
    ("text", ["a", "b"]),
    ("text", {"a": 1}),
    ("numeric", "seven"),
    ("numeric", True),
    ("bigint", 7.5),
    ("bigint", 2**63),
    ("boolean", "true"),
    ("date", "2026-11-22T07:00:00Z"),
    ("date", "22.11.2026"),
    ("timestamptz", "2026-11-22"),
    ("text[]", ["a", 1]),
]


@pytest.mark.parametrize(("kind", "given", "stored"), FITS)
def test_what_fits_is_stored(kind: ColumnType, given: Any, stored: Any) -> None:
    row = row_of({"a": given}, {"a": Column(type=kind)})
    assert (row.values, row.misfits) == ({"a": stored}, {})


@pytest.mark.parametrize(("kind", "given"), MISFITS)
def test_what_does_not_fit_is_null_and_named(kind: ColumnType, given: Any) -> None:
    row = row_of({"a": given}, {"a": Column(type=kind)})
    assert row.values == {"a": None}
    assert row.misfits["a"].endswith(f"is no {kind}")


def test_nothing_is_no_misfit() -> None:
    row = row_of({"b": None}, {"a": Column(type="date"), "b": Column(type="numeric")})
    assert (row.values, row.misfits) == ({"a": None, "b": None}, {})


def test_a_column_may_have_another_name_than_its_field() -> None:
    assert row_of({"odd id": "x"}, {"a": Column(type="text", field="odd id")}).values == {"a": "x"}
