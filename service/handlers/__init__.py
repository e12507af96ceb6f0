"""What a Python handler imports."""

from service.changes.types import Change
from service.handlers.context import Context
from service.handlers.functions import handler
from service.handlers.types import Discard, Retry

__all__ = ["Change", "Context", "Discard", "Retry", "handler"]
