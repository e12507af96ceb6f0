"""One way of writing log lines."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from stamina.instrumentation import get_on_retry_hooks, set_on_retry_hooks

from service.observability.logging import configure_logging
from service.transport.retrying import Retries, retry


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, configuration = root.handlers[:], root.level, structlog.get_config()
    repeat_hooks = get_on_retry_hooks()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**configuration)
    set_on_retry_hooks(repeat_hooks)


def test_json_lines_have_event_level_time_and_fields() -> None:
    stream = io.StringIO()
    configure_logging(json=True, level="info", stream=stream)
    structlog.get_logger().info("run.done", run_id="1")
    structlog.get_logger().debug("run.looked_at")
    (line,) = stream.getvalue().splitlines()
    told = json.loads(line)
    assert (told["event"], told["level"], told["run_id"]) == ("run.done", "info", "1")
    assert told["timestamp"].endswith("Z")


def test_warnings_of_libraries_are_written_the_same_way() -> None:
    stream = io.StringIO()
    configure_logging(json=True, level="info", stream=stream)
    logging.getLogger("some.library").warning("it is %s", "late")
    logging.getLogger("some.library").info("small talk")
    (line,) = stream.getvalue().splitlines()
    told = json.loads(line)
    assert (told["event"], told["level"], told["logger"]) == ("it is late", "warning", "some.library")


@pytest.mark.parametrize(("level", "expected"), [("info", [1, 2]), ("warning", [])])
async def test_a_repeated_call_is_no_warning(level: str, expected: list[int]) -> None:
    stream = io.StringIO()
    configure_logging(json=True, level=level, stream=stream)

    async def fail(_: int) -> None:
        raise OSError("nobody there")

    with pytest.raises(OSError, match="nobody there"):
        await retry(fail, pause=lambda *_: 0.001, retries=Retries(attempts=3))
    told = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["attempt"] for line in told] == expected
    for line in told:
        assert (line["event"], line["level"]) == ("call.missed", "info")
        assert (line["error"], line["seconds"]) == ("nobody there", 0.001)


@pytest.mark.parametrize("json_wanted", [True, False])
def test_tracebacks_show_no_values(*, json_wanted: bool) -> None:
    stream = io.StringIO()
    configure_logging(json=json_wanted, level="info", stream=stream)
    secret = "a-secret-value"
    try:
        _fail(secret)
    except ValueError:
        structlog.get_logger().exception("run.failed")
        logging.getLogger("some.library").exception("failed")
    assert stream.getvalue().count("ValueError: 14") == 2
    assert secret not in stream.getvalue()


def _fail(token: str) -> None:
    raise ValueError(len(token))
