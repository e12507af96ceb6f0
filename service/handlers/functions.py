"""Python functions as handlers: the decorators, and what makes a function fit."""

import inspect
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
_TAKES_ALARMS = "_relay_takes_alarms"


def handler(function: Callable[P, R]) -> Callable[P, R]:
    """Say that a function `(change, ctx)` is a handler; it is returned as it came, so tests call it directly.

    It is for readers, and checks early what loading checks anyway: the configuration accepts functions
    without it too. Raises TypeError if it can't be called with a change and a context.
    """
    objection = object_to(function)
    if objection:
        raise TypeError(f"@handler on {getattr(function, '__qualname__', function)!s}: {objection}")
    return function


def alarm_handler(function: Callable[P, R]) -> Callable[P, R]:
    """Say that a function `(alarm, ctx)` is to be told of alarms; it is returned as it came.

    It is needed: an alarm is no change, so a function takes one or the other. Raises TypeError if it can't
    be called with an alarm and a context.
    """
    objection = object_to(function, wanted="(alarm, ctx)")
    if objection:
        raise TypeError(f"@alarm_handler on {getattr(function, '__qualname__', function)!s}: {objection}")
    setattr(function, _TAKES_ALARMS, True)
    return function


def takes_alarms(function: object) -> bool:
    """Say whether a function was marked with `@alarm_handler`."""
    return getattr(function, _TAKES_ALARMS, False) is True


def object_to(function: Any, *, wanted: str = "(change, ctx)") -> str | None:
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
        return f"it takes {inspect.signature(function)}, but is called with {wanted}"
    except ValueError:  # a built-in without a signature
        return f"its arguments are not known; wrap it in a function {wanted}"
    return None


def is_async(function: Callable[..., object]) -> bool:
    """Say whether calling it gives a coroutine; an instance is judged by its `__call__`."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        getattr(function, "__call__", None)  # noqa: B004 - the method itself is wanted, not whether it is there
    )
