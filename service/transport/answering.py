"""A transport that asks a function instead of the network: for tests, of this package and of its users."""

from collections.abc import Callable

import httpx2

from service.transport.http import Transport
from service.transport.messages import Request, Response


class AnsweringTransport(Transport):
    """Gives each request, read to its end, to a function, whose response is the answer."""

    def __init__(self, answer: Callable[[Request], Response]) -> None:
        self._answer = answer

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer one request. Raises what the function raises."""
        body = await request.aread()
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = self._answer(Request(request.method, str(request.url), headers, body or None))
        return httpx2.Response(answer.status, headers=dict(answer.headers), content=answer.body)
