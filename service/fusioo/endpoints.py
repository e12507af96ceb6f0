"""Fusioo's endpoints as a table: method, path, what its codes mean, whether it counts.

Source: the vendor's page of API version 3 (https://api.fusioo.com/v3), method by method; its table of codes
under a method is here its `errors`. The codes 10001 to 10003 can come from everywhere.
"""

from dataclasses import dataclass

from service.fusioo import errors
from service.fusioo.errors import FusiooError

ErrorClasses = tuple[type[FusiooError], ...]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of the API. `path` stands below the base URL, with `{names}` for ids."""

    method: str
    path: str
    errors: ErrorClasses = ()
    idempotent: bool = True
    """Whether a repeated call does no more than the first: only then may it be repeated blindly."""
    metered: bool = True
    """Whether it counts against the company's calls per hour."""
    refusal: type[FusiooError] | None = None
    """What a refusal (HTTP 400, 404, 413, 414, 431) without a known code means here."""
    gone: type[FusiooError] | None = None
    """For a deletion: the answer to a repeated call if an earlier one, whose answer was lost, worked."""

    @property
    def label(self) -> str:
        return f"{self.method} {self.path}"


EVERYWHERE: ErrorClasses = (errors.InternalError, errors.EndpointNotFoundError, errors.UnauthorizedError)

_OF_APP: ErrorClasses = (errors.AppNotFoundError, errors.AppAccessDeniedError)
_OF_RECORD: ErrorClasses = (
    errors.AppAccessDeniedError,
    errors.RecordNotFoundError,
    errors.RecordAccessDeniedError,
)
_OF_LISTING: ErrorClasses = (
    errors.SortFieldNotFoundError,
    errors.SortFieldNotSortableError,
    errors.SortFieldHiddenError,
    errors.DirectionInvalidError,
    errors.OffsetInvalidError,
    errors.LimitInvalidError,
)
_OF_CONTENT: ErrorClasses = (errors.ContentMissingError, errors.ContentTooLongError)
_OF_DISCUSSION: ErrorClasses = (errors.AppAccessDeniedError, errors.DiscussionNotFoundError)
_OF_FILE: ErrorClasses = (*_OF_APP, errors.NoSuchFileError, errors.FileAccessDeniedError)

PING = Endpoint("GET", "/ping", metered=False)

LIST_APPS = Endpoint("GET", "/apps")
GET_APP = Endpoint("GET", "/apps/{app}", _OF_APP)

COUNT_RECORDS = Endpoint("GET", "/records/apps/{app}/count", _OF_APP)
COUNT_FILTERED_RECORDS = Endpoint("POST", "/records/apps/{app}/count/filter", _OF_APP)
CREATE_RECORD = Endpoint(
    "POST",
    "/records/apps/{app}",
    (*_OF_APP, errors.CannotCreateError, errors.ValidationFailedError, errors.ConcurrentRequestsError),
    idempotent=False,
)
GET_RECORD = Endpoint("GET", "/records/{record}", _OF_RECORD)
LIST_RECORDS = Endpoint("GET", "/records/apps/{app}", _OF_APP + _OF_LISTING)
FILTER_RECORDS = Endpoint("POST", "/records/apps/{app}/filter", _OF_APP + _OF_LISTING)
RECORDS_BY_IDS = Endpoint(
    "POST", "/records/apps/{app}/filter", _OF_APP + _OF_LISTING, refusal=errors.RequestTooLargeError
)
UPDATE_RECORD = Endpoint(
    "PATCH",
    "/records/{record}",
    (*_OF_RECORD, errors.CannotUpdateError, errors.ValidationFailedError),
    idempotent=False,  # a late repetition would undo what somebody else wrote since
)
DELETE_RECORD = Endpoint(
    "DELETE",
    "/records/{record}",
    (*_OF_RECORD, errors.CannotDeleteError),
    gone=errors.RecordNotFoundError,
)
GET_DELETED_RECORD = Endpoint("GET", "/trash/records/{record}", (errors.RecordNotFoundError,))

CREATE_DISCUSSION = Endpoint(
    "POST",
    "/discussions/records/{record}",
    (errors.AppAccessDeniedError, errors.RecordNotFoundError, *_OF_CONTENT),
    idempotent=False,
)
LIST_DISCUSSIONS = Endpoint(
    "GET",
    "/discussions/records/{record}",
    (
        errors.AppAccessDeniedError,
        errors.RecordNotFoundError,
        errors.DirectionInvalidError,
        errors.OffsetInvalidError,
        errors.LimitInvalidError,
    ),
)
GET_DISCUSSION = Endpoint("GET", "/discussions/{discussion}", _OF_DISCUSSION)
DELETE_DISCUSSION = Endpoint(
    "DELETE", "/discussions/{discussion}", _OF_DISCUSSION, gone=errors.DiscussionNotFoundError
)

CREATE_COMMENT = Endpoint(
    "POST", "/comments/discussions/{discussion}", _OF_DISCUSSION + _OF_CONTENT, idempotent=False
)

LIST_USERS = Endpoint("GET", "/users")
GET_USER = Endpoint("GET", "/users/{user}", (errors.UserNotFoundError,))

GET_FILE = Endpoint("GET", "/files/{file}", _OF_FILE)
DOWNLOAD_FILE = Endpoint("GET", "/files/download/{file}", _OF_FILE)
CREATE_FILE = Endpoint(
    "POST",
    "/files",
    (
        errors.FileTypeInvalidError,
        errors.FileTooLargeError,
        errors.StorageFullError,
        errors.MultipleFilesError,
    ),
    idempotent=False,
)
DELETE_FILE = Endpoint(
    "DELETE",
    "/files/{file}",
    (*_OF_FILE, errors.CannotUpdateError, errors.RecordNotFoundError),
    gone=errors.NoSuchFileError,
)

LIST_WEBHOOKS = Endpoint("GET", "/webhooks")
GET_WEBHOOK = Endpoint("GET", "/webhooks/{webhook}", (errors.WebhookNotFoundError,))
CREATE_WEBHOOK = Endpoint("POST", "/webhooks", idempotent=False)
UPDATE_WEBHOOK = Endpoint("PATCH", "/webhooks/{webhook}", (errors.WebhookNotFoundError,))
DELETE_WEBHOOK = Endpoint(
    "DELETE", "/webhooks/{webhook}", (errors.WebhookNotFoundError,), gone=errors.WebhookNotFoundError
)
