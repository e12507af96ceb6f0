"""What must never be in a log line, wherever somebody put it."""

import io
import logging
from collections.abc import Iterator

import httpx2
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from service.observability.logging import configure_logging
from service.observability.redacting import REDACTED, redact

SESAME = "sesame-open-up"


def redacted(**line: object) -> dict[str, object]:
    return dict(redact(None, "info", line))


@pytest.mark.parametrize(
    "name",
    [
        "secret",
        "client_secret",
        "X-Fusioo-Secret",
        "token",
        "admin_token",
        "Authorization",
        "db_password",
        "api_key",
    ],
)
def test_values_of_fields_named_like_secrets_are_hidden(name: str) -> None:
    assert redacted(**{name: SESAME}) == {name: REDACTED}


def test_they_are_hidden_at_any_depth() -> None:
    told = redacted(request={"headers": [{"authorization": SESAME}], "body": {"token": SESAME, "id": 1}})
    assert told == {
        "request": {"headers": [{"authorization": REDACTED}], "body": {"token": REDACTED, "id": 1}}
    }


@pytest.mark.parametrize(
    "text",
    [
        f"sent Authorization: Bearer {SESAME}, and was refused",
        f"header 'bearer {SESAME}'",
        "Basic dXNlcjpwYXNzd29yZA==",
        f"postgresql://relay:{SESAME}@db/relay",
        f"redis://:{SESAME}@queue",
    ],
)
def test_credentials_inside_of_texts_are_hidden(text: str) -> None:
    told = str(redacted(event=text)["event"])
    assert SESAME not in told
    assert "dXNlcj" not in told
    assert REDACTED in told


@pytest.mark.parametrize(
    "text", ["a basic example", "the bearer of news", "http://127.0.0.1:8000/health", "at 12:03@noon"]
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert redacted(event=text) == {"event": text}


@given(st.dictionaries(st.sampled_from(["run", "seconds", "ids"]), st.integers() | st.lists(st.integers())))
def test_other_fields_stay_as_they_are(line: dict[str, object]) -> None:
    assert redacted(**line) == line


@pytest.fixture
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, configuration = root.handlers[:], root.level, structlog.get_config()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**configuration)


@pytest.mark.usefixtures("_restored")
@pytest.mark.parametrize("json", [True, False])
def test_no_secret_reaches_the_log_by_any_way(*, json: bool) -> None:
    stream = io.StringIO()
    configure_logging(json=json, level="debug", stream=stream)
    log = structlog.get_logger()
    log.info("request.sent", headers={"Authorization": f"Bearer {SESAME}"}, key=SecretStr(SESAME))
    log.info("request.sent", authorization=SESAME)
    logging.getLogger("some.library").warning("sent Authorization: Bearer %s", SESAME)
    for raised in (RuntimeError(f"Bearer {SESAME} was refused"), OSError(f"redis://:{SESAME}@queue")):
        try:
            raise raised
        except (RuntimeError, OSError):
            log.exception("request.failed")
            logging.getLogger("some.library").exception("failed")
    written = stream.getvalue()
    assert SESAME not in written
    assert written.count("RuntimeError") >= 2
    if json:
        assert len(written.splitlines()) == 7  # an exception too is one line


@pytest.mark.usefixtures("_restored")
@pytest.mark.parametrize(
    "name", ["uvicorn.access", "dramatiq", "sqlalchemy.engine", "httpx2", "httpcore2", "redis"]
)
def test_the_small_talk_of_libraries_is_not_written_at_any_level(name: str) -> None:
    stream = io.StringIO()
    configure_logging(json=True, level="debug", stream=stream)
    logging.getLogger(name).info("GET https://host/path?key=%s", SESAME)
    assert stream.getvalue() == ""


@pytest.mark.usefixtures("_restored")
async def test_the_http_client_writes_no_url() -> None:
    stream = io.StringIO()
    configure_logging(json=True, level="debug", stream=stream)
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200))
    async with httpx2.AsyncClient(transport=transport) as client:
        await client.get(f"https://host/webhooks/{SESAME}")
    assert SESAME not in stream.getvalue()
