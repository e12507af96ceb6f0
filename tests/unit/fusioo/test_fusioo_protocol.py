"""Calls become requests, answers become data or errors: all without I/O."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import ConfigurationError, Disposition
from service.fusioo import endpoints, errors
from service.fusioo.endpoints import Endpoint
from service.fusioo.errors import FusiooError
from service.fusioo.protocol import build_call, check_base_url, ids_list, read_answer
from service.transport.messages import Response


def answer(
    status: int, code: Any, *, data: Any = None, message: str = "Something", **headers: str
) -> Response:
    body = json.dumps({"code": code, "message": message, "data": data}).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, {"content-type": "application/json", **named}, body)


def failure(endpoint: Endpoint, given_answer: Response) -> FusiooError:
    with pytest.raises(FusiooError) as caught:
        read_answer(endpoint, given_answer)
    return caught.value


def test_a_call_has_its_path_query_and_body() -> None:
    call = build_call(
        endpoints.RECORDS_BY_IDS,
        ids={"app": "i a/4"},
        query={"ids": ids_list(["i1", "i2"]), "limit": 200, "order": None, "deleted": True},
        body={"title": {"equal": "Grün"}},
    )
    assert call.target == "/records/apps/i%20a%2F4/filter?ids=%5Bi1%2Ci2%5D&limit=200&deleted=true"
    assert isinstance(call.body, bytes)
    assert json.loads(call.body) == {"title": {"equal": "Grün"}}


def test_a_call_without_body_has_none() -> None:
    call = build_call(endpoints.LIST_APPS)
    assert (call.target, call.body) == ("/apps", None)


@pytest.mark.parametrize("record", ["", ".", ".."])
def test_an_id_that_would_change_the_path_is_refused(record: str) -> None:
    with pytest.raises(ValueError, match="is not an id"):
        build_call(endpoints.DELETE_RECORD, ids={"record": record})


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_body_that_is_not_json_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        build_call(endpoints.CREATE_RECORD, ids={"app": "i1"}, body={"estimate": value})


@pytest.mark.parametrize("one", ["", "a,b", "a]", "[a", "a b"])
def test_an_id_that_would_break_the_list_is_refused(one: str) -> None:
    with pytest.raises(ValueError, match="is not a record id"):
        ids_list(["i1", one])


def test_success_gives_the_data() -> None:
    assert read_answer(endpoints.GET_APP, answer(200, 10000, data={"id": "i1"})) == {"id": "i1"}
    assert read_answer(endpoints.GET_APP, answer(200, "10000", data=[1])) == [1]
    assert read_answer(endpoints.DELETE_RECORD, Response(200, {}, b'{"code": 10000}')) is None


@pytest.mark.parametrize("status", [200, 400, 404, 500])
@pytest.mark.parametrize(
    ("endpoint", "code", "expected", "disposition"),
    [
        (endpoints.PING, 10001, errors.InternalError, Disposition.RETRY),
        (endpoints.PING, 10002, errors.EndpointNotFoundError, Disposition.HALT),
        (endpoints.PING, 10003, errors.UnauthorizedError, Disposition.HALT),
        (endpoints.RECORDS_BY_IDS, 30000, errors.AppNotFoundError, Disposition.HALT),
        (endpoints.RECORDS_BY_IDS, 30001, errors.AppAccessDeniedError, Disposition.HALT),
        (endpoints.CREATE_RECORD, 30002, errors.CannotCreateError, Disposition.DISCARD),
        (endpoints.UPDATE_RECORD, 30003, errors.CannotUpdateError, Disposition.DISCARD),
        (endpoints.DELETE_RECORD, 30004, errors.CannotDeleteError, Disposition.DISCARD),
        (endpoints.UPDATE_RECORD, 30050, errors.ValidationFailedError, Disposition.DISCARD),
        (endpoints.GET_RECORD, 30051, errors.RecordNotFoundError, Disposition.DISCARD),
        (endpoints.GET_RECORD, 30052, errors.RecordAccessDeniedError, Disposition.DISCARD),
        (endpoints.CREATE_RECORD, 30054, errors.ConcurrentRequestsError, Disposition.RETRY),
        (endpoints.LIST_RECORDS, 30100, errors.SortFieldNotFoundError, Disposition.DISCARD),
        (endpoints.LIST_RECORDS, 30101, errors.SortFieldNotSortableError, Disposition.DISCARD),
        (endpoints.LIST_RECORDS, 30102, errors.SortFieldHiddenError, Disposition.DISCARD),
        (endpoints.LIST_RECORDS, 30103, errors.DirectionInvalidError, Disposition.DISCARD),
        (endpoints.LIST_RECORDS, 30104, errors.OffsetInvalidError, Disposition.DISCARD),
        (endpoints.LIST_RECORDS, 30105, errors.LimitInvalidError, Disposition.DISCARD),
        (endpoints.DELETE_WEBHOOK, 30200, errors.WebhookNotFoundError, Disposition.DISCARD),
        (endpoints.GET_USER, 30105, errors.UserNotFoundError, Disposition.DISCARD),
        (endpoints.LIST_DISCUSSIONS, 30105, errors.LimitInvalidError, Disposition.DISCARD),
        (endpoints.GET_DISCUSSION, 30056, errors.DiscussionNotFoundError, Disposition.DISCARD),
        (endpoints.CREATE_COMMENT, 30057, errors.ContentMissingError, Disposition.DISCARD),
        (endpoints.CREATE_DISCUSSION, 30058, errors.ContentTooLongError, Disposition.DISCARD),
        (endpoints.GET_FILE, 30250, errors.NoSuchFileError, Disposition.DISCARD),
        (endpoints.CREATE_FILE, 30251, errors.FileTypeInvalidError, Disposition.DISCARD),
        (endpoints.CREATE_FILE, 30252, errors.FileTooLargeError, Disposition.DISCARD),
        (endpoints.CREATE_FILE, 30253, errors.StorageFullError, Disposition.DISCARD),
        (endpoints.CREATE_FILE, 30254, errors.MultipleFilesError, Disposition.DISCARD),
        (endpoints.DOWNLOAD_FILE, 30256, errors.FileAccessDeniedError, Disposition.DISCARD),
        # Known codes where the page does not list them:
        (endpoints.CREATE_FILE, 30051, errors.RecordNotFoundError, Disposition.DISCARD),
        (endpoints.CREATE_RECORD, 30250, errors.NoSuchFileError, Disposition.DISCARD),
        (endpoints.CREATE_WEBHOOK, 30000, errors.AppNotFoundError, Disposition.HALT),
        # 30105 means "user not found" elsewhere, so nothing where lists are not cut:
        (endpoints.GET_APP, 30105, errors.UnknownCodeError, Disposition.RETRY),
    ],
)
def test_the_code_decides_whatever_the_status(
    endpoint: Endpoint, code: int, expected: type[FusiooError], disposition: Disposition, status: int
) -> None:
    if expected is errors.UnknownCodeError and status == 500:
        expected = errors.UnavailableError
    error = failure(endpoint, answer(status, code, message="They say so"))
    assert type(error) is expected
    assert (error.code, error.status, error.disposition) == (code, status, disposition)
    assert f"code {code}, HTTP {status}" in str(error)
    assert "They say so" in str(error)
    assert endpoint.label in str(error)


HTML = b"<html><body>Server Error</body></html>"


@pytest.mark.parametrize(
    ("endpoint", "status", "body", "expected"),
    [
        (endpoints.LIST_APPS, 200, b"", errors.UnreadableAnswerError),
        (endpoints.LIST_APPS, 200, HTML, errors.UnreadableAnswerError),
        (endpoints.LIST_APPS, 200, b'{"code": 10000, "data": [{"na', errors.UnreadableAnswerError),
        (endpoints.LIST_APPS, 200, b"[]", errors.UnreadableAnswerError),
        (endpoints.LIST_APPS, 200, b"null", errors.UnreadableAnswerError),
        (endpoints.LIST_APPS, 200, b'{"data": []}', errors.UnreadableAnswerError),
        (endpoints.LIST_APPS, 200, b'{"code": true, "data": []}', errors.UnreadableAnswerError),
        (endpoints.LIST_APPS, 200, b'{"code": 10000, "data": NaN}', errors.UnreadableAnswerError),
        (endpoints.LIST_APPS, 200, b'{"code": ' + b"1" * 5000 + b"}", errors.UnreadableAnswerError),
        (endpoints.LIST_APPS, 200, b"[" * 100_000, errors.UnreadableAnswerError),
        (endpoints.LIST_APPS, 200, b"\xff\xfe", errors.UnreadableAnswerError),
        (endpoints.LIST_APPS, 302, b"", errors.UnreadableAnswerError),
        (endpoints.LIST_APPS, 403, HTML, errors.UnreadableAnswerError),
        (endpoints.LIST_APPS, 404, HTML, errors.UnreadableAnswerError),
        (endpoints.LIST_APPS, 404, b'{"code": 10000, "data": []}', errors.UnreadableAnswerError),
        (endpoints.LIST_APPS, 401, HTML, errors.UnauthorizedError),
        (endpoints.LIST_APPS, 500, HTML, errors.UnavailableError),
        (endpoints.LIST_APPS, 503, b"", errors.UnavailableError),
        (endpoints.LIST_APPS, 504, b'{"code": 10000, "data": []}', errors.UnavailableError),
        (endpoints.LIST_APPS, 429, b"", errors.RateLimitedError),
        (endpoints.LIST_APPS, 429, b'{"code": 10001}', errors.RateLimitedError),
        (endpoints.LIST_APPS, 200, b'{"code": 429}', errors.RateLimitedError),
        (endpoints.LIST_APPS, 200, b'{"code": 39999}', errors.UnknownCodeError),
        (endpoints.RECORDS_BY_IDS, 400, HTML, errors.RequestTooLargeError),
        (endpoints.RECORDS_BY_IDS, 404, b"", errors.RequestTooLargeError),
        (endpoints.RECORDS_BY_IDS, 414, HTML, errors.RequestTooLargeError),
        (endpoints.RECORDS_BY_IDS, 400, b'{"code": 39999}', errors.RequestTooLargeError),
        (endpoints.RECORDS_BY_IDS, 400, b'{"code": 30001}', errors.AppAccessDeniedError),
        (endpoints.RECORDS_BY_IDS, 200, HTML, errors.UnreadableAnswerError),
        (endpoints.FILTER_RECORDS, 400, HTML, errors.UnreadableAnswerError),
    ],
)
def test_answers_that_are_no_envelope(
    endpoint: Endpoint, status: int, body: bytes, expected: type[FusiooError]
) -> None:
    assert type(failure(endpoint, Response(status, {"content-type": "text/html"}, body))) is expected


def test_an_answer_that_is_not_understood_is_never_quoted() -> None:
    error = failure(endpoints.LIST_WEBHOOKS, Response(200, {}, b'{"data": [{"secret": "d5cf019f"'))
    assert "d5cf019f" not in str(error) + repr(error)
    assert "31 bytes" in str(error)


def test_a_long_message_is_clipped() -> None:
    assert len(str(failure(endpoints.PING, answer(500, 10001, message="x" * 10_000)))) < 400


@pytest.mark.parametrize("details", [{"title": ["is required"]}, ["Title is required"], "Title is required"])
def test_validation_details_are_kept_whatever_their_shape(details: object) -> None:
    error = failure(endpoints.CREATE_RECORD, answer(400, 30050, data=details))
    assert error.details == details
    assert "title" in str(error).lower()


def test_the_wait_that_they_ask_for_is_kept() -> None:
    error = failure(endpoints.LIST_APPS, answer(429, 0, retry_after="120"))
    assert (error.disposition, error.retry_after) == (Disposition.DEFER, 120.0)
    assert failure(endpoints.LIST_APPS, answer(429, 0)).retry_after is None


@given(st.integers(100, 599), st.binary(max_size=60) | st.from_regex(rb'\{"code": ?.{1,20}\}'))
def test_any_answer_ends_as_data_or_as_our_error(status: int, body: bytes) -> None:
    for endpoint in (endpoints.LIST_APPS, endpoints.RECORDS_BY_IDS):
        try:
            read_answer(endpoint, Response(status, {}, body))
        except FusiooError as error:
            assert error.endpoint == endpoint.label  # noqa: PT017  both ends are right


@pytest.mark.parametrize(
    "url", ["https://api.fusioo.com/v3", "http://127.0.0.1:9000/v3/", "https://proxy.test/f"]
)
def test_a_base_url_loses_its_last_slash(url: str) -> None:
    assert check_base_url(url) == url.rstrip("/")


@pytest.mark.parametrize(
    "url", ["https://api.fusioo.com/v1", "https://api.fusioo.com/v2/", "http://x/v2/api"]
)
def test_old_versions_are_refused_with_the_reason(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"another offset.*use version 3"):
        check_base_url(url)


@pytest.mark.parametrize("url", ["", "api.fusioo.com/v3", "ftp://x/v3", "https:///v3", "https://x/v3?a=b"])
def test_what_is_no_base_url_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="is not the base URL"):
        check_base_url(url)
