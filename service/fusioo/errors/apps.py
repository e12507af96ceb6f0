"""What can be wrong with an app, or with the token's rights in it."""

from service.errors import AppRefusedError, Disposition
from service.fusioo.errors.base import FusiooError


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
