"""Pages of listings: where one ends, as a text that means nothing to anybody else, and where the next begins.

A page begins behind a thing, not after so many: what comes in meanwhile moves nothing.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BeforeValidator, WithJsonSchema

from service.web.api.parameters import Limit, MaybeText, Number, Query, Text

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Page:
    """Some things of a listing."""

    items: Sequence[object]
    next: str | None
    """The cursor of the next page; None: there is none."""


def _decoded(value: object) -> object:
    """Read what `page_of` wrote, as a list of texts and numbers."""
    try:
        return json.loads(urlsafe_b64decode(str(value) + "=" * (-len(str(value)) % 4)))
    except ValueError:
        message = "is none: give the `next` of the page before, unchanged"
        raise ValueError(message) from None


_CURSOR = (BeforeValidator(_decoded), WithJsonSchema({"type": "string"}))

IdCursor = Annotated[tuple[Number], *_CURSOR]
TimeCursor = Annotated[tuple[AwareDatetime, UUID], *_CURSOR]
NumberedTimeCursor = Annotated[tuple[AwareDatetime, Number], *_CURSOR]
PlaceCursor = Annotated[tuple[Text, Text, MaybeText, UUID], *_CURSOR]


class Listing(Query):
    """What may be asked of every listing that has pages."""

    limit: Limit = 50
    """How many at most."""


def page_of(found: Sequence[V], query: Listing, position: Callable[[V], Sequence[Any]]) -> Page:
    """Make a page of what was found for `query.limit` and one more. `position` is what its cursor says."""
    if len(found) <= query.limit:
        return Page(found, None)
    items = found[: query.limit]
    told = json.dumps([_text(each) for each in position(items[-1])]).encode()
    return Page(items, urlsafe_b64encode(told).rstrip(b"=").decode())


def _text(value: object) -> object:
    """Times to the microsecond, unlike those that are shown: the order is that of the database."""
    return (
        value if isinstance(value, int) else value.isoformat() if isinstance(value, datetime) else str(value)
    )


def whole(found: Sequence[object]) -> Page:
    """Make a page of all there is."""
    return Page(found, None)
