"""Filters as texts: whatever is in a value, it stays a value."""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.onspring.filters import Filter, InvalidFilterError, field
from tests.fixtures.fusioo_client import Recorder
from tests.fixtures.onspring_client import a_page, client_over

TOKENS = re.compile(
    r"datetime'(?P<moment>[^']*)'|'(?P<text>(?:[^']|'')*)'|(?P<word>[()]|[^\s()']+)", re.DOTALL
)
MOMENT = datetime(2023, 2, 15, 6, tzinfo=UTC)


def read_tokens(text: str) -> list[tuple[str, str]]:
    """A filter's words as somebody reads it who knows that quotes are doubled; all of it must be words."""
    assert TOKENS.sub("", text).strip() == ""
    return [
        (str(found.lastgroup), found[str(found.lastgroup)].replace("''", "'"))
        for found in TOKENS.finditer(text)
    ]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (field(6983).eq("Test Task 5"), "6983 eq 'Test Task 5'"),
        (field(1).ne("O'Brien"), "1 ne 'O''Brien'"),
        (field(1).lt(5), "1 lt 5"),
        (field(1).gt(-0.5), "1 gt -0.5"),
        (field(1).gt(1e-7), "1 gt 0.0000001"),
        (field(1).eq(Decimal("12.50")), "1 eq 12.50"),
        (field(1).gt(MOMENT), "1 gt datetime'2023-02-15T06:00:00Z'"),
        (
            field(1).lt(MOMENT.astimezone(timezone(timedelta(hours=-5)))),
            "1 lt datetime'2023-02-15T06:00:00Z'",
        ),
        (field(1).contains("High"), "1 contains 'High'"),
        (
            field(1).contains(UUID("71afe161-34f9-49d0-b45e-968b764c884c")),
            "1 contains '71afe161-34f9-49d0-b45e-968b764c884c'",
        ),
        (field(1).is_null(), "1 isnull"),
        (field(1).not_null(), "1 notnull"),
        (~field(1).eq(2), "not (1 eq 2)"),
        (field(1).eq(2) & field(3).eq(4) & field(5).eq(6), "1 eq 2 and 3 eq 4 and 5 eq 6"),
        (field(1).eq(2) | field(3).eq(4) & field(5).eq(6), "1 eq 2 or 3 eq 4 and 5 eq 6"),
        ((field(1).eq(2) | field(3).eq(4)) & field(5).eq(6), "(1 eq 2 or 3 eq 4) and 5 eq 6"),
        (~(field(1).eq(2) | field(3).eq(4)), "not (1 eq 2 or 3 eq 4)"),
        (~field(1).eq(2) & field(3).eq(4), "not (1 eq 2) and 3 eq 4"),
        (Filter("1 eq 2 or 3 eq 4") & field(5).eq(6), "(1 eq 2 or 3 eq 4) and 5 eq 6"),
    ],
)
def test_a_filter_is_written_as_the_page_shows(written: Filter, expected: str) -> None:
    assert str(written) == expected


@given(st.text())
def test_no_text_ends_its_quotes(text: str) -> None:
    """A defect of other clients: they escape no quotes."""
    tokens = read_tokens(str(field(1).eq(text) & field(2).contains(text)))
    assert tokens == [
        *(("word", "1"), ("word", "eq"), ("text", text), ("word", "and")),
        *(("word", "2"), ("word", "contains"), ("text", text)),
    ]


CONDITIONS = st.recursive(
    st.integers(1, 9).map(lambda number: (field(number).eq(number), number)),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda two: (two[0][0] & two[1][0], ("and", two[0][1], two[1][1]))),
        st.tuples(inner, inner).map(lambda two: (two[0][0] | two[1][0], ("or", two[0][1], two[1][1]))),
        inner.map(lambda one: (~one[0], ("not", one[1]))),
    ),
    max_leaves=12,
)


def _meaning(tree: Any, true: set[int]) -> bool:
    if isinstance(tree, int):
        return tree in true
    if tree[0] == "not":
        return not _meaning(tree[1], true)
    sides = [_meaning(side, true) for side in tree[1:]]
    return all(sides) if tree[0] == "and" else any(sides)


@given(CONDITIONS, st.sets(st.integers(1, 9)))
def test_parentheses_keep_the_meaning(made: tuple[Filter, Any], true: set[int]) -> None:
    """Python's own `and`, `or` and `not` bind as those of the API."""
    condition, tree = made
    python = re.sub(r"(\d) eq \d", lambda found: str(int(found[1]) in true), str(condition))
    python = python.replace("1", "True").replace("0", "False")
    assert bool(eval(python, {"__builtins__": {}})) is _meaning(tree, true)  # noqa: S307  our own text


@pytest.mark.parametrize(
    "value",
    [datetime(2023, 2, 15), date(2023, 2, 15), True, None, float("nan"), Decimal("Infinity"), [1]],  # noqa: DTZ001  that is the point
)
def test_what_the_api_can_t_compare_with_is_refused(value: Any) -> None:
    with pytest.raises(InvalidFilterError, match="field 1, eq: "):
        field(1).eq(value)


def test_no_field_and_no_condition_are_refused() -> None:
    with pytest.raises(InvalidFilterError, match="not the id of a field"):
        field(0)
    with pytest.raises(InvalidFilterError, match="list the records instead"):
        Filter("  ")


async def test_an_empty_filter_is_not_sent() -> None:
    onspring = Recorder(a_page([]))
    async with client_over(onspring) as client:
        with pytest.raises(InvalidFilterError):
            await client.records.query(1, "")
        await client.records.query(1, "2 eq 3")
    assert onspring.last_body == {"appId": 1, "filter": "2 eq 3"}
    assert len(onspring.requests) == 1
