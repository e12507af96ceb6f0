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
        ├── StaleTokenError                    DEFER     10003, and a fresh token is there already
        ├── AppNotFoundError            30000  HALT
        ├── AppAccessDeniedError        30001  HALT
        ├── PermissionMissingError             DISCARD   30002 create · 30003 update · 30004 delete
        │   ├── CannotCreateError · CannotUpdateError · CannotDeleteError
        ├── ValidationFailedError       30050  DISCARD   the fields sent are not acceptable; has details
        ├── RecordNotFoundError         30051  DISCARD
        ├── RecordAccessDeniedError     30052  DISCARD
        ├── ConcurrentRequestsError     30054  RETRY
        ├── DiscussionNotFoundError     30056  DISCARD
        ├── ContentRefusedError                DISCARD   the text of a discussion or comment is refused
        │   ├── ContentMissingError     30057 · ContentTooLongError       30058
        ├── ListingRefusedError                DISCARD   a sort field, direction, offset or limit is refused
        │   ├── SortFieldNotFoundError 30100 · SortFieldNotSortableError 30101 · SortFieldHiddenError 30102
        │   └── DirectionInvalidError  30103 · OffsetInvalidError        30104 · LimitInvalidError    30105
        ├── ListIncompleteError                RETRY     a walk could not see all of a list: says how many
        ├── UserNotFoundError           30105  DISCARD   the same code as of LimitInvalidError
        ├── WebhookNotFoundError        30200  DISCARD
        ├── NoSuchFileError             30250  DISCARD
        ├── FileAccessDeniedError       30256  DISCARD   the token may not use the field that holds the file
        ├── FileRefusedError                   DISCARD   a file to be created is refused
        │   ├── FileTypeInvalidError   30251 · FileTooLargeError         30252
        │   └── StorageFullError       30253 · MultipleFilesError        30254
        ├── OAuthError                                   the token endpoint gave no token; nothing was sent
        │   ├── TokenUnavailableError          DEFER     it is down, or somebody else is asking it
        │   └── TokenRefusedError              HALT
        │       └── ApplicationRefusedError · GrantRefusedError
        ├── RequestTooLargeError               RETRY     many records at once are refused: ask for fewer
        ├── OneOfManyRefusedError              RETRY     … for the sake of one of them: ask for halves
        └── UnknownCodeError                   RETRY     a code that no page documents

A code means one thing per endpoint (30105 has two meanings in the API): fusioo/endpoints.py says which.
Those that mean that something is not there are LookupErrors too.
Source of codes and meanings: the tables under each method of the vendor's page of API version 3; of the
statuses: its overview.
"""

from service.fusioo.errors.apps import (
    AppAccessDeniedError,
    AppNotFoundError,
    CannotCreateError,
    CannotDeleteError,
    CannotUpdateError,
    PermissionMissingError,
)
from service.fusioo.errors.base import (
    EndpointNotFoundError,
    FusiooError,
    InternalError,
    OneOfManyRefusedError,
    RateLimitedError,
    RequestTooLargeError,
    StaleTokenError,
    UnauthorizedError,
    UnavailableError,
    UnknownCodeError,
    UnreachableError,
    UnreadableAnswerError,
)
from service.fusioo.errors.discussions import (
    ContentMissingError,
    ContentRefusedError,
    ContentTooLongError,
    DiscussionNotFoundError,
)
from service.fusioo.errors.files import (
    FileAccessDeniedError,
    FileRefusedError,
    FileTooLargeError,
    FileTypeInvalidError,
    MultipleFilesError,
    NoSuchFileError,
    StorageFullError,
)
from service.fusioo.errors.listings import (
    DirectionInvalidError,
    LimitInvalidError,
    ListIncompleteError,
    ListingRefusedError,
    OffsetInvalidError,
    SortFieldHiddenError,
    SortFieldNotFoundError,
    SortFieldNotSortableError,
)
from service.fusioo.errors.oauth import (
    ApplicationRefusedError,
    GrantRefusedError,
    OAuthError,
    TokenRefusedError,
    TokenUnavailableError,
)
from service.fusioo.errors.records import (
    ConcurrentRequestsError,
    RecordAccessDeniedError,
    RecordNotFoundError,
    ValidationFailedError,
)
from service.fusioo.errors.users import UserNotFoundError
from service.fusioo.errors.webhooks import WebhookNotFoundError

__all__ = [
    "AppAccessDeniedError",
    "AppNotFoundError",
    "ApplicationRefusedError",
    "CannotCreateError",
    "CannotDeleteError",
    "CannotUpdateError",
    "ConcurrentRequestsError",
    "ContentMissingError",
    "ContentRefusedError",
    "ContentTooLongError",
    "DirectionInvalidError",
    "DiscussionNotFoundError",
    "EndpointNotFoundError",
    "FileAccessDeniedError",
    "FileRefusedError",
    "FileTooLargeError",
    "FileTypeInvalidError",
    "FusiooError",
    "GrantRefusedError",
    "InternalError",
    "LimitInvalidError",
    "ListIncompleteError",
    "ListingRefusedError",
    "MultipleFilesError",
    "NoSuchFileError",
    "OAuthError",
    "OffsetInvalidError",
    "OneOfManyRefusedError",
    "PermissionMissingError",
    "RateLimitedError",
    "RecordAccessDeniedError",
    "RecordNotFoundError",
    "RequestTooLargeError",
    "SortFieldHiddenError",
    "SortFieldNotFoundError",
    "SortFieldNotSortableError",
    "StaleTokenError",
    "StorageFullError",
    "TokenRefusedError",
    "TokenUnavailableError",
    "UnauthorizedError",
    "UnavailableError",
    "UnknownCodeError",
    "UnreachableError",
    "UnreadableAnswerError",
    "UserNotFoundError",
    "ValidationFailedError",
    "WebhookNotFoundError",
]
