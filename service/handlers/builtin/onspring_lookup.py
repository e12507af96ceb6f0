"""Which app, field and record of an Onspring account a handler's options mean."""

import json
from collections.abc import Mapping
from functools import reduce
from operator import and_
from typing import Any

from service.errors import NotFoundError, RefusedError
from service.handlers.templates import Templates
from service.handlers.types import Discard, Retry
from service.onspring.client import OnspringClient
from service.onspring.definitions import Definitions
from service.onspring.errors import NoSuchThingError
from service.onspring.filters import Filter
from service.onspring.filters import field as where
from service.onspring.models import AppField, Record
from service.rules.problems import nearest

_WITH_FILES = frozenset({"Attachment", "Image"})
_NUMBERS = frozenset({"Number", "AutoNumber", "Reference"})


class Target:
    """A record of an app, by its id (`record`) or by the values of some fields (`key`)."""

    def __init__(
        self, account: str, app: str, *, record: Templates | None = None, key: Templates | None = None
    ) -> None:
        """`app`: its id, or its exact name, which costs a call in each process."""
        self.account, self._app = account, app
        self._record, self._key = record, key
        self._definitions = Definitions()
        self._app_id = int(app) if app.isdecimal() else None

    async def app_id(self, client: OnspringClient) -> int:
        """Give the app's id. Raises NotFoundError, RefusedError for a name that several apps have."""
        if self._app_id is None:
            apps = [app async for app in client.apps.walk()]
            found = [app.id for app in apps if app.name == self._app]
            if len(found) > 1:
                raise RefusedError(
                    f"{len(found)} apps are called {self._app!r}; write the id of one: {found}"
                )
            if not found:
                close = nearest(self._app, [app.name for app in apps])
                raise NotFoundError(f"the key sees no app {self._app!r}" + (f"; {close}" if close else ""))
            self._app_id = found[0]
        return self._app_id

    async def field(self, client: OnspringClient, reference: str) -> AppField:
        """Give a field by its id or exact name. Raises NotFoundError, and what the client raises."""
        app_id = await self.app_id(client)
        known = await self._definitions.of(client, app_id)
        if (found := known.find(reference)) is not None:
            return found
        known = await self._definitions.of(client, app_id, anew=True)
        if (found := known.find(reference)) is not None:
            return found
        close = nearest(reference, [field.name for field in known.by_id.values()])
        message = f"app {self._app} has no field of the id or (one only) exact name {reference!r}"
        raise NotFoundError(message + (f"; {close}" if close else ""))

    async def file_field(self, client: OnspringClient, reference: str) -> AppField:
        """Give a field that holds files. Raises RefusedError for another, and as `field` does."""
        found = await self.field(client, reference)
        if found.type not in _WITH_FILES:
            raise RefusedError(
                f"field {reference!r} of app {self._app} holds no files, but is a {found.type}"
            )
        return found

    async def record(self, client: OnspringClient, values: Mapping[str, Any], *, showing: int) -> Record:
        """Give the record that the templates mean, with one of its fields.

        Raises Discard where `record` gives none or one that is not there, Retry where none has the `key` yet,
        RefusedError where several have it, TemplateFailedError, and what the client raises.
        """
        app_id = await self.app_id(client)
        if self._key is None:
            record_id = None if self._record is None else self._record.render(values)
            return await self._by_id(client, app_id, record_id, showing)
        key = self._key.render(values)
        conditions = [_condition(await self.field(client, name), value) for name, value in key.items()]
        page = await client.records.query(
            app_id, reduce(and_, conditions), page_size=2, field_ids=[showing], data_format="Raw"
        )
        if len(page.items) > 1:
            raise RefusedError(f"several records of app {self._app} have the key {_written(key)}")
        if not page.items:
            raise Retry(reason=f"no record of app {self._app} has the key {_written(key)} yet")
        return page.items[0]

    async def _by_id(self, client: OnspringClient, app_id: int, given: Any, showing: int) -> Record:
        if given in (None, "", []):
            raise Discard("`record` gives nothing")
        text = str(given[0] if isinstance(given, list) and len(given) == 1 else given).strip()
        if not (text.isdecimal() and text.isascii() and int(text)):
            raise RefusedError("`record` gives what is no id of a record of Onspring: those are numbers")
        try:
            return await client.records.get(app_id, int(text), field_ids=[showing], data_format="Raw")
        except NoSuchThingError as error:
            raise Discard(str(error)) from error


def _condition(field: AppField, value: Any) -> Filter:
    """Ask for the records whose field has a value. Raises RefusedError for nothing, and for several."""
    one = value[0] if isinstance(value, list) and len(value) == 1 else value
    if one in (None, "", []) or isinstance(one, list | dict | bool):
        raise RefusedError(f"`key.{field.name}` gives nothing to look for, or several values")
    if field.type == "List":
        return where(field.id).contains(str(one))
    if field.type in _NUMBERS:
        try:
            return where(field.id).eq(int(str(one)))
        except ValueError:
            raise RefusedError(f"`key.{field.name}` gives no whole number") from None
    return where(field.id).eq(str(one))


def _written(key: Mapping[str, Any]) -> str:
    return json.dumps(key, ensure_ascii=False)
