"""One page of a list, and the answer to a batch. Shapes: the vendor's page, API version 2."""

from typing import Annotated, Generic, TypeVar

from service.onspring.models.tolerant import EmptyList, Tolerant

Item = TypeVar("Item")


class Page(Tolerant, Generic[Item]):
    """One page. What does not say how long the list is, is read until a page is not full."""

    page_number: int | None = None
    page_size: int | None = None
    total_pages: int | None = None
    total_records: int | None = None
    items: Annotated[tuple[Item, ...], EmptyList]
    """Also for records: no endpoint calls them `records`."""


class Batch(Tolerant, Generic[Item]):
    """Those of up to 100 things that exist and may be read."""

    count: int | None = None
    items: Annotated[tuple[Item, ...], EmptyList]
