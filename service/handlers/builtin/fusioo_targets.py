"""What a template gives as the id of a record, and which app stands behind a name."""

import re
from typing import Any

from service.changes.types import Change
from service.errors import NotFoundError, RefusedError
from service.fusioo.links import ids_in
from service.fusioo.problems import MisfitError
from service.handlers.context import Context
from service.handlers.types import Discard
from service.rules.problems import nearest

_APP_ID = re.compile(r"i[0-9a-f]{4,32}")


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


def is_same_record(change: Change, account: str, record_id: str) -> bool:
    """Whether a record is the one that changed."""
    return change.account == account and change.record_id == record_id
