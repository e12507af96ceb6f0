"""Where a page ends, and the next begins."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.web.api.pages import Page, page_of, whole
from service.web.api.parameters import WrongParameterError, parse
from service.web.api.registrations import RegistrationsQuery
from service.web.api.runs import RunsQuery

MOMENTS = st.datetimes(timezones=st.just(UTC))


@given(MOMENTS, st.uuids())
def test_a_cursor_is_read_as_it_was_written(moment: datetime, run_id: UUID) -> None:
    page = page_of(["a", "b"], RunsQuery(limit=1), lambda _: (moment, run_id))
    assert page.items == ["a"]
    assert page.next is not None
    assert parse(RunsQuery, {}, [("cursor", page.next)]).cursor == (moment, run_id)


@given(st.text(min_size=1, alphabet=st.characters(exclude_characters="\x00", codec="utf-8"), max_size=500))
def test_a_cursor_of_texts_too(text: str) -> None:
    place = (text, text, "", UUID(int=1))
    page = page_of([1, 2], RegistrationsQuery(limit=1), lambda _: place)
    assert page.next is not None
    assert page.next.isascii()
    assert parse(RegistrationsQuery, {}, [("cursor", page.next)]).cursor == place


@pytest.mark.parametrize("found", [[], [1], [1, 2]])
def test_what_fits_has_no_next_page(found: list[int]) -> None:
    assert page_of(found, RunsQuery(limit=2), lambda _: ()) == whole(found) == Page(found, None)


@given(st.text())
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(WrongParameterError, match=r"^cursor: "):
        parse(RunsQuery, {}, [("cursor", text)])
