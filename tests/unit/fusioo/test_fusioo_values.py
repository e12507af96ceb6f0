"""Values of records: read as the value table says, written back the same, and never guessed."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.fusioo.kinds import KINDS_BY_TYPE, FieldKinds, ValueKind
from service.fusioo.models import App, AppField, FileInfo
from service.fusioo.problems import MisfitError, Problem, UnfitValuesError
from service.fusioo.reading import DateRange, Reading, read_value
from service.fusioo.values import AppValues
from service.fusioo.writing import write_value

ANY_FIELD = AppField(id="any")
AS_IT_IS = Reading()
K = ValueKind


def app_with(*fields: dict[str, Any]) -> App:
    return App.model_validate({"id": "ia", "name": "Tasks", "fields": fields})


TASKS = app_with(
    {"id": "title", "name": "Title", "type": "text", "is_required": True},
    {
        "id": "priority",
        "type": "list",
        "options": {"items": ["Low", "High", "Critical"], "allow_multiple": False},
    },
    {"id": "due_date", "type": "date"},
    {"id": "starts", "type": "date_time"},
    {"id": "budget", "type": "number"},
    {"id": "total", "type": "formula"},
    {"id": "price", "type": "currency"},
    {"id": "number", "type": "auto_number", "can_update": False},
    {"id": "approved", "type": "boolean"},
    {"id": "client", "type": "app_link", "options": {"allow_multiple": True}},
    {"id": "team", "type": "user_link", "options": {"items": ["John Doe"], "allow_multiple": True}},
)


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        (K.TEXT, "<p>Hello &amp; goodbye</p>", "<p>Hello &amp; goodbye</p>"),
        (K.TEXT, "12", "12"),
        (K.NUMBER, 12, 12),
        (K.NUMBER, 12.5, 12.5),
        (K.DATE, "2024-09-30", date(2024, 9, 30)),
        (
            K.DATE_TIME,
            "2016-09-15T07:00:00-0500",
            datetime(2016, 9, 15, 7, tzinfo=timezone(timedelta(hours=-5))),
        ),
        (K.DATE_TIME, "2016-09-15", date(2016, 9, 15)),
        (K.DATE_RANGE, "2024-09-30|2024-10-02", DateRange(date(2024, 9, 30), date(2024, 10, 2))),
        (K.DATE_RANGE, " | 2024-10-02", DateRange(None, date(2024, 10, 2))),
        (K.LIST, ["High"], ("High",)),
        (K.LIST, [], ()),
        (K.NAMES, ["Lauren Moss", "John Doe"], ("Lauren Moss", "John Doe")),
        (K.LINKS, ["i59adb", "i5d3b0"], ("i59adb", "i5d3b0")),
        (K.LINKS, "i59adb", ("i59adb",)),
        (K.LINKS, '["i59adb", "i5d3b0"]', ("i59adb", "i5d3b0")),
        (K.LINKS, '"i59adb"', ("i59adb",)),
        (K.LINKS, {"id": "i59adb", "value": "Acme"}, ("i59adb",)),
        (K.LINKS, [{"id": "i59adb", "value": "Acme"}, '{"id": "i5d3b0"}'], ("i59adb", "i5d3b0")),
        (K.FILES, ["if330"], ("if330",)),
        (K.YES_NO, False, False),
        (K.COMPUTED, "2024-09-30", "2024-09-30"),
        (K.COMPUTED, 12.5, 12.5),
        (K.COMPUTED, True, True),
        (K.AUTO_NUMBER, "GDX-22433", "GDX-22433"),
        (K.AUTO_NUMBER, 22433, 22433),
        (K.STAMP, "2023-09-23T20:07:12", datetime(2023, 9, 23, 20, 7, 12, tzinfo=UTC)),
        (K.RAW, {"amount": "12,50", "currency": "EUR"}, {"amount": "12,50", "currency": "EUR"}),
    ],
)
def test_values_are_read_as_the_table_says(kind: ValueKind, raw: Any, value: Any) -> None:
    seen = read_value(raw, kind, AS_IT_IS)
    assert (seen, type(seen)) == (value, type(value))


@pytest.mark.parametrize("kind", list(ValueKind))
def test_null_is_none_for_every_kind(kind: ValueKind) -> None:
    assert read_value(None, kind, AS_IT_IS) is None


@pytest.mark.parametrize(
    ("kind", "raw", "why"),
    [
        (K.TEXT, 12, "is a number, not a text"),
        (K.NUMBER, "12", "numbers_from_text"),
        (K.NUMBER, True, "is true or false, not a number"),
        (K.NUMBER, [12], "is a list, not a number"),
        (K.DATE, "2024-09-30T00:00:00Z", "not a day"),
        (K.DATE, "2024-09-30|2024-10-02", "not a day"),
        (K.DATE, 20240930, "is a number, not a day"),
        (K.DATE_TIME, "2016-09-15T07:00:00", "say with zone="),
        (K.DATE_TIME, "tomorrow", "not a moment"),
        (K.DATE_RANGE, "2024-09-30", "vertical bar"),
        (K.DATE_RANGE, "2024-09-30|2024-10-02|2024-10-03", "vertical bar"),
        (K.DATE_RANGE, "soon|later", "not a moment"),
        (K.LIST, "High", "is a text, not a list of texts"),
        (K.LIST, ["High", 3], "not a list of texts"),
        (K.LINKS, "", "id of a record"),
        (K.LINKS, "Acme & Sons", "id of a record"),
        (K.LINKS, '["i59adb"', "neither an id nor JSON"),
        (K.LINKS, {"value": "Acme"}, "has null where the id"),
        (K.LINKS, [["i59adb"]], "has a list where the id"),
        (K.LINKS, 12, "has a number where the id"),
        (K.YES_NO, "true", "is a text, not true or false"),
        (K.YES_NO, 1, "is a number, not true or false"),
        (K.AUTO_NUMBER, True, "not a whole number"),
        (K.STAMP, "yesterday", "not a moment"),
    ],
)
def test_what_does_not_fit_is_told_without_its_content(kind: ValueKind, raw: Any, why: str) -> None:
    with pytest.raises(MisfitError, match=why) as caught:
        read_value(raw, kind, AS_IT_IS)
    for content in ("Acme", "Sons", "tomorrow", "yesterday", "High"):
        assert content not in str(caught.value)


def test_numbers_come_out_of_texts_only_where_asked() -> None:
    asked = Reading(numbers_from_text=True)
    assert [read_value(text, K.NUMBER, asked) for text in ("12", "-0.5")] == [12, -0.5]
    for text in ("1,200", "12 €", "1e5", "", "٣", "nan"):
        with pytest.raises(MisfitError):
            read_value(text, K.NUMBER, asked)


def test_a_zone_is_taken_where_it_is_said() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    seen = read_value("2016-09-15T07:00:00", K.DATE_TIME, Reading(zone=berlin))
    assert seen == datetime(2016, 9, 15, 5, tzinfo=UTC)
    stamp = read_value("2023-09-23T20:07:12", K.STAMP, Reading(stamp_zone=berlin))
    assert stamp == datetime(2023, 9, 23, 18, 7, 12, tzinfo=UTC)


def test_a_record_is_read_by_its_apps_schema() -> None:
    raw = {
        "id": "i59adb",
        "title": "Start",
        "priority": ["High"],
        "due_date": None,
        "budget": "12",
        "price": "12,50 €",
        "stranger": ["?"],
        "created": "2023-09-23T20:07:12",
        "created_by": ["John Doe"],
    }
    task = AppValues(TASKS).read(raw)
    assert task.id == "i59adb"
    assert task.values == {
        "id": "i59adb",
        "title": "Start",
        "priority": ("High",),
        "due_date": None,
        "budget": "12",
        "price": "12,50 €",
        "stranger": ["?"],
        "created": datetime(2023, 9, 23, 20, 7, 12, tzinfo=UTC),
        "created_by": ("John Doe",),
    }
    assert [problem.field_id for problem in task.misfits] == ["budget"]
    assert task.raw is raw
    assert raw["created"] == "2023-09-23T20:07:12"
    assert "approved" not in task.values


def test_strict_reading_names_every_misfit() -> None:
    with pytest.raises(UnfitValuesError) as caught:
        AppValues(TASKS, strict=True).read({"id": "i", "budget": "12", "approved": "no"})
    assert [problem.field_id for problem in caught.value.problems] == ["budget", "approved"]
    assert str(caught.value.problems[1]) == "approved: is a text, not true or false"


def test_kinds_can_be_told_by_type_and_by_field() -> None:
    kinds = FieldKinds(by_type={"currency": K.NUMBER}, by_field={"total": K.DATE, "stranger": K.LIST})
    raw = {"id": "i", "price": 12.5, "total": "2024-09-30", "stranger": ["a"]}
    assert AppValues(TASKS, kinds).read(raw).values == {
        "id": "i",
        "price": 12.5,
        "total": date(2024, 9, 30),
        "stranger": ("a",),
    }


def test_stamps_are_stamps_also_where_a_schema_lists_them() -> None:
    app = app_with({"id": "created", "type": "date_time"}, {"id": "last_modified", "type": "text"})
    assert FieldKinds().of("created", app) is K.STAMP
    assert FieldKinds().of("last_modified", app) is K.TEXT


def test_the_types_on_the_page_are_known() -> None:
    assert {"text", "web_url", "date", "list", "user_link"} <= set(KINDS_BY_TYPE)


@pytest.mark.parametrize(
    ("kind", "value", "wire"),
    [
        (K.LIST, "High", ["High"]),
        (K.LIST, ("High", "Low"), ["High", "Low"]),
        (K.NUMBER, Decimal("12.50"), 12.5),
        (K.NUMBER, Decimal("1E+2"), 100),
        (K.DATE, "2024-09-30", "2024-09-30"),
        (K.DATE_TIME, "2016-09-15T07:00:00-05:00", "2016-09-15T07:00:00-0500"),
        (K.DATE_RANGE, (None, date(2024, 10, 2)), "|2024-10-02"),
        (K.DATE_RANGE, "2024-09-30 | 2024-10-02", "2024-09-30|2024-10-02"),
        (K.LINKS, {"id": "i59adb", "title": "Acme"}, ["i59adb"]),
        (K.FILES, [FileInfo(id="if330"), "if331"], ["if330", "if331"]),
        (K.RAW, {"amount": 12}, {"amount": 12}),
        (K.TEXT, None, None),
    ],
)
def test_values_are_written_as_the_api_takes_them(kind: ValueKind, value: Any, wire: Any) -> None:
    assert write_value(value, kind, ANY_FIELD) == wire


@pytest.mark.parametrize(
    ("kind", "value", "why"),
    [
        (K.TEXT, 12, "not a text"),
        (K.NUMBER, True, "not a number"),
        (K.NUMBER, float("nan"), "not a number"),
        (K.NUMBER, Decimal("0.12345678901234567890"), "more digits"),
        (K.NUMBER, Decimal("1e999999"), "no number that JSON"),
        (K.NUMBER, "12", "not a number"),
        (K.DATE, datetime(2024, 9, 30, tzinfo=UTC), "pass a date"),
        (K.DATE, "30.09.2024", "not a day"),
        (K.DATE_TIME, datetime(2024, 9, 30), "no time zone"),  # noqa: DTZ001  that is the case here
        (K.DATE_TIME, "soon", "not a day"),
        (K.DATE_RANGE, (date(2024, 9, 30),), "not a DateRange"),
        (K.DATE_RANGE, 5, "not a DateRange"),
        (K.LIST, 5, "not a text"),
        (K.LINKS, "Acme & Sons", "not an id"),
        (K.YES_NO, "yes", "not True or False"),
        (K.YES_NO, 1, "not True or False"),
        (K.COMPUTED, 5, "Fusioo sets it"),
        (K.STAMP, None, "Fusioo sets it"),
        (K.RAW, Decimal(5), "not JSON"),
    ],
)
def test_what_can_not_be_written_is_refused(kind: ValueKind, value: Any, why: str) -> None:
    with pytest.raises(MisfitError, match=why):
        write_value(value, kind, ANY_FIELD)


def test_a_naive_moment_is_written_in_the_zone_that_was_said() -> None:
    values = AppValues(TASKS, reading=Reading(zone=ZoneInfo("Europe/Berlin")))
    naive = datetime(2024, 9, 30, 7)  # noqa: DTZ001  that is the case here
    assert values.write({"starts": naive}) == {"starts": "2024-09-30T07:00:00+0200"}


def test_everything_that_can_not_be_written_is_named_at_once() -> None:
    with pytest.raises(UnfitValuesError) as caught:
        AppValues(TASKS).write(
            {
                "title": "",
                "priority": ["low", "High"],
                "priorty": "High",
                "number": 5,
                "total": 1,
                "team": ["John Do"],
            }
        )
    assert caught.value.problems == (
        Problem("title", "is required and can't be empty"),
        Problem("priority", "takes one value, not 2"),
        Problem("priorty", "is not a field of Tasks that the token may see, did you mean 'priority'?"),
        Problem("number", "can't be set, its field is read-only for the token"),
        Problem("total", "can't be set, Fusioo sets it"),
        Problem("team", "'John Do' is not one of its options, did you mean 'John Doe'?"),
    )


def test_an_option_must_be_one_of_the_fields() -> None:
    with pytest.raises(UnfitValuesError, match="did you mean 'Critical'"):
        AppValues(TASKS).write({"priority": "critical"})
    assert AppValues(TASKS).write({"priority": "Critical"}) == {"priority": ["Critical"]}


def test_creating_asks_for_what_is_required() -> None:
    app = app_with(
        {"id": "title", "type": "text", "is_required": True},
        {"id": "status", "type": "list", "is_required": True, "options": {"default": "To do"}},
        {"id": "number", "type": "auto_number", "is_required": True, "can_update": False},
    )
    with pytest.raises(UnfitValuesError) as caught:
        AppValues(app).write({}, creating=True)
    assert caught.value.problems == (Problem("title", "is required"),)
    assert AppValues(app).write({}) == {}
    assert AppValues(app).write({"title": "A"}, creating=True) == {"title": "A"}


IDS = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
WHOLE_SECONDS = st.datetimes(timezones=OFFSETS).map(lambda moment: moment.replace(microsecond=0))
SIDES = st.none() | st.dates() | WHOLE_SECONDS
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
PAIRS = st.one_of(
    st.tuples(st.just(K.TEXT), st.text()),
    st.tuples(st.just(K.NUMBER), st.integers() | st.floats(allow_nan=False, allow_infinity=False)),
    st.tuples(st.just(K.DATE), st.dates()),
    st.tuples(st.just(K.DATE_TIME), st.dates() | WHOLE_SECONDS),
    st.tuples(st.just(K.DATE_RANGE), st.builds(DateRange, SIDES, SIDES)),
    st.tuples(st.just(K.LIST), st.lists(st.text()).map(tuple)),
    st.tuples(st.just(K.NAMES), st.lists(st.text()).map(tuple)),
    st.tuples(st.just(K.LINKS), st.lists(IDS).map(tuple)),
    st.tuples(st.just(K.FILES), st.lists(IDS).map(tuple)),
    st.tuples(st.just(K.YES_NO), st.booleans()),
    st.tuples(st.just(K.RAW), JSON_VALUES),
)


@given(PAIRS)
def test_what_is_written_reads_back(pair: tuple[ValueKind, Any]) -> None:
    kind, value = pair
    assert read_value(write_value(value, kind, ANY_FIELD), kind, AS_IT_IS) == value


@given(st.sampled_from(sorted(ValueKind)), JSON_VALUES)
def test_every_json_value_is_read_or_kept_with_a_reason(kind: ValueKind, raw: Any) -> None:
    values = AppValues(TASKS, FieldKinds(by_field={"it": kind}))
    task = values.read({"id": "i", "it": raw})
    if task.misfits:
        assert task.values["it"] is raw
    else:
        assert task.values["it"] == read_value(raw, kind, AS_IT_IS)
    assert "it" in task.values


@given(st.sampled_from([K.LIST, K.NAMES, K.FILES, K.DATE, K.YES_NO, K.TEXT, K.RAW]), JSON_VALUES)
def test_what_was_read_is_written_as_it_came(kind: ValueKind, raw: Any) -> None:
    try:
        value = read_value(raw, kind, AS_IT_IS)
        written = write_value(value, kind, ANY_FIELD)
    except MisfitError:
        return
    assert written == raw
