"""Which answer an error gets: our own fault is always 503."""

import pytest

from service.inbox.errors import InboxError, InboxFullError, InboxUnavailableError, UnstorableError
from service.onspring.outcomes import WrongAppError
from service.pipeline.receive import WrongSecretError
from service.registrations.table import RegistrationsUnavailableError, UnknownKeyError
from service.transport.bodies import MalformedBodyError, NoRecordIdError
from service.web.body import BodyTooLargeError, BodyTooSlowError
from service.web.exceptions import answer_to

THEIRS = [
    (MalformedBodyError("not JSON"), 400),
    (WrongSecretError("x-secret", account="main", app_id="app"), 401),
    (UnknownKeyError("no such key"), 404),
    (BodyTooSlowError("slow"), 408),
    (BodyTooLargeError("large"), 413),
    (NoRecordIdError("no id"), 422),
    (WrongAppError("another app"), 422),
]
OURS = [
    InboxError("some"),
    InboxFullError("full"),
    InboxUnavailableError("away"),
    UnstorableError("refused"),
    RegistrationsUnavailableError("not loaded"),
    RuntimeError("password in here"),
    KeyError("password in here"),
    OSError("password in here"),
]


@pytest.mark.parametrize(("error", "status"), THEIRS, ids=lambda value: type(value).__name__)
def test_what_the_sender_did_has_its_status_and_reason(error: Exception, status: int) -> None:
    answer = answer_to(error)
    assert (answer.status, answer.message) == (status, str(error))
    assert b"retry-after" not in dict(answer.headers)


@pytest.mark.parametrize("error", OURS, ids=lambda value: type(value).__name__)
def test_our_fault_is_503_with_retry_after_and_shows_nothing_inside(error: Exception) -> None:
    answer = answer_to(error)
    assert answer.status == 503
    assert int(dict(answer.headers)[b"retry-after"]) >= 1
    assert "password" not in answer.message


def test_after_a_slow_body_the_connection_is_closed() -> None:
    assert dict(answer_to(BodyTooSlowError("slow")).headers)[b"connection"] == b"close"
