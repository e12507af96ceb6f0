"""The values of lists: list fields, and formulas that give a list's value, show them (`client.fields`)."""

from pydantic import TypeAdapter

from service.onspring import endpoints
from service.onspring.answers import shaped
from service.onspring.models import SavedListValue
from service.onspring.protocol import build_call
from service.onspring.resources.listing import Perform

_SAVED = TypeAdapter(SavedListValue)


class Lists:
    """`client.lists`. Every method raises OnspringError (onspring/errors)."""

    def __init__(self, perform: Perform) -> None:
        self._perform = perform

    async def save_value(
        self,
        list_id: int,
        *,
        name: str,
        value_id: str | None = None,
        numeric_value: float | None = None,
        color: str | None = None,
    ) -> str:
        """Add a value to a list, or change the one of this `value_id`; gives its id, a GUID.

        `color` is `#rgb` or `#rrggbb`. Raises BadRequestError for what the API does not accept.
        """
        body = {"id": value_id, "name": name, "numericValue": numeric_value, "color": color}
        body = {key: value for key, value in body.items() if key == "id" or value is not None}
        data = await self._perform(build_call(endpoints.SAVE_LIST_VALUE, ids={"list": list_id}, body=body))
        return shaped(endpoints.SAVE_LIST_VALUE, _SAVED, data).id

    async def delete_value(self, list_id: int, value_id: str) -> None:
        """Delete a value of a list. Raises NoSuchThingError."""
        ids: dict[str, int | str] = {"list": list_id, "item": value_id}
        await self._perform(build_call(endpoints.DELETE_LIST_VALUE, ids=ids))
