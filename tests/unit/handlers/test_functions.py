"""Which Python functions can be handlers."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from service.handlers import Change, Context, handler
from service.handlers.functions import is_async, object_to


async def fits(change: Change, ctx: Context) -> None: ...


def fits_too(change: Change, ctx: Context, *, option: int = 1) -> None: ...


class Callable:
    async def __call__(self, change: Change, ctx: Context) -> None: ...


async def takes_one(change: Change) -> None: ...


async def needs_more(change: Change, ctx: Context, *, account: str) -> None: ...


async def yields(change: Change, ctx: Context) -> AsyncIterator[tuple[Change, Context]]:
    yield change, ctx


@pytest.mark.parametrize("function", [fits, fits_too, Callable(), lambda *_: None])
def test_what_takes_a_change_and_a_context_fits(function: Any) -> None:
    assert object_to(function) is None
    assert handler(function) is function


@pytest.mark.parametrize(
    ("function", "objection"),
    [
        (takes_one, "is called with (change, ctx)"),
        (needs_more, "is called with (change, ctx)"),
        (yields, "yield"),
        (Callable, "class"),
        (7, "it is of type int, not a function"),
    ],
)
def test_what_does_not_fit_is_told_why(function: Any, objection: str) -> None:
    assert objection in str(object_to(function))
    with pytest.raises(TypeError, match="@handler on"):
        handler(function)


def test_async_is_seen_through_instances() -> None:
    assert is_async(fits)
    assert is_async(Callable())
    assert not is_async(fits_too)
