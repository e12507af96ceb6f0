"""Whose fault a failed statement is: the data's, or ours (the server's, the network's, another lock's)."""

from psycopg import DataError, Error, IntegrityError
from psycopg.errors import ProgramLimitExceeded
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError


def is_data_fault(error: BaseException) -> bool:
    """Tell whether the same rows would fail again: bad text, a value too large, a NUL, a double."""
    return isinstance(_origin(error), (DataError, IntegrityError, ProgramLimitExceeded))


def is_our_fault(error: BaseException) -> bool:
    """Tell whether the same statement may succeed later: server away, deadlock, lock timeout, pool full."""
    if isinstance(error, (PoolTimeoutError, OSError)):
        return True
    return isinstance(_origin(error), Error) and not is_data_fault(error)


def _origin(error: BaseException) -> BaseException | None:
    return error.orig if isinstance(error, DBAPIError) else error
