"""Handler kind `python`: a function of the user's, found beside relay.yaml (CONTRACT §7)."""

import asyncio
import importlib
import inspect
import sys
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from service.changes.types import Change
from service.handlers.alarms import Alarm, AlarmContext
from service.handlers.clipping import ERROR_LENGTH, clip
from service.handlers.context import Context
from service.handlers.functions import is_async, object_to, takes_alarms
from service.handlers.kinds import BuiltHandler, HandlerDeps, HandlerKind, HandlerSettings, OptionError
from service.handlers.threads import Threads
from service.handlers.types import Done, Outcome

_DOTTED = r"^[^\W\d]\w*(\.[^\W\d]\w*)+$"


class PythonOptions(BaseModel):
    """`python: my_handlers.assign`, or `python: {function: my_handlers.assign}`."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, json_schema_extra={"x-alone": "function"}
    )

    function: str = Field(
        pattern=_DOTTED,
        description="Module, a dot, the function's name. Modules are found beside `relay.yaml`.",
        examples=["my_handlers.assign"],
    )

    @model_validator(mode="before")
    @classmethod
    def _accept_the_name_alone(cls, given: Any) -> Any:
        return {"function": given} if isinstance(given, str) else given


class PythonHandler:
    """Calls one function: an async one in the event loop, a synchronous one in a thread."""

    def __init__(self, function: Callable[[Any, Any], object], threads: Threads) -> None:
        self._function, self._threads, self._async = function, threads, is_async(function)

    async def __call__(self, what: Change | Alarm, context: Context | AlarmContext) -> Outcome:
        """Call it with what it is for, and ignore what it returns. Raises what it raises."""
        try:
            if self._async:
                result = self._function(what, context)
            else:
                result = await self._threads.run(lambda: self._function(what, context))
            if inspect.isawaitable(result):
                await result
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            # It cancelled something of its own: a failure, and no wish of ours that this attempt ends.
            raise RuntimeError("the handler was left by a CancelledError of its own making") from error
        except SystemExit as error:  # it would end the event loop, and every other run with it
            raise RuntimeError("the handler called sys.exit()") from error
        return Done()


def load_function(dotted: str, directory: Path) -> Callable[[Any, Any], object]:
    """Import a handler function; modules in `directory` are found, installed ones too and first.

    Adds the directory to the end of sys.path, so it can hide nothing. Raises OptionError, saying what is
    missing and what comes close.
    """
    module_name, _, name = dotted.rpartition(".")
    module = _import(module_name, directory)
    if not hasattr(module, name):
        callables = [key for key, value in vars(module).items() if callable(value) and key[0] != "_"]
        close = get_close_matches(name, callables, n=1)
        raise OptionError(
            f"{module_name} ({getattr(module, '__file__', None) or 'built in'}) has no {name!r}",
            remedy=f"did you mean {module_name}.{close[0]}?" if close else "define it there",
        )
    function = getattr(module, name)
    objection = object_to(function)
    if objection:
        raise OptionError(f"{dotted} can't be a handler: {objection}")
    loaded: Callable[[Any, Any], object] = function
    return loaded


def _import(module_name: str, directory: Path) -> Any:
    place = str(directory.resolve())
    if place not in sys.path:
        sys.path.append(place)
    importlib.invalidate_caches()  # the file may be younger than the last look at the directory
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise _broken(module_name, error) from error
        near = get_close_matches(module_name, [path.stem for path in directory.glob("*.py")], n=1)
        raise OptionError(
            f"there is no module {error.name!r} in {place}",
            remedy=f"did you mean {near[0]}?" if near else f"make {error.name.replace('.', '/')}.py there",
        ) from error
    except (Exception, SystemExit) as error:
        raise _broken(module_name, error) from error


def _broken(module_name: str, error: BaseException) -> OptionError:
    reason = clip(f"{type(error).__name__}: {error}", ERROR_LENGTH)
    return OptionError(f"importing {module_name} failed: {reason}", remedy="the module must import by itself")


def _build(options: PythonOptions, settings: HandlerSettings, deps: HandlerDeps) -> BuiltHandler:
    threads = Threads(settings.name, settings.concurrency)
    function = load_function(options.function, deps.directory)
    handler = PythonHandler(function, threads)
    if takes_alarms(function):
        return BuiltHandler(tell=handler, abandoned=lambda: threads.abandoned)
    return BuiltHandler(handler, abandoned=lambda: threads.abandoned)


PYTHON = HandlerKind("python", PythonOptions, _build)
