"""What a template gives as the id of a record, and which app stands behind a name."""

import re
from collections.abc import Mapping
from typing import Any

from service.changes.types import Change, Kind
from service.errors import NotFoundError, RefusedError
from service.fusioo.links import ids_in
from service.fusioo.problems import MisfitError
from service.handlers.context import Context
from service.handlers.templates import Templates
from service.handlers.types import Discard
from service.rules.problems import nearest

_APP_ID = re.compile(r"i[0-9a-f]{4,32}")


def target_record(change: Change, account: str, record: Templates | None, values: Mapping[str, Any]) -> str:
    """Give the id of the record that a handler is for: the one that changed, or what `record` gives.

    Raises Discard where there is none (any more), RefusedError where it can't be one, TemplateFailedError.
    """
    if record is not None:
        record_id = the_id(record.render(values), "record")
    elif change.account == account:
        record_id = change.record_id
    else:
        raise RefusedError(
            f"the change is of account {change.account}: say by `record` which record of {account} is meant"
        )
    if change.kind is Kind.DELETE and is_same_record(change, account, record_id):
        raise Discard("the record was deleted")
    return record_id


def is_same_record(change: Change, account: str, record_id: str) -> bool:
    """Whether a record is the one that changed."""
    return change.account == account and change.record_id == record_id


def the_id(rendered: Any, option: str) -> str:
    """Give the one id that a template gave: a text, or a link with one record in it.

    Raises Discard where it gave nothing, RefusedError for several and for what is no id.
    """
    if rendered in (None, "", [], {}):
        raise Discard(f"`{option}` gives nothing")
    try:
        found = ids_in(rendered)
    except MisfitError as error:
        raise RefusedError(f"`{option}` {error}") from error
    if len(found) > 1:
        raise RefusedError(f"`{option}` gives {len(found)} ids; choose one, like `record.client[0]`")
    if not found:
        raise Discard(f"`{option}` gives nothing")
    return found[0]


class TargetApp:
    """The app that records are made in, by its id or its exact name."""

    def __init__(self, account: str, app: str) -> None:
        self._account, self._app = account, app
        self._found: str | None = None
        """Its id, once it was asked for."""

    async def id(self, change: Change, context: Context) -> str:
        """Give its id. Only a name that is not that of the change's app costs a call, once.

        Raises NotFoundError, RefusedError for a name that several apps have, and what the client raises.
        """
        if change.account == self._account and self._app in (change.app.id, change.app.name):
            return change.app.id
        if _APP_ID.fullmatch(self._app):
            return self._app
        if self._found is None:
            self._found = await self._look_up(context)
        return self._found

    async def _look_up(self, context: Context) -> str:
        apps = await context.fusioo(self._account).apps.list()
        found = [app.id for app in apps if self._app in (app.id, app.name)]
        if len(found) > 1:
            raise RefusedError(f"{len(found)} apps are called {self._app!r}; write the id of one: {found}")
        if not found:
            close = nearest(self._app, [app.name for app in apps])
            raise NotFoundError(f"the account sees no app {self._app!r}" + (f"; {close}" if close else ""))
        return found[0]
