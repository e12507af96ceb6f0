"""What can be wrong with one record."""

import json

from service.errors import Disposition
from service.fusioo.errors.base import FusiooError

_LONGEST_DETAILS = 200


class ValidationFailedError(FusiooError):
    """A field is missing, unknown, or has a value that its options forbid. `details` is what the API said."""

    disposition = Disposition.DISCARD
    code = 30050
    meaning = "the record's fields are not valid"

    def __str__(self) -> str:
        return f"{super().__str__()} {json.dumps(self.details, default=repr)[:_LONGEST_DETAILS]}"


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
