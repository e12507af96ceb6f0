"""How an attempt ends whose target is not there; all else is said by the error that the client raises."""

from collections.abc import Iterator
from contextlib import contextmanager

from service.fusioo.errors import DiscussionNotFoundError, RecordNotFoundError
from service.handlers.types import Discard


@contextmanager
def needing_its_target() -> Iterator[None]:
    """Surround a call. Raises Discard where the record or the discussion is not there (any more)."""
    try:
        yield
    except (RecordNotFoundError, DiscussionNotFoundError) as error:
        raise Discard(str(error)) from error
