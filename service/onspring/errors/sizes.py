"""What was asked for is too much at once: half of it may be answered."""

from service.errors import BatchTooLargeError
from service.onspring.errors.base import OnspringError


class DataTooLargeError(OnspringError, BatchTooLargeError):
    """A 400 that says that the size of the data requested was too large, or more than we read."""

    meaning = "so much data is not given at once"


class GatewayTimedOutError(OnspringError, BatchTooLargeError):
    """The gateway gave up after 90 s, what was asked for may still be done."""

    meaning = "the gateway gave up waiting"
