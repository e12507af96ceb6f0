"""Orders of an app's records by one field, kept while records are written: a page costs what it shows."""

from bisect import bisect_left, insort
from collections.abc import Iterable
from typing import Any

from service.dev.simulators.fusioo.records import Record

Place = tuple[tuple[int, Any], int]
"""Where a record stands: the key of its value, and its number among those with an equal value."""


def sort_key(value: Any) -> tuple[int, Any]:
    """Make values of one field comparable, whatever their types: empty ones first, texts without case."""
    match value:
        case None:
            return 0, 0
        case bool() | int() | float():
            return 1, value
        case str():
            return 2, value.casefold()
        case list():
            return 3, tuple(str(member).casefold() for member in value)
        case _:
            return 4, repr(value)


class Order:
    """The records of one app by one field; equal ones in the order in which they were made."""

    def __init__(self, field_id: str, records: list[Record]) -> None:
        self._field_id = field_id
        self._places = {record.id: self._place(record) for record in records}
        self._entries = sorted((self._places[record.id], record) for record in records)

    def page(self, offset: int, limit: int, *, descending: bool) -> list[Record]:
        """Cut out one page."""
        if descending:
            end = max(len(self._entries) - offset, 0)
            chosen = self._entries[max(end - limit, 0) : end][::-1]
        else:
            chosen = self._entries[offset : offset + limit]
        return [record for _, record in chosen]

    def all(self, *, descending: bool) -> list[Record]:
        """List all of them."""
        return self.page(0, len(self._entries), descending=descending)

    def put(self, record: Record) -> None:
        """Take a record in, or move it to its new place."""
        place = self._place(record)
        if self._places.get(record.id) == place:
            return
        self.remove(record)
        self._places[record.id] = place
        insort(self._entries, (place, record))

    def remove(self, record: Record) -> None:
        """Leave a record out; one that is not there is no error."""
        place = self._places.pop(record.id, None)
        if place is not None:
            del self._entries[bisect_left(self._entries, place, key=lambda entry: entry[0])]

    def _place(self, record: Record) -> Place:
        return sort_key(record.value(record.now, self._field_id)), record.number


class Orders:
    """The orders that somebody has asked for, by app and field, with and without the deleted records."""

    def __init__(self) -> None:
        self._orders: dict[tuple[str, str, bool], Order] = {}

    def get(self, app_id: str, field_id: str, records: Iterable[Record], *, include_deleted: bool) -> Order:
        """Find the order, or make it of an app's `records`."""
        key = (app_id, field_id, include_deleted)
        if key not in self._orders:
            chosen = [record for record in records if include_deleted or not record.now.deleted]
            self._orders[key] = Order(field_id, chosen)
        return self._orders[key]

    def put(self, record: Record) -> None:
        """Note that a record was written."""
        for (app_id, _, include_deleted), order in self._orders.items():
            if app_id == record.app_id:
                if record.now.deleted and not include_deleted:
                    order.remove(record)
                else:
                    order.put(record)

    def purge(self, record: Record) -> None:
        """Note that a record is gone for good."""
        for (app_id, _, _), order in self._orders.items():
            if app_id == record.app_id:
                order.remove(record)

    def forget(self, app_id: str) -> None:
        """Drop the orders of an app; they are made again when somebody asks."""
        self._orders = {key: order for key, order in self._orders.items() if key[0] != app_id}
