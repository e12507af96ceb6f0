"""What Onspring refuses: the same call will be refused again."""

from service.errors import AccountRefusedError, Disposition
from service.onspring.errors.base import OnspringError


class BadRequestError(OnspringError):
    disposition = Disposition.DISCARD
    meaning = "the request is not acceptable"


class UnauthorizedError(OnspringError, AccountRefusedError):
    """The key is wrong, disabled or of another instance. No call of this account can work.

    `GET /Ping` asks for no key, so it does not prove one.
    """

    disposition = Disposition.HALT
    meaning = "the API key is not accepted"
    remedy = "check in Onspring that the key is enabled and its role active, or give the account a new one"


class AccessDeniedError(OnspringError):
    disposition = Disposition.DISCARD
    meaning = "the API key's role may not do this"
    remedy = "give the role this right in Onspring"


class NoSuchThingError(OnspringError, LookupError):
    """The app, field, record, file … does not exist; a wrong base URL may answer so, too."""

    disposition = Disposition.DISCARD
    meaning = "no such thing"


class FileTooLargeError(OnspringError):
    disposition = Disposition.DISCARD
    meaning = "the file is larger than is allowed"
    remedy = "Onspring takes files of up to 50 MB"
