"""Handler kind `python`: found beside relay.yaml, called in the loop or in a thread."""

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import ValidationError

from service.handlers import Discard
from service.handlers.builtin.python import PYTHON, PythonOptions, load_function
from service.handlers.kinds import BuiltHandler, HandlerDeps, OptionError
from service.handlers.types import Done
from tests.fixtures.changes import UPDATE
from tests.fixtures.handling import context, settings
from tests.fixtures.waiting import wait_until_async

MODULE = """
import asyncio, sys, threading
from service.handlers import Change, Context, Discard, handler

seen = []
go = threading.Event()

@handler
async def assign(change: Change, ctx: Context) -> None:
    seen.append((change.record_id, ctx.idempotency_key, threading.get_ident()))

def in_a_thread(change, ctx):
    seen.append((change.record_id, ctx.idempotency_key, threading.get_ident()))

def gives_a_coroutine(change, ctx):
    return assign(change, ctx)

def discards(change, ctx):
    raise Discard("not ours")

async def leaves(change, ctx):
    sys.exit(3)

async def cancels_itself(change, ctx):
    inner = asyncio.ensure_future(asyncio.sleep(60))
    inner.cancel()
    await inner

async def waits(change, ctx):
    seen.append("waiting")
    await asyncio.Event().wait()

def hangs(change, ctx):
    seen.append("hanging")
    go.wait(10)

async def gives_garbage(change, ctx):
    return object(), float("nan"), {1: change}

def gives_garbage_in_a_thread(change, ctx):
    return lambda: 1 / 0

def takes_one(change): ...
NUMBER = 7
"""


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Path]]:
    """A module with a name of its own, for sys.modules is shared by all tests."""
    name = f"handlers_{uuid4().hex}"
    (tmp_path / f"{name}.py").write_text(MODULE)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    yield name, tmp_path
    sys.modules.pop(name, None)


Build = Callable[[str], BuiltHandler]


@pytest.fixture
def build(beside: tuple[str, Path]) -> Build:
    module, directory = beside
    return lambda function: PYTHON.build(
        PythonOptions(function=f"{module}.{function}"), settings("python"), HandlerDeps(directory)
    )


@pytest.mark.parametrize("written", ["my_handlers.assign", {"function": "my_handlers.assign"}])
def test_the_name_may_stand_alone(written: object) -> None:
    assert PythonOptions.model_validate(written).function == "my_handlers.assign"


@pytest.mark.parametrize("written", ["assign", "a..b", "a.b()", "../a.b", "", 7, {"function": "a.b", "x": 1}])
def test_what_names_no_function_is_refused(written: object) -> None:
    with pytest.raises(ValidationError):
        PythonOptions.model_validate(written)


@pytest.mark.parametrize(
    ("function", "here"), [("assign", True), ("in_a_thread", False), ("gives_a_coroutine", True)]
)
async def test_async_functions_run_in_the_loop_and_others_in_a_thread(
    build: Build, beside: tuple[str, Path], function: str, here: bool
) -> None:
    ctx = context()
    assert await build(function).call(UPDATE, ctx) == Done()
    ((record_id, key, thread),) = sys.modules[beside[0]].seen
    assert (record_id, key) == (UPDATE.record_id, ctx.idempotency_key)
    assert (thread == threading.get_ident()) is here


async def test_what_it_raises_comes_through(build: Build) -> None:
    with pytest.raises(Discard, match="not ours"):
        await build("discards").call(UPDATE, context())


async def test_what_it_returns_is_ignored(build: Build) -> None:
    assert await build("gives_garbage").call(UPDATE, context()) == Done()
    assert await build("gives_garbage_in_a_thread").call(UPDATE, context()) == Done()


@pytest.mark.parametrize(("function", "told"), [("leaves", "sys.exit"), ("cancels_itself", "CancelledError")])
async def test_nothing_it_does_ends_the_worker(build: Build, function: str, told: str) -> None:
    with pytest.raises(RuntimeError, match=told):
        await build(function).call(UPDATE, context())


async def test_our_cancelling_stays_a_cancelling(build: Build, beside: tuple[str, Path]) -> None:
    task = asyncio.ensure_future(build("waits").call(UPDATE, context()))
    await wait_until_async(lambda: sys.modules[beside[0]].seen)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_hanging_thread_is_counted(build: Build, beside: tuple[str, Path]) -> None:
    built = build("hangs")
    task = asyncio.ensure_future(built.call(UPDATE, context()))
    await wait_until_async(lambda: sys.modules[beside[0]].seen)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert built.abandoned() == 1
    sys.modules[beside[0]].go.set()
    await wait_until_async(lambda: built.abandoned() == 0)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("{module}.asign", "did you mean {module}.assign?"),
        ("{module}.takes_one", "is called with (change, ctx)"),
        ("{module}.NUMBER", "not a function"),
        ("{module}x.assign", "did you mean {module}?"),
        ("{module}.inner.assign", "there is no module '{module}.inner'"),
        ("quite_another.assign", "make quite_another.py there"),
    ],
)
def test_what_is_missing_is_told_with_what_comes_close(
    beside: tuple[str, Path], name: str, told: str
) -> None:
    module, directory = beside
    with pytest.raises(OptionError) as caught:
        load_function(name.format(module=module), directory)
    assert told.format(module=module) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("import no_such_thing_at_all", "ModuleNotFoundError: No module named 'no_such_thing_at_all'"),
        ("1 / 0", "ZeroDivisionError"),
        ("def broken(:", "SyntaxError"),
        ("import sys; sys.exit(3)", "SystemExit"),
    ],
)
def test_a_module_that_does_not_import_is_told_why(beside: tuple[str, Path], text: str, told: str) -> None:
    module, directory = beside
    (directory / f"{module}.py").write_text(text)
    with pytest.raises(OptionError, match="importing") as caught:
        load_function(f"{module}.assign", directory)
    assert told in str(caught.value)


def test_the_directory_is_looked_at_last_and_added_once(beside: tuple[str, Path]) -> None:
    module, directory = beside
    for _ in range(2):
        load_function(f"{module}.assign", directory)
    assert sys.path[-1] == str(directory)
    assert sys.path.count(str(directory)) == 1


def test_a_users_module_hides_none_of_the_library(beside: tuple[str, Path]) -> None:
    _, directory = beside
    (directory / "json.py").write_text("")
    with pytest.raises(OptionError, match=r"json \(.*__init__.py\) has no 'assign'"):
        load_function("json.assign", directory)
