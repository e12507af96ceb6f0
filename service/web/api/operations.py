"""One question that the API answers: where, with which parameters, and what the answer is made of."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from service.pipeline.probes.expected import Expected
from service.pipeline.showing.reader import Connection
from service.web.api.parameters import Query


@dataclass(frozen=True, slots=True)
class Desk:
    """What a question is answered with."""

    connection: Connection
    """In a transaction that can't write."""
    expected: Expected | None
    """What the configuration says; None: it is missing or wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One question. `path` holds the names of the parameters that stand in it: `/runs/{id}`."""

    name: str
    path: str
    summary: str
    query: type[Query]
    view: Any
    """The type of the object that is told, or of each of them."""
    is_listing: bool
    """Whether it is a page of them."""
    look: Callable[[Desk, Any], Awaitable[object]]
    """Answers it, from the parameters as an object of `query`."""
