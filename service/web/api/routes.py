"""`/api/v1/...`: what the commands show, for who carries the admin token (CONTRACT §5). It only reads."""

import asyncio
import json
from abc import ABC, abstractmethod

from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from service.pipeline.showing.plain import as_json
from service.web.access import require_admin
from service.web.answers import send_encoded
from service.web.api.document import PREFIX, document
from service.web.api.operations import Desk, Operation
from service.web.api.parameters import Query, parse
from service.web.api.table import OPERATIONS

_METHODS = ("GET", "HEAD")
_UNCACHED = [(b"cache-control", b"no-store")]


class _Endpoint(ABC):
    """An ASGI endpoint that asks for the token first: who has none does not learn which methods there are."""

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        require_admin(scope)
        if scope["method"] not in _METHODS:
            raise HTTPException(405, "the API only reads", headers={"allow": ", ".join(_METHODS)})
        await send_encoded(send, 200, await self.answer(scope), _UNCACHED)

    @abstractmethod
    async def answer(self, scope: Scope) -> bytes:
        """Give the body."""


class OperationEndpoint(_Endpoint):
    """Answers one operation."""

    def __init__(self, operation: Operation) -> None:
        self._operation = operation

    async def answer(self, scope: Scope) -> bytes:
        """Read the parameters, and look. Raises WrongParameterError, and what looking raises."""
        asked = QueryParams(scope["query_string"]).multi_items()
        query = parse(self._operation.query, scope["path_params"], asked)
        state = scope["state"]
        async with state["reader"]() as connection:
            found = await self._operation.look(Desk(connection, state["prober"].expected), query)
        # In a thread: a page of large records takes its time, and deliveries come in meanwhile.
        return await asyncio.to_thread(_encode, found)


class DocumentEndpoint(_Endpoint):
    """Describes the operations."""

    async def answer(self, scope: Scope) -> bytes:
        """Take no parameters. Raises WrongParameterError."""
        parse(Query, {}, QueryParams(scope["query_string"]).multi_items())
        return await asyncio.to_thread(lambda: _encode(document(OPERATIONS)))


def _encode(content: object) -> bytes:
    return json.dumps(as_json(content), ensure_ascii=False, separators=(",", ":")).encode()


def api_routes() -> list[Route]:
    """Give the routes of the API."""
    described = Route(f"{PREFIX}/openapi.json", DocumentEndpoint(), name="openapi")
    return [
        described,
        *(Route(PREFIX + each.path, OperationEndpoint(each), name=each.name) for each in OPERATIONS),
    ]
