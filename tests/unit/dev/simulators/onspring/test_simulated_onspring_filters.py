"""The query language: what is read, what is refused and where, and what it finds."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.dev.simulators.onspring.example import (
    AUDIT,
    CREATED,
    DUE_DATE,
    ESTIMATE,
    NAME,
    OWNER,
    RECORD_ID,
    STATUS,
    SUMMARY,
    TAGS,
    TASKS,
    example_state,
)
from service.dev.simulators.onspring.filter_matching import check_filter, matches
from service.dev.simulators.onspring.filter_parsing import (
    WITH_OPERAND,
    WITHOUT_OPERAND,
    Comparison,
    Filter,
    Joined,
    Negation,
    Operand,
    parse_filter,
)
from service.dev.simulators.onspring.filter_words import FilterSyntaxError
from service.dev.simulators.onspring.settings import QuoteEscape
from service.dev.simulators.onspring.state import OnspringState

_FIELD_IDS = st.integers(0, 10**9)
_OPERANDS = st.one_of(
    st.builds(Operand, st.just("text"), st.text()),
    st.builds(Operand, st.just("date"), st.datetimes().map(datetime.isoformat)),
    st.builds(Operand, st.just("number"), st.decimals(-9999, 9999, places=3).map(str)),
)
_COMPARISONS = st.one_of(
    st.builds(Comparison, _FIELD_IDS, st.sampled_from(WITH_OPERAND), _OPERANDS),
    st.builds(Comparison, _FIELD_IDS, st.sampled_from(WITHOUT_OPERAND)),
)
_FILTERS = st.recursive(
    _COMPARISONS,
    lambda inner: st.one_of(
        st.builds(Negation, inner),
        st.builds(Joined, st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=12,
)


def _written(wanted: Filter, escape: QuoteEscape) -> str:
    """Write a filter with a parenthesis around each part."""
    match wanted:
        case Joined():
            return f" {wanted.joint} ".join(f"({_written(part, escape)})" for part in wanted.parts)
        case Negation():
            return f"not ({_written(wanted.inner, escape)})"
        case Comparison(operand=None):
            return f"{wanted.field_id} {wanted.operator}"
        case Comparison(operand=Operand() as operand):
            return f"{wanted.field_id} {wanted.operator} {_written_operand(operand, escape)}"
        case _:
            raise AssertionError(wanted)


def _written_operand(operand: Operand, escape: QuoteEscape) -> str:
    if operand.kind == "number":
        return operand.text
    escaped = {
        "doubled": operand.text.replace("'", "''"),
        "backslash": operand.text.replace("\\", "\\\\").replace("'", "\\'"),
    }
    text = escaped[escape]
    return f"{'datetime' if operand.kind == 'date' else ''}'{text}'"


@given(wanted=_FILTERS, escape=st.sampled_from(["doubled", "backslash"]))
def test_what_is_written_is_read_again(wanted: Filter, escape: QuoteEscape) -> None:
    assert parse_filter(_written(wanted, escape), escape) == wanted


@given(text=st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(FilterSyntaxError):  # nothing else is raised
        parse_filter(text)


def test_not_binds_closer_than_and_which_binds_closer_than_or() -> None:
    one, two, three = (Comparison(number, "isnull") for number in (1, 2, 3))
    assert parse_filter("1 isnull or 2 ISNULL AND not 3 isnull") == Joined(
        "or", (one, Joined("and", (two, Negation(three))))
    )
    assert parse_filter("(1 isnull or 2 isnull) and 3 isnull") == Joined(
        "and", (Joined("or", (one, two)), three)
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "nothing stands where the id of a field is expected at character 1 of the filter"),
        ("6983 eq 'it's'", "a quote is never closed at character 14 of the filter"),
        ("6983 eq 'it' s", "'s' stands where the end is expected at character 14 of the filter"),
        ("6983 eq 'open", "a quote is never closed at character 9 of the filter"),
        ("6983 eq", "a value is missing at character 8 of the filter"),
        ("6983 like 'x'", "like is not an operator at character 6 of the filter"),
        ("Name eq 'x'", "'Name' stands where the id of a field is expected at character 1 of the filter"),
        ("(6983 isnull", "a closing parenthesis is expected at character 13 of the filter"),
        ("6983 isnull)", "')' stands where the end is expected at character 12 of the filter"),
        ('6983 eq "x"', "'\"' is not expected at character 9 of the filter"),
        ("-1 isnull", "-1 is no id of a field at character 1 of the filter"),
        ("(" * 101 + "1 isnull" + ")" * 101, "parentheses are too deep"),
        ("not " * 101 + "1 isnull", "too many negations"),
    ],
)
def test_a_wrong_filter_says_what_and_where(text: str, complaint: str) -> None:
    with pytest.raises(FilterSyntaxError) as refused:
        parse_filter(text)
    assert complaint in str(refused.value)


def _found(text: str, state: OnspringState | None = None) -> list[int]:
    known = state or example_state(key="any", clock=lambda: datetime(2024, 9, 20, 12, 0, 0, 500, UTC))
    wanted = parse_filter(text)
    check_filter(wanted, {field.id: field for field in known.fields_of(TASKS)})
    return [record.id for record in known.records.of(TASKS) if matches(known, wanted, record)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{NAME} eq 'Test Task 1'", [1]),
        (f"{NAME} eq 'test task 1'", []),
        (f"{NAME} ne 'Test Task 1'", [2, 3]),
        (f"{NAME} eq 'Review the vendor''s contract'", [2]),
        (f"{ESTIMATE} gt 100", [2, 3]),
        (f"{ESTIMATE} lt 100.5", [1]),
        (f"{RECORD_ID} eq 3", [2]),  # the external number, not the internal one
        (f"{DUE_DATE} lt datetime'2021-12-31T06:00:00Z'", [2, 3]),
        (f"{DUE_DATE} eq datetime'12/31/2021 6:00 AM'", [1]),
        (f"{CREATED} eq datetime'2024-09-20T12:00:00'", [1, 2, 3]),
        (f"{STATUS} contains 'complete'", [3]),
        (f"{TAGS} contains '{AUDIT}'", [2, 3]),
        (f"not {TAGS} contains 'Audit'", [1]),
        (f"{SUMMARY} eq 'Close the finding (Complete)'", [3]),
        (f"{NAME} isnull", []),
        (f"{NAME} notnull and ({ESTIMATE} eq 100 or {ESTIMATE} eq 300)", [1, 3]),
    ],
)
def test_condition(text: str, expected: list[int]) -> None:
    assert _found(text) == expected


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("1 eq 'x'", "field 1 of the filter could not be found"),
        (f"{NAME} gt 'x'", "gt is not for field"),
        (f"{NAME} contains 'x'", "contains is not for field"),
        (f"{STATUS} eq 'Complete'", "eq is not for field"),
        (f"{OWNER} eq 1", "eq is not for field"),
        (f"{NAME} eq 5", "a text in single quotes"),
        (f"{ESTIMATE} eq '5'", "a number"),
        (f"{DUE_DATE} gt '2021-12-31'", "datetime'"),
        (f"{DUE_DATE} gt datetime'soon'", "soon"),
    ],
)
def test_operators_and_values_fit_their_fields(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        _found(text)


def test_letters_case_can_be_ignored() -> None:
    state = example_state(key="any")
    state.settings.text_case = "ignored"
    assert _found(f"{NAME} eq 'TEST task 1'", state) == [1]


@given(name=st.text(min_size=1))
def test_any_text_finds_its_record(name: str) -> None:
    state = example_state(key="any", with_records=False)
    made = state.records.create(TASKS, {NAME: name})
    other = state.records.create(TASKS, {NAME: f"{name}'"})
    quoted = name.replace("'", "''")
    assert _found(f"{NAME} eq '{quoted}'", state) == [made.id]
    assert other.id not in _found(f"{NAME} eq '{quoted}'", state)
