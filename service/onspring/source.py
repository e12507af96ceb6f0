"""What settle needs of Onspring: the present state of some records."""

from collections.abc import Collection, Sequence
from typing import Any, Never

from service.changes.types import Answer
from service.errors import UnsortableError
from service.onspring.client import OnspringClient
from service.onspring.endpoints import GET_RECORD, GET_RECORDS
from service.onspring.errors import AccessDeniedError, NoSuchThingError, UnreadableAnswerError, about_app
from service.onspring.ids import app_number, number_in
from service.onspring.models import ReferenceField
from service.onspring.presenter import Presenter


class OnspringSource:
    """The records of one account. Each look may take one call more, for the app's fields."""

    def __init__(self, client: OnspringClient, presenter: Presenter) -> None:
        self._client, self._presenter = client, presenter

    async def fetch_many(self, app_id: str, ids: Sequence[str]) -> Answer:
        """Look at up to 100 records of an app with one call. Nobody is `hidden` here.

        What can be no id is absent. Raises ValueError for more; AppRefusedError where the app is not to be
        had; UnreadableAnswerError where others came instead; and what else OnspringClient raises.
        """
        app = app_number(app_id, endpoint=GET_RECORDS.label)
        wanted = {number: one for one in ids if (number := number_in(one)) is not None}
        if not wanted:
            return Answer(absent=frozenset(ids))
        await self._presenter.fields(self._client, app)  # first: who has one call left gets on by it
        with about_app():
            records = await self._client.records.by_ids(app, list(wanted))
        shown = await self._presenter.present(self._client, app, records)
        if shown.keys() - wanted.keys():
            raise UnreadableAnswerError(
                "records came that nobody asked for", endpoint=GET_RECORDS.label
            )  # believing it would take those that are missing for deleted
        found = {wanted[number]: fields for number, fields in shown.items()}
        return Answer(found=found, absent=frozenset(ids) - found.keys())

    async def fetch_one(self, app_id: str, record_id: str) -> Answer:
        """Look at one record by itself, which tells absent from hidden. Raises as `fetch_many` does."""
        app, number = app_number(app_id, endpoint=GET_RECORD.label), number_in(record_id)
        if number is None:
            return Answer(absent=frozenset({record_id}))
        await self._presenter.fields(self._client, app)  # so that a 404 is the record's, not the app's
        try:
            record = await self._client.records.get(app, number)
        except NoSuchThingError:
            return Answer(absent=frozenset({record_id}))
        except AccessDeniedError:
            return Answer(hidden=frozenset({record_id}))
        if record.record_id != number:
            raise UnreadableAnswerError("another record came than was asked for", endpoint=GET_RECORD.label)
        shown: dict[int, dict[str, Any]] = await self._presenter.present(self._client, app, [record])
        return Answer(found={record_id: shown[number]})

    async def fetch_newest(self, app_id: str, ids: Collection[str], *, offset: int) -> Never:
        """Raise UnsortableError: Onspring sorts no records."""
        del app_id, ids, offset
        raise UnsortableError("Onspring does not list records by when they were modified")

    async def link_targets(self) -> dict[str, dict[str, str]]:
        """Look at the references of all apps: app id → field id → the app that it leads to.

        One call for each app whose fields are not remembered, and one for the apps. Raises what the client
        raises; an app whose fields the key may not read has no references.
        """
        targets: dict[str, dict[str, str]] = {}
        async for app in self._client.apps.walk():
            try:
                fields = await self._presenter.fields(self._client, app.id)
            except (AccessDeniedError, NoSuchThingError):
                continue
            words = self._presenter.words(fields)
            targets[str(app.id)] = {
                words[each.id]: str(each.referenced_app_id)
                for each in fields.by_id.values()
                if isinstance(each, ReferenceField) and each.referenced_app_id is not None
            }
        return targets
