"""What Fusioo's API can answer instead of what was asked: one class per documented code and meaning.

    ProviderError
    └── FusiooError                            carries code, status, endpoint and what the caller should do
        ├── UnreachableError                   RETRY     no answer at all (the cause says more)
        ├── UnreadableAnswerError              RETRY     HTML, cut, empty, or not the documented shape
        ├── UnavailableError            5xx    RETRY     their fault, without a code
        ├── RateLimitedError            429    DEFER     the company's calls are used up
        ├── InternalError               10001  RETRY
        ├── EndpointNotFoundError       10002  HALT      wrong path or method: is the base URL right?
        ├── UnauthorizedError           10003  HALT      also HTTP 401
        ├── AppNotFoundError            30000  HALT
        ├── AppAccessDeniedError        30001  HALT
        ├── PermissionMissingError             DISCARD   30002 create · 30003 update · 30004 delete
        │   ├── CannotCreateError · CannotUpdateError · CannotDeleteError
        ├── ValidationFailedError       30050  DISCARD   the fields sent are not acceptable; has details
        ├── RecordNotFoundError         30051  DISCARD
        ├── RecordAccessDeniedError     30052  DISCARD
        ├── ConcurrentRequestsError     30054  RETRY
        ├── ListingRefusedError                DISCARD   a sort field, direction, offset or limit is refused
        │   ├── SortFieldNotFoundError 30100 · SortFieldNotSortableError 30101 · SortFieldHiddenError 30102
        │   └── DirectionInvalidError  30103 · OffsetInvalidError        30104 · LimitInvalidError    30105
        ├── WebhookNotFoundError        30200  DISCARD
        ├── RequestTooLargeError               RETRY     many records at once are refused: ask for fewer
        └── UnknownCodeError                   RETRY     a code that no page documents

A code means one thing per endpoint (30105 has two meanings in the API): fusioo/endpoints.py says which.
Source of codes and meanings: the tables under each method of the vendor's page of API version 3; of the
statuses: its overview.
"""

import json
from typing import Any, Self

from service.errors import (
    AccountRefusedError,
    AppRefusedError,
    BatchTooLargeError,
    Disposition,
    ProviderError,
)
from service.transport.errors import TransportError

_LONGEST_QUOTE = 200


class FusiooError(ProviderError):
    """Base: Fusioo did not give what was asked. `endpoint` is a label, without ids."""

    code: int | None = None
    """The envelope's code; on the class the documented one, on the error the one that came."""
    meaning = "the API answered with an error"
    remedy: str | None = None

    def __init__(
        self,
        said: str = "",
        *,
        endpoint: str,
        status: int | None = None,
        code: int | None = None,
        details: Any = None,
        retry_after: float | None = None,
    ) -> None:
        self.said, self.endpoint, self.status, self.details = said, endpoint, status, details
        self.code = code if code is not None else self.code
        self.retry_after = retry_after
        numbers = ", ".join(
            f"{name} {number}"
            for name, number in (("code", self.code), ("HTTP", status))
            if number is not None
        )
        message = f"Fusioo, {endpoint}: {self.meaning}"
        message += f" ({numbers})" if numbers else ""
        message += f": {said[:_LONGEST_QUOTE]}" if said else ""
        super().__init__(message + (f"; {self.remedy}" if self.remedy else ""))


class UnreachableError(FusiooError):
    """No answer came; `__cause__` is the TransportError, whose disposition this error takes over."""

    meaning = "no answer"
    may_have_acted: bool = True
    """False where the call surely never arrived, so that repeating it is always safe."""

    @classmethod
    def because_of(cls, cause: TransportError, *, endpoint: str) -> Self:
        error = cls(str(cause), endpoint=endpoint)
        error.disposition, error.may_have_acted = cause.disposition, cause.may_have_acted
        return error


class UnreadableAnswerError(FusiooError):
    """The answer is not what the page documents. Its text is never quoted: it may hold secrets or records."""

    meaning = "the answer can't be understood"


class UnavailableError(FusiooError):
    """HTTP 5xx without a code: Fusioo, or something in front of it, is in trouble."""

    meaning = "the service is unavailable"


class RateLimitedError(FusiooError):
    """HTTP 429: the company's calls of the moving hour are used up. Not an attempt; ask again later."""

    disposition = Disposition.DEFER
    meaning = "too many calls"


class InternalError(FusiooError):
    code = 10001
    meaning = "internal error"


class EndpointNotFoundError(FusiooError):
    """The path does not exist, or not with this method: our base URL is wrong, or the API changed."""

    disposition = Disposition.HALT
    code = 10002
    meaning = "no such path or method"
    remedy = "check the account's base_url"


class UnauthorizedError(FusiooError, AccountRefusedError):
    """The token is wrong, expired or revoked. No call of this account can work."""

    disposition = Disposition.HALT
    code = 10003
    meaning = "the token is not accepted"
    remedy = "give the account a new token"


class AppNotFoundError(FusiooError, AppRefusedError, LookupError):
    disposition = Disposition.HALT
    code = 30000
    meaning = "no such app"
    remedy = "check the app's id, and that the token belongs to the right account"


class AppAccessDeniedError(FusiooError, AppRefusedError):
    disposition = Disposition.HALT
    code = 30001
    meaning = "the token may not use this app"
    remedy = "give its user access to the app in Fusioo"


class PermissionMissingError(FusiooError):
    """The token's user lacks a right in the app; a person can grant it in Fusioo."""

    disposition = Disposition.DISCARD
    remedy = "give the token's user this right in Fusioo"


class CannotCreateError(PermissionMissingError):
    code = 30002
    meaning = "the token may not create records in this app"


class CannotUpdateError(PermissionMissingError):
    code = 30003
    meaning = "the token may not update records of this app"


class CannotDeleteError(PermissionMissingError):
    code = 30004
    meaning = "the token may not delete records of this app"


class ValidationFailedError(FusiooError):
    """A field is missing, unknown, or has a value that its options forbid. `details` is what the API said."""

    disposition = Disposition.DISCARD
    code = 30050
    meaning = "the record's fields are not valid"

    def __str__(self) -> str:
        return f"{super().__str__()} {json.dumps(self.details, default=repr)[:_LONGEST_QUOTE]}"


class RecordNotFoundError(FusiooError, LookupError):
    disposition = Disposition.DISCARD
    code = 30051
    meaning = "no such record"


class RecordAccessDeniedError(FusiooError):
    disposition = Disposition.DISCARD
    code = 30052
    meaning = "the token may not read this record"


class ConcurrentRequestsError(FusiooError):
    """Somebody else wrote at the same moment."""

    code = 30054
    meaning = "concurrent requests"


class ListingRefusedError(FusiooError):
    """How a list is sorted or cut is refused."""

    disposition = Disposition.DISCARD


class SortFieldNotFoundError(ListingRefusedError):
    code = 30100
    meaning = "the field to sort by does not exist"


class SortFieldNotSortableError(ListingRefusedError):
    code = 30101
    meaning = "the field can't be sorted by"


class SortFieldHiddenError(ListingRefusedError):
    code = 30102
    meaning = "the token may not read the field to sort by"


class DirectionInvalidError(ListingRefusedError):
    code = 30103
    meaning = "the direction must be asc or desc"


class OffsetInvalidError(ListingRefusedError):
    code = 30104
    meaning = "the offset must be 0 or more"


class LimitInvalidError(ListingRefusedError):
    code = 30105
    meaning = "the limit must be 0 to 200"


class WebhookNotFoundError(FusiooError, LookupError):
    disposition = Disposition.DISCARD
    code = 30200
    meaning = "no such webhook"


class RequestTooLargeError(FusiooError, BatchTooLargeError):
    """Asking for many records at once was refused without a known code, or answered with more than we read.

    How long a URL may be is unpublished. Ask again for half of them; one record alone goes by its own path.
    """

    meaning = "the request or its answer is too large"


class UnknownCodeError(FusiooError):
    """`code` is one that no page documents for this endpoint."""

    meaning = "an undocumented error"
