"""What one user sees of an app's records, in one version of the API."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from service.dev.simulators.fusioo.access import User
from service.dev.simulators.fusioo.filters import checks_of
from service.dev.simulators.fusioo.listing import Listing
from service.dev.simulators.fusioo.presenting import present
from service.dev.simulators.fusioo.records import Record, Version
from service.dev.simulators.fusioo.schema import App, FieldType
from service.dev.simulators.fusioo.state import FusiooState

FIRST_WITH_FILES = 3
"""The version of the API that brought file fields, files, discussions, comments and users (overview page)."""


class View:
    """Reads go through here; what a read shows may lag behind (`state.seen`)."""

    def __init__(self, state: FusiooState, user: User, app: App, version: int = FIRST_WITH_FILES) -> None:
        self._state, self._user, self.app = state, user, app
        files = () if version >= FIRST_WITH_FILES else app.fields_of(FieldType.FILE)
        self.hidden = user.fields_hidden_in(app.id) | {field.id for field in files}

    def show(self, record: Record, version: Version) -> dict[str, Any]:
        """Show a record without what is hidden."""
        shown = present(self.app, record.to_json(version), self._state.settings)
        if not self.hidden:
            return shown
        return {field_id: value for field_id, value in shown.items() if field_id not in self.hidden}

    def count(self, body: Mapping[str, Any] | None = None) -> int:
        """Count the records that are not deleted and fit the filter."""
        if not body and self._is_plain:
            return self._state.records.count(self.app.id)
        return sum(1 for _ in self._fitting(self._state.records.of_app(self.app.id), body or {}))

    def page(self, listing: Listing, *, include_deleted: bool) -> list[dict[str, Any]]:
        """Cut a page out of all records."""
        store = self._state.records
        if not self._is_plain:
            return self._arranged(
                listing, self._seen(store.of_app(self.app.id), include_deleted=include_deleted)
            )
        records = store.page(
            self.app.id,
            listing.sort_by,
            listing.offset,
            listing.limit,
            descending=listing.descending,
            include_deleted=include_deleted,
        )
        return [self.show(record, record.now) for record in records]

    def filtered_page(
        self, listing: Listing, body: Mapping[str, Any], ids: Iterable[str] | None
    ) -> list[dict[str, Any]]:
        """Cut a page out of the records that fit the filter, and are among `ids` where they are given."""
        store = self._state.records
        if self._is_plain and ids is None:
            records = store.in_order(self.app.id, listing.sort_by, descending=listing.descending)
            chosen = islice(self._fitting(records, body), listing.offset, listing.offset + listing.limit)
            return [self.show(record, version) for record, version in chosen]
        records = store.of_app(self.app.id) if ids is None else self._among(ids)
        return self._arranged(listing, self._fitting(records, body))

    def found(self, ids: Iterable[str], body: Mapping[str, Any]) -> set[str]:
        """Say which of these records are there for this user, and fit the filter."""
        return {record.id for record, _ in self._fitting(self._among(ids), body)}

    def _arranged(self, listing: Listing, seen: Iterable[tuple[Record, Version]]) -> list[dict[str, Any]]:
        page = listing.arrange(seen, lambda pair: pair[0].value(pair[1], listing.sort_by))
        return [self.show(record, version) for record, version in page]

    @property
    def _is_plain(self) -> bool:
        """Whether all records are seen, each as it is now: then a page costs only what it shows."""
        reads = self._state.faults.reads
        return not (self._user.hidden_records or reads.stale_seconds or reads.absent_seconds)

    def _among(self, ids: Iterable[str]) -> list[Record]:
        found = (self._state.records.by_id.get(record_id) for record_id in dict.fromkeys(ids))
        return [record for record in found if record is not None and record.app_id == self.app.id]

    def _seen(
        self, records: Iterable[Record], *, include_deleted: bool = False
    ) -> Iterator[tuple[Record, Version]]:
        version_of = self._now if self._is_plain else self._lagging
        for record in records:
            version = version_of(record)
            if version is not None and (include_deleted or not version.deleted):
                yield record, version

    def _now(self, record: Record) -> Version:
        return record.now

    def _lagging(self, record: Record) -> Version | None:
        return None if record.id in self._user.hidden_records else self._state.seen(record)

    def _fitting(
        self, records: Iterable[Record], body: Mapping[str, Any]
    ) -> Iterator[tuple[Record, Version]]:
        checks = checks_of(self.app, body, self._state.clock())
        for record, version in self._seen(records):
            if all(check(record.value(version, field_id)) for field_id, check in checks):
                yield record, version
