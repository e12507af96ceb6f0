"""What concerns a whole app: none of its records can be had, and none of them is gone for that."""

from collections.abc import Iterator
from contextlib import contextmanager

from service.errors import AppRefusedError, Disposition
from service.onspring.errors.refusals import AccessDeniedError, NoSuchThingError


class AppAccessDeniedError(AccessDeniedError, AppRefusedError):
    disposition = Disposition.HALT
    meaning = "the API key's role may not read the app"
    remedy = "give the role the right to read it in Onspring"


class NoSuchAppError(NoSuchThingError, AppRefusedError):
    """The app was deleted, or never was; a wrong base URL may answer so, too."""

    disposition = Disposition.HALT
    meaning = "there is no such app"


@contextmanager
def about_app() -> Iterator[None]:
    """Surround calls that name an app and no single record: a 403 or 404 is the app's.

    Raises AppAccessDeniedError, NoSuchAppError in their place.
    """
    try:
        yield
    except AppRefusedError:
        raise
    except AccessDeniedError as error:
        raise AppAccessDeniedError(error.said, endpoint=error.endpoint, status=error.status) from error
    except NoSuchThingError as error:
        raise NoSuchAppError(error.said, endpoint=error.endpoint, status=error.status) from error
