"""Python functions as handlers: the decorator, and what makes a function fit."""

import inspect
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def handler(function: Callable[P, R]) -> Callable[P, R]:
    """Say that a function `(change, ctx)` is a handler; it is returned as it came, so tests call it directly.

    It is for readers, and checks early what loading checks anyway: the configuration accepts functions
    without it too. Raises TypeError if it can't be called with a change and a context.
    """
    objection = object_to(function)
    if objection:
        raise TypeError(f"@handler on {getattr(function, '__qualname__', function)!s}: {objection}")
    return function


def object_to(function: Any) -> str | None:
    """Say why it can't be a handler, or None if it can."""
    if not callable(function):
        return f"it is of type {type(function).__name__}, not a function"
    if inspect.isclass(function):
        return "it is a class; name a function, or an instance that can be called"
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        return "it has a `yield`, so calling it would do nothing"
    try:
        inspect.signature(function).bind(None, None)
    except TypeError:
        return f"it takes {inspect.signature(function)}, but is called with (change, ctx)"
    except ValueError:  # a built-in without a signature
        return "its arguments are not known; wrap it in a function (change, ctx)"
    return None


def is_async(function: Callable[..., object]) -> bool:
    """Say whether calling it gives a coroutine; an instance is judged by its `__call__`."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        getattr(function, "__call__", None)  # noqa: B004 - the method itself is wanted, not whether it is there
    )
