"""Shows records as the relay keeps them, with an app's fields as they are remembered for the account."""

from collections.abc import Collection, Mapping
from typing import Any

from service.onspring.client import OnspringClient
from service.onspring.definitions import AppFields, Definitions
from service.onspring.errors import about_app
from service.onspring.models import Record
from service.onspring.presenting import as_shown, names_guids, present, unknown_in, untold_in
from service.onspring.stamps import stamp_fields


class Presenter:
    """Of one account in one process; whoever uses it says with which client fields are asked for."""

    def __init__(self, definitions: Definitions, stamps: Mapping[str, str]) -> None:
        """`stamps`: the id or exact name of the field that holds each stamp, by the relay's word for it."""
        self._definitions, self._stamps = definitions, stamps
        self._unknown: dict[int, frozenset[str]] = {}

    async def fields(self, client: OnspringClient, app_id: int) -> AppFields:
        """Give an app's fields, asked for where they are not remembered, or for too long.

        Raises AppAccessDeniedError, NoSuchAppError, and what else the client raises.
        """
        with about_app():
            return await self._definitions.of(client, app_id)

    async def present(
        self, client: OnspringClient, app_id: int, records: Collection[Record]
    ) -> dict[int, dict[str, Any]]:
        """Show records of an app (onspring/presenting.py), by their ids; raises as `fields` does.

        A field or a list's value that is not remembered lets the fields be asked for anew, once: a value that
        they do not tell of even then stays a GUID.
        """
        fields = await self.fields(client, app_id)
        unknown = self._unknown.get(app_id, frozenset())
        if unknown_in(records, fields) - unknown:
            self._definitions.outdate(app_id)  # where no call is left now, the next look begins with them
            fields = await self.fields(client, app_id)
            self._unknown[app_id] = unknown | unknown_in(records, fields)
        stamps = stamp_fields(fields, self._stamps)
        return {record.record_id: present(record, fields, stamps) for record in records}

    def words(self, fields: AppFields) -> dict[int, str]:
        """Give what the relay calls each field of an app, by field id: stamps by its words, others by ids."""
        stamps = stamp_fields(fields, self._stamps)
        return {field_id: stamps.get(field_id, str(field_id)) for field_id in fields.by_id}

    def reference(self, word: str) -> str:
        """Give the id or exact name by which the account's settings call the field of one stamp."""
        return self._stamps[word]

    async def as_shown(
        self, client: OnspringClient, app_id: int, written: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Show what is written to a record as it will be read.

        Asks for the app's fields only where these must tell what a GUID means. Raises as `fields` does.
        """
        fields = self._definitions.known(app_id)
        if fields is None and not names_guids(written):
            return written
        if fields is None or untold_in(written, fields):
            self._definitions.outdate(app_id)
            fields = await self.fields(client, app_id)
        return as_shown(written, fields)
