"""What the measured server serves besides its own routes: what the receiver is compared with."""

import time

from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from service.web.answers import send_json
from service.web.body import BodyLimits, read_body

EMPTY_PATH = "/benchmark/empty"
BODY_PATH = "/benchmark/body"
CPU_PATH = "/benchmark/cpu"


class Empty:
    """Answers 202 and does nothing."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send_json(send, 202, {"accepted": 1})


class BodyOnly:
    """Reads the body as the receiver does, and answers 202."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await read_body(scope, receive, BodyLimits())
        await send_json(send, 202, {"accepted": 1})


class Cpu:
    """Tells the CPU time that this process has used."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send_json(send, 200, {"seconds": time.process_time()})


def compared_routes() -> list[Route]:
    return [Route(EMPTY_PATH, Empty()), Route(BODY_PATH, BodyOnly()), Route(CPU_PATH, Cpu())]
