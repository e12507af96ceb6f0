"""What the REST API outcome of an Onspring trigger sends to our webhooks, without I/O.

An administrator types its body. The one that was seen in production is an array, and its ids are texts, put
into the place of names by text substitution: `[{"RecordId":"16","AppId":"100"}]`.
"""

import re
from collections.abc import Sequence
from typing import Any

from service.errors import RelayError
from service.transport.bodies import elements_of, ids_at, places, record_ids, usable_id
from service.transport.id_path import IdPath

SECRET_HEADER = "X-Relay-Secret"  # noqa: S105  a header's name; ours to choose, an administrator types it
USUAL_PLACES = places("RecordId", "recordId", "record_id", "id")

_APP_PLACES = places("AppId", "appId", "app_id")
_WHOLE_NUMBER = re.compile(r"[1-9][0-9]{0,18}")


class WrongAppError(RelayError, ValueError):
    """The body names another app than the one that the webhook was made for."""


def parse_outcome(body: bytes, app_id: str, id_path: IdPath | None = None) -> list[str]:
    """Give the ids of the app's records that an outcome's body names, each once, in its order.

    They are positive whole numbers. What stands at `id_path` counts before the usual places. Raises
    MalformedBodyError for what is not JSON in UTF-8, WrongAppError where an element names another app (ids
    of records belong to their apps), NoRecordIdError for an empty array, any element without a usable id, or
    more than 1,000 elements or ids.
    """
    elements = elements_of(body)
    _refuse_others(elements, app_id)
    return record_ids(elements, USUAL_PLACES, id_path, usable=onspring_id)


def onspring_id(value: Any) -> str | None:
    """Take a value as the id of a record at Onspring, if it can be one."""
    found = usable_id(value)
    return found if found is not None and _WHOLE_NUMBER.fullmatch(found) else None


def _refuse_others(elements: Sequence[Any], app_id: str) -> None:
    for position, element in enumerate(elements):
        _, named = next(ids_at(element, _APP_PLACES), ("", app_id))
        if named != app_id:
            raise WrongAppError(
                f"element {position} is of app {named}, but this webhook was made for app {app_id}:"
                " `relay webhooks add` makes another one for each app"
            )
