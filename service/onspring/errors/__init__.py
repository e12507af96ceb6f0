"""What Onspring's API can answer instead of what was asked: one class per status and meaning.

    ProviderError
    └── OnspringError                          carries status, endpoint and what the caller should do
        ├── UnreachableError                   RETRY     no answer at all (the cause says more)
        ├── UnreadableAnswerError              RETRY     HTML, cut, empty, or not the documented shape
        ├── BadRequestError             400    DISCARD   what was sent is not acceptable
        ├── DataTooLargeError                  RETRY     400 that says so, or more than we read: ask for less
        ├── GatewayTimedOutError        499    RETRY     it took more than 90 s: ask for less
        ├── UnauthorizedError           401    HALT      the key is not accepted
        ├── AccessDeniedError           403    DISCARD   the key's role lacks a right
        │   └── AppAccessDeniedError           HALT      that of reading an app
        ├── NoSuchThingError            404    DISCARD   it does not exist
        │   └── NoSuchAppError                 HALT      an app
        ├── FileTooLargeError           413    DISCARD
        ├── RateLimitedError            429    DEFER     not in the specification; heeded all the same
        ├── UnavailableError            5xx    RETRY     their fault
        └── UnexpectedStatusError              RETRY     a status that no page documents, redirects among them

Sources: "Error Code Summary" of the vendor's page; what it leaves out (413, the text of a 400 for too much
data, 429) is known from its specification and from other clients.
"""

from service.onspring.errors.apps import AppAccessDeniedError, NoSuchAppError, about_app
from service.onspring.errors.base import OnspringError, UnreachableError, UnreadableAnswerError
from service.onspring.errors.refusals import (
    AccessDeniedError,
    BadRequestError,
    FileTooLargeError,
    NoSuchThingError,
    UnauthorizedError,
)
from service.onspring.errors.sizes import DataTooLargeError, GatewayTimedOutError
from service.onspring.errors.troubles import RateLimitedError, UnavailableError, UnexpectedStatusError

__all__ = [
    "AccessDeniedError",
    "AppAccessDeniedError",
    "BadRequestError",
    "DataTooLargeError",
    "FileTooLargeError",
    "GatewayTimedOutError",
    "NoSuchAppError",
    "NoSuchThingError",
    "OnspringError",
    "RateLimitedError",
    "UnauthorizedError",
    "UnavailableError",
    "UnexpectedStatusError",
    "UnreachableError",
    "UnreadableAnswerError",
    "about_app",
]
