"""From the handlers of a configuration to callables, and every mistake at its place."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service.handlers.kinds import BoundHandler, HandlerDeps
from service.handlers.registry import build_handlers, close_handlers
from service.rules.loader import parse
from service.rules.problems import InvalidConfigurationError

SECRETS = {"T": "t0ken", "OPS_SECRET": "s3cret-of-ops", "OPS_URL": "ftp://token-in-url@x"}


@pytest.fixture(autouse=True)
def _path_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", sys.path.copy())


def build(handlers: str, directory: Path = Path()) -> Mapping[str, BoundHandler]:
    lines = "\n".join(f"  {line}" for line in handlers.strip().splitlines())
    text = f'version: 1\naccounts:\n  main: {{provider: fusioo, token: "${{T}}"}}\nhandlers:\n{lines}\n'
    return build_handlers(parse(text, "relay.yaml", SECRETS), HandlerDeps(directory))


def problems(handlers: str, directory: Path = Path()) -> list[str]:
    with pytest.raises(InvalidConfigurationError) as caught:
        build(handlers, directory)
    return str(caught.value).splitlines()


async def test_a_handler_has_its_settings_or_the_contracts_defaults() -> None:
    built = build(
        """
ops: {http: {url: "https://ops.example.com/hook"}, retry: [5s], timeout: 10s, concurrency: 2, order: none}
show: {log: }
"""
    )
    ops, show = built["ops"], built["show"]
    assert (ops.name, ops.kind, ops.retry, ops.timeout) == (
        "ops",
        "http",
        (timedelta(seconds=5),),
        timedelta(seconds=10),
    )
    assert (ops.concurrency, ops.ordered) == (2, False)
    assert (show.concurrency, show.ordered, show.timeout) == (4, True, timedelta(seconds=30))
    assert (len(show.retry), show.retry[-1]) == (8, timedelta(hours=24))
    assert show.abandoned() == 0
    await close_handlers(built)


@pytest.mark.parametrize(
    ("handler", "told"),
    [
        ("a: {htpp: {}}", "relay.yaml:5:7: unknown handler kind or setting `htpp` (did you mean `http`?)"),
        (
            "a: {onspring.upsrt: {}}",
            "relay.yaml:5:7: unknown handler kind or setting `onspring.upsrt` (did you mean `onspring.ups",
        ),
        (
            "a: {http: {url: 'https://x.example', secrt: x}}",
            "relay.yaml:5:40: unknown key `secrt` (did you mean `secret`?)",
        ),
        ("a: {http: {}}", "relay.yaml:5:7: `url` is missing (add it)"),
        ("a: {log: {level: loud}}", "relay.yaml:5:20: "),
        (
            "a: {python: no_such_module_here.f}",
            "relay.yaml:5:15: there is no module 'no_such_module_here' in ",
        ),
        ("a: {python: noname}", "relay.yaml:5:15: "),
        (
            "a: {http: {url: 'ftp://x.example'}}",
            "relay.yaml:5:19: `url` should begin with https:// or http://",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(handler: str, told: str, tmp_path: Path) -> None:
    (only,) = problems(handler, tmp_path)
    assert only.startswith(told)


def test_all_mistakes_are_told_together() -> None:
    assert len(problems("a: {htpp: {}}\nb: {log: {level: loud, colour: red}}\nc: {http: {}}")) == 4


def test_what_came_from_the_environment_is_not_told() -> None:
    told = problems(
        'a: {http: {url: "${OPS_URL}", secret: "${OPS_SECRET}", headers: {"a b": "${OPS_SECRET}"}}}'
    )
    assert len(told) == 2
    assert "token-in-url" not in str(told)
    assert "s3cret" not in str(told)


def test_no_secret_in_a_bound_handlers_repr() -> None:
    bound = build('a: {http: {url: "https://x.example/?key=k3y", secret: "${OPS_SECRET}"}}')["a"]
    assert "s3cret" not in repr(bound)
    assert "k3y" not in repr(bound)


async def test_one_that_fails_to_close_stops_no_other() -> None:
    closed = []

    async def fails() -> None:
        raise OSError("stuck")

    async def closes() -> None:
        closed.append(True)

    bound = build("a: {log: {}}")["a"]
    with capture_logs() as lines:
        await close_handlers({"a": replace(bound, close=fails), "b": replace(bound, close=closes)})
    assert closed == [True]
    assert [line["event"] for line in lines] == ["handler.close_failed"]
