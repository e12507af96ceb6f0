"""Handler kind `http`: one signed request per attempt (CONTRACT §6, Standard Webhooks)."""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus

from standardwebhooks.webhooks import Webhook

from service.changes.types import Change
from service.handlers.alarm_payload import build_alarm_payload
from service.handlers.alarms import Alarm, AlarmContext
from service.handlers.builtin.http_message import Message, MessageTemplates
from service.handlers.builtin.http_options import HttpOptions, signing_key
from service.handlers.clipping import clip, redact
from service.handlers.context import Context
from service.handlers.kinds import (
    BuiltHandler,
    HandlerDeps,
    HandlerKind,
    HandlerSettings,
    takes_no_alarms,
    takes_no_changes,
)
from service.handlers.payload import build_payload
from service.handlers.template_values import values_of, values_of_alarm
from service.handlers.types import Done, Failed, Outcome
from service.transport.http import Client, Timeout, make_client, send
from service.transport.messages import Request, Response

BODY_KEPT = 2000
"""Characters of an answer that are kept with the attempt."""

_BODY_READ = 65_536
_CONNECT_LIMIT = 10.0
_PAUSES = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


class HttpHandler:
    """Sends changes to one URL. `deadline` is seconds for one request, all in all."""

    def __init__(
        self,
        options: HttpOptions,
        templates: MessageTemplates,
        *,
        client: Client,
        deadline: float,
        now: Callable[[], datetime],
    ) -> None:
        self._options, self._templates = options, templates
        self._client, self._deadline, self._now = client, deadline, now
        self._signer = None if options.secret is None else Webhook(signing_key(options.secret))

    async def __call__(self, change: Change, context: Context) -> Outcome:
        """Send one change. Raises TemplateFailedError, and a TransportError where no usable answer came."""
        message = self._templates.render(values_of(change), lambda: build_payload(change, context))
        return await self._send(self.request(message, context.idempotency_key))

    async def tell(self, alarm: Alarm, context: AlarmContext) -> Outcome:
        """Send one alarm. Raises as for a change."""
        message = self._templates.render(values_of_alarm(alarm), lambda: build_alarm_payload(alarm, context))
        return await self._send(self.request(message, context.idempotency_key))

    async def _send(self, request: Request) -> Outcome:
        answer = await send(self._client, request, deadline=self._deadline, max_bytes=_BODY_READ, cut=True)
        return self.judge(answer)

    def request(self, message: Message, key: str) -> Request:
        """Build what is sent: the body, signed together with the idempotency key and the present second."""
        moment = self._now()
        headers = {
            **message.headers,
            "webhook-id": key,
            "webhook-timestamp": str(int(moment.timestamp())),
        }
        if self._signer is not None:
            headers["webhook-signature"] = self._signer.sign(key, moment, message.body or "")
        body = None if message.body is None else message.body.encode()
        return Request(self._options.method, message.url, headers, body)

    def judge(self, answer: Response) -> Outcome:
        """Say what an answer means: 2xx done, 410 dead, everything else tried again (CONTRACT §6)."""
        detail = {"status": answer.status, "body": self._kept(answer.body)}
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return Done(detail)
        if answer.status == HTTPStatus.GONE:
            return Failed("answered 410 Gone: the receiver wants no more of these", dead=True, detail=detail)
        error = f"answered {_named(answer.status)}"
        if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
            error += ": redirects are not followed; put the final address into `url`"
        retry_after = answer.retry_after if answer.status in _PAUSES else None
        return Failed(error, retry_after=retry_after, detail=detail)

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    def _kept(self, body: bytes) -> str:
        return clip(redact(body.decode("utf-8", "replace"), self._options.secrets()), BODY_KEPT)


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _build(options: HttpOptions, settings: HandlerSettings, deps: HandlerDeps) -> BuiltHandler:
    templates = MessageTemplates(options)
    deadline = settings.timeout.total_seconds()
    client = make_client(
        timeout=Timeout(deadline, connect=min(deadline, _CONNECT_LIMIT)),
        allow_private=options.allow_private,
        transport=deps.transport,
        max_connections=settings.concurrency,
    )
    handler = HttpHandler(options, templates, client=client, deadline=deadline, now=deps.now)
    return BuiltHandler(
        handler if templates.takes_changes else takes_no_changes,
        handler.tell if templates.takes_alarms else takes_no_alarms,
        close=handler.close,
        fields=templates.fields,
    )


HTTP = HandlerKind("http", HttpOptions, _build)
