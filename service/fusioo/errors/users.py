"""What can be wrong with a user."""

from service.errors import Disposition
from service.fusioo.errors.base import FusiooError


class UserNotFoundError(FusiooError, LookupError):
    disposition = Disposition.DISCARD
    code = 30105
    meaning = "no such user"
