"""The apps of the token's workspace."""

from collections.abc import Awaitable, Callable
from typing import Any

from service.fusioo import answers, endpoints
from service.fusioo.models import App
from service.fusioo.protocol import Call, build_call


class Apps:
    """`client.apps`. Every method raises FusiooError (fusioo/errors)."""

    def __init__(self, perform: Callable[[Call], Awaitable[Any]]) -> None:
        self._perform = perform

    async def list(self) -> tuple[App, ...]:
        """All apps that the token may see, with their fields."""
        data = await self._perform(build_call(endpoints.LIST_APPS))
        return answers.models(endpoints.LIST_APPS, App, data)

    async def get(self, app_id: str) -> App:
        """One app with its fields. Raises AppNotFoundError, AppAccessDeniedError."""
        data = await self._perform(build_call(endpoints.GET_APP, ids={"app": app_id}))
        return answers.a_model(endpoints.GET_APP, App, data)
