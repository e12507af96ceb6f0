"""The users of the account."""

from collections.abc import Awaitable, Callable
from typing import Any

from service.fusioo import answers, endpoints
from service.fusioo.models import User
from service.fusioo.protocol import Call, build_call


class Users:
    """`client.users`. Every method raises FusiooError (fusioo/errors)."""

    def __init__(self, perform: Callable[[Call], Awaitable[Any]]) -> None:
        self._perform = perform

    async def list(self) -> tuple[User, ...]:
        """All users of the account; no paging is documented."""
        data = await self._perform(build_call(endpoints.LIST_USERS))
        return answers.models(endpoints.LIST_USERS, User, data)

    async def get(self, user_id: str) -> User:
        """One user. Raises UserNotFoundError."""
        data = await self._perform(build_call(endpoints.GET_USER, ids={"user": user_id}))
        return answers.a_model(endpoints.GET_USER, User, data)
