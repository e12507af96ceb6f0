"""The options of list calls: `sort_by`, `order`, `offset`, `limit`, `ids`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.dev.simulators.fusioo.envelope import Code, RefusedCallError, invalid
from service.dev.simulators.fusioo.page_lengths import page_length
from service.dev.simulators.fusioo.schema import UNSORTABLE, App
from service.dev.simulators.fusioo.settings import FusiooSettings


@dataclass(frozen=True)
class Listing:
    """Which part of the rows is asked for, and in which order."""

    sort_by: str
    descending: bool
    offset: int
    limit: int

    def arrange(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Sort the rows (empty values first, equal ones as they came) and cut the page out."""
        ordered = sorted(rows, key=self._key, reverse=self.descending)
        return ordered[self.offset : self.offset + self.limit]

    def _key(self, row: Mapping[str, Any]) -> tuple[bool, Any]:
        value = row.get(self.sort_by)
        if isinstance(value, list):
            value = tuple(member.casefold() for member in value)
        elif isinstance(value, str):
            value = value.casefold()
        return (value is not None, value if value is not None else 0)


def parse_listing(
    app: App, query: Mapping[str, str], hidden: frozenset[str], settings: FusiooSettings
) -> Listing:
    """Read the options of a list call. Raises RefusedCallError with the documented code."""
    return Listing(
        sort_by=_sort_field(app, query.get("sort_by", ""), hidden),
        descending=_direction(query.get("order", "asc")) == "desc",
        offset=_offset(query.get("offset", "0")),
        limit=page_length(settings, query.get("limit")),
    )


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
