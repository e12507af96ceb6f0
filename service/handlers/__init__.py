"""What a Python handler imports."""

from service.changes.types import Change
from service.handlers.alarms import Alarm, AlarmContext
from service.handlers.context import Context
from service.handlers.functions import alarm_handler, handler
from service.handlers.types import Discard, Retry

__all__ = ["Alarm", "AlarmContext", "Change", "Context", "Discard", "Retry", "alarm_handler", "handler"]
