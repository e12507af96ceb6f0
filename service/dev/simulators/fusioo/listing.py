"""The options of list calls: `sort_by`, `order`, `offset`, `limit`, `ids`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from service.dev.simulators.fusioo.envelope import Code, RefusedCallError, invalid
from service.dev.simulators.fusioo.ordering import sort_key
from service.dev.simulators.fusioo.page_lengths import page_length
from service.dev.simulators.fusioo.schema import UNSORTABLE, App
from service.dev.simulators.fusioo.settings import FusiooSettings

_FIRST_WITH_OFFSETS_FROM_ZERO = 3
_Row = TypeVar("_Row")


@dataclass(frozen=True)
class Page:
    """Which part of the rows is asked for, and in which direction."""

    descending: bool
    offset: int
    limit: int

    def cut(self, ordered: Sequence[_Row]) -> list[_Row]:
        """Turn rows in rising order as asked for, and cut the page out."""
        turned = ordered[::-1] if self.descending else ordered
        return list(turned[self.offset : self.offset + self.limit])


@dataclass(frozen=True)
class Listing:
    """A page of records in the order of a field."""

    sort_by: str
    descending: bool
    offset: int
    limit: int

    def arrange(self, rows: Iterable[_Row], value_of: Callable[[_Row], Any]) -> list[_Row]:
        """Sort the rows by a value (empty ones first, equal ones as they came) and cut the page out."""
        ordered = sorted(rows, key=lambda row: sort_key(value_of(row)))
        return Page(self.descending, self.offset, self.limit).cut(ordered)


def parse_listing(
    app: App,
    query: Mapping[str, str],
    hidden: frozenset[str],
    settings: FusiooSettings,
    version: int = _FIRST_WITH_OFFSETS_FROM_ZERO,
) -> Listing:
    """Read the options of a list call. Raises RefusedCallError with the documented code."""
    sort_by = _sort_field(app, query.get("sort_by", ""), hidden)
    page = parse_page(query, settings, version)
    return Listing(sort_by, page.descending, page.offset, page.limit)


def parse_page(query: Mapping[str, str], settings: FusiooSettings, version: int) -> Page:
    """Read direction, offset and limit. Raises RefusedCallError with the documented code."""
    descending = _direction(query.get("order", "asc")) == "desc"
    offset = _offset(query.get("offset", "0"))
    if version < _FIRST_WITH_OFFSETS_FROM_ZERO:
        # "If you used 5 as offset, the list would start from the 5th object" (overview page).
        offset = max(offset - 1, 0)
    return Page(descending, offset, page_length(settings, query.get("limit")))


def parse_ids(text: str) -> list[str]:
    """Read `?ids=[a,b,c]`. Raises RefusedCallError without the brackets."""
    if not (text.startswith("[") and text.endswith("]")):
        raise invalid([{"field": "ids", "message": "ids must look like [record1_id, record2_id]"}])
    return [part.strip() for part in text[1:-1].split(",") if part.strip()]


def _sort_field(app: App, field_id: str, hidden: frozenset[str]) -> str:
    if not field_id:
        return app.key_field.id
    field = app.field(field_id)
    if field is None:
        raise RefusedCallError(Code.SORT_FIELD_UNKNOWN)
    if field_id in hidden:
        raise RefusedCallError(Code.SORT_FIELD_DENIED)
    if field.type in UNSORTABLE:
        raise RefusedCallError(Code.SORT_FIELD_UNSORTABLE)
    return field_id


def _direction(order: str) -> str:
    if order not in {"asc", "desc"}:
        raise RefusedCallError(Code.SORT_DIRECTION_INVALID)
    return order


def _offset(text: str) -> int:
    if not text.isdecimal():
        raise RefusedCallError(Code.OFFSET_INVALID)
    return int(text)
