"""Around every request: its id, the answer to what went wrong, and a log that no flood of refusals fills."""

import asyncio
import logging
import time
from collections.abc import Callable

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from service.errors import RelayError
from service.pipeline.receive import WrongSecretError
from service.web.answers import send_json
from service.web.body import ClientGoneError
from service.web.exceptions import answer_to
from service.web.problems import describe_error

NoteRequest = Callable[[str, int | None, float], None]
"""Told of each request when it has ended: the route that matched, the status, the seconds."""

_log = structlog.get_logger()
_FAULT = 500


class RequestCutOffError(RelayError):
    """The process is ending, and the request has outlasted the time that it had: the server cancelled it."""

    def __init__(self) -> None:
        super().__init__("this process is ending; please send it again")


class RequestMiddleware:
    """Gives each request an id (`x-request-id`, stored with its deliveries) and every error its answer."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        clock: Callable[[], float] = time.monotonic,
        note_request: NoteRequest = lambda _route, _status, _seconds: None,
    ) -> None:
        self._app, self._clock, self._note_request = app, clock, note_request
        self._refusals = RefusalLog(clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = uuid7()
        scope["state"]["request_id"] = request_id
        status: int | None = None
        began = self._clock()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", str(request_id).encode())]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except ClientGoneError:
            return
        except (Exception, asyncio.CancelledError) as raised:
            if status is not None:
                raise
            error = RequestCutOffError() if isinstance(raised, asyncio.CancelledError) else raised
            answer = answer_to(error)
            self._refusals.note(answer.status, error, str(request_id))
            content, media_type = describe_error(scope["path"], answer.status, answer.message, answer.more)
            await send_json(send_with_id, answer.status, content, answer.headers, media_type=media_type)
        finally:
            # The route's pattern, never the path: that holds keys, and anything that a stranger sends.
            self._note_request(getattr(scope.get("route"), "path", "none"), status, self._clock() - began)


class RefusalLog:
    """At most one line a second for each status, with how many came since the line before."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._written_at: dict[int, float] = {}
        self._unwritten: dict[int, int] = {}

    def note(self, status: int, error: Exception, request_id: str) -> None:
        """Log a refused request, unless one with this status was logged within the last second."""
        count = self._unwritten.get(status, 0) + 1
        now = self._clock()
        if now - self._written_at.get(status, now - 1) < 1:
            self._unwritten[status] = count
            return
        self._unwritten[status], self._written_at[status] = 0, now
        known = isinstance(error, RelayError)
        _log.log(
            logging.ERROR if status >= _FAULT else logging.WARNING,
            "request.refused",
            status=status,
            requests=count,
            request_id=request_id,
            error=type(error).__name__,
            reason=str(error) if known else None,
            account=error.account if isinstance(error, WrongSecretError) else None,
            app=error.app_id if isinstance(error, WrongSecretError) else None,
            exc_info=None if known else error,
        )
