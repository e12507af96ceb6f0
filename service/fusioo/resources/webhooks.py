"""Our webhooks at Fusioo: each belongs to one app and has three flags. Its secret is made by Fusioo."""

from collections.abc import Awaitable, Callable
from typing import Any

from service.fusioo import answers, endpoints
from service.fusioo.models import Webhook
from service.fusioo.protocol import Call, build_call


class Webhooks:
    """`client.webhooks`. Every method raises FusiooError (fusioo/errors)."""

    def __init__(self, perform: Callable[[Call], Awaitable[Any]]) -> None:
        self._perform = perform

    async def list(self) -> tuple[Webhook, ...]:
        """All webhooks of the account, secrets included; no paging is documented."""
        data = await self._perform(build_call(endpoints.LIST_WEBHOOKS))
        return answers.models(endpoints.LIST_WEBHOOKS, Webhook, data)

    async def get(self, webhook_id: str) -> Webhook:
        """One webhook. Raises WebhookNotFoundError."""
        data = await self._perform(build_call(endpoints.GET_WEBHOOK, ids={"webhook": webhook_id}))
        return answers.a_model(endpoints.GET_WEBHOOK, Webhook, data)

    async def create(
        self, *, url: str, app_id: str, on_create: bool, on_update: bool, on_delete: bool
    ) -> Webhook:
        """Create a webhook; the answer tells its secret."""
        body = {
            "url": url,
            "app_id": app_id,
            "on_create": on_create,
            "on_update": on_update,
            "on_delete": on_delete,
        }
        data = await self._perform(build_call(endpoints.CREATE_WEBHOOK, body=body))
        return answers.a_model(endpoints.CREATE_WEBHOOK, Webhook, data)

    async def update(
        self,
        webhook_id: str,
        *,
        url: str | None = None,
        app_id: str | None = None,
        on_create: bool | None = None,
        on_update: bool | None = None,
        on_delete: bool | None = None,
    ) -> Webhook:
        """Change what is given; the secret stays. Raises WebhookNotFoundError.

        Whether the API keeps what is left out is not documented: give all five to be sure.
        """
        given = {
            "url": url,
            "app_id": app_id,
            "on_create": on_create,
            "on_update": on_update,
            "on_delete": on_delete,
        }
        body = {name: value for name, value in given.items() if value is not None}
        call = build_call(endpoints.UPDATE_WEBHOOK, ids={"webhook": webhook_id}, body=body)
        return answers.a_model(endpoints.UPDATE_WEBHOOK, Webhook, await self._perform(call))

    async def delete(self, webhook_id: str) -> None:
        """Delete a webhook. Raises WebhookNotFoundError."""
        await self._perform(build_call(endpoints.DELETE_WEBHOOK, ids={"webhook": webhook_id}))
