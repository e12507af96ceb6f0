"""`POST /webhooks/{provider}/{key}`: where providers deliver (CONTRACT §5)."""

from functools import partial

from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from service.web.answers import send_json
from service.web.body import BodyLimits, read_body


class WebhookEndpoint:
    """An ASGI endpoint: it reads the body itself, and only after the secret is verified."""

    def __init__(self, limits: BodyLimits) -> None:
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            content = {"error": "webhooks are delivered by POST"}
            await send_json(send, 405, content, [(b"allow", b"POST")])
            return
        target, state = scope["path_params"], scope["state"]
        accepted = await state["receiver"].receive(
            target["provider"],
            target["key"],
            headers=scope["headers"],
            read_body=partial(read_body, scope, receive, self._limits),
            request_id=state["request_id"],
        )
        await send_json(send, 202, {"accepted": accepted.count})


def webhook_route(limits: BodyLimits) -> Route:
    """The route; any method gets to the endpoint, so that 405 comes before everything else."""
    return Route("/webhooks/{provider}/{key}", WebhookEndpoint(limits), name="webhook")
