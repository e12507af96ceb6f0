"""Rows from any place of a list that is known by numbered pages only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.onspring.aligned import AlignedRows, page_at
from service.onspring.errors import DataTooLargeError
from service.onspring.models import Page, Record


class List:
    """A list of so many records, as the API pages it."""

    def __init__(self, length: int, *, too_large: int = 1000, gives: int = 1000, tells: bool = True) -> None:
        self.ids = list(range(1, length + 1))
        self.too_large, self.gives, self.tells = too_large, gives, tells
        self.asked: list[tuple[int, int]] = []

    async def page(self, number: int, size: int) -> Page[Record]:
        self.asked.append((number, size))
        if size > self.too_large:
            raise DataTooLargeError(endpoint="GET /Records")
        size = min(size, self.gives)
        shown = self.ids[(number - 1) * size : number * size]
        return Page(
            page_size=size,
            total_records=len(self.ids) if self.tells else None,
            items=tuple(Record(record_id=one) for one in shown),
        )


def ids(records: list[Record]) -> list[int]:
    return [record.record_id for record in records]


@given(offset=st.integers(0, 200_000), largest=st.integers(1, 1000))
def test_a_page_shows_its_first_row_and_much_behind_it(offset: int, largest: int) -> None:
    number, size = page_at(offset, largest)
    begin, end = (number - 1) * size, number * size
    assert 1 <= size <= largest
    assert begin <= offset
    assert end - offset > largest * 2 / 5


@pytest.mark.parametrize(
    ("offset", "page"), [(0, (1, 1000)), (990, (2, 990)), (1000, (2, 1000)), (1970, (3, 985))]
)
def test_pages_that_overlap_a_little_are_almost_as_large_as_they_may_be(
    offset: int, page: tuple[int, int]
) -> None:
    assert page_at(offset, 1000) == page


@given(
    length=st.integers(0, 4000),
    offset=st.integers(0, 4200),
    fewest=st.integers(1, 300),
    too_large=st.integers(1, 1000),
    gives=st.integers(1, 1000),
    tells=st.booleans(),
)
async def test_rows_are_those_from_the_offset_on_and_few_only_at_the_end(  # noqa: PLR0917  hypothesis names them
    length: int, offset: int, fewest: int, too_large: int, gives: int, tells: bool
) -> None:
    provider = List(length, too_large=too_large, gives=gives, tells=tells)
    found = ids(await AlignedRows(provider.page).rows(offset, fewest))
    assert found == provider.ids[offset : offset + len(found)]
    assert len(found) >= min(fewest, max(0, length - offset))


async def test_what_was_too_large_is_not_tried_again() -> None:
    provider = List(2000, too_large=300)
    rows = AlignedRows(provider.page)
    await rows.rows(0, 200)
    await rows.rows(240, 200)
    assert (len(provider.asked), rows.calls, rows.total) == (4, 4, 2000)
    assert [size for _, size in provider.asked] == [1000, 500, 250, 240]


async def test_one_row_that_is_too_large_is_an_error() -> None:
    with pytest.raises(DataTooLargeError):
        await AlignedRows(List(3, too_large=0).page).rows(0, 1)
