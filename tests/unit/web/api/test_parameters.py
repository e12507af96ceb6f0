"""What requests ask, read and checked."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.web.api.parameters import MOST, WrongParameterError, parse
from service.web.api.runs import RunQuery, RunsQuery

RUN = "01980c2e-7f3a-7c11-9d55-2b6f0a4c8e21"


def asked(**given: str) -> RunsQuery:
    return parse(RunsQuery, {}, given.items())


def test_nothing_asks_for_everything() -> None:
    query = asked()
    assert (query.limit, query.status, query.cursor) == (50, None, None)


def test_what_is_asked_is_read() -> None:
    query = asked(limit=str(MOST), status="dead", change=RUN, since="2h", until="2026-11-22")
    assert (query.limit, query.status, str(query.change)) == (MOST, "dead", RUN)
    assert query.since == timedelta(hours=2)
    assert query.until == datetime(2026, 11, 22, tzinfo=UTC)


def test_a_parameter_of_the_path_is_no_other() -> None:
    assert str(parse(RunQuery, {"id": RUN}, []).id) == RUN
    with pytest.raises(WrongParameterError, match=r"^id: is no parameter here; there is none$"):
        parse(RunQuery, {"id": RUN}, [("id", RUN)])


def test_what_is_meant_is_suggested() -> None:
    with pytest.raises(WrongParameterError, match=r"did you mean handler\?") as caught:
        asked(handlr="ops")
    assert caught.value.parameter == "handlr"


def read(given: dict[str, str]) -> tuple[RunsQuery | None, WrongParameterError | None]:
    try:
        return asked(**given), None
    except WrongParameterError as error:
        return None, error


@given(st.dictionaries(st.sampled_from([*RunsQuery.model_fields, "other"]), st.text(), max_size=3))
def test_anything_is_read_or_refused_by_name(given: dict[str, str]) -> None:
    query, refused = read(given)
    if refused is not None:
        assert refused.parameter in given
        assert str(refused).startswith(f"{refused.parameter}: ")
    else:
        assert query is not None
        assert query.model_fields_set == given.keys()
        assert all("\x00" not in text for text in given.values())
