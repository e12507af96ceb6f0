"""What tests of Python handlers need: changes, contexts, and doubles of providers and of the database."""

from service.testing.alarms import make_alarm, make_alarm_context
from service.testing.changes import make_change
from service.testing.contexts import make_context
from service.testing.database import RecordingDatabase, Statement
from service.testing.fusioo import FakeFusioo, FusiooCall
from service.testing.onspring import FakeOnspring, OnspringCall

__all__ = [
    "FakeFusioo",
    "FakeOnspring",
    "FusiooCall",
    "OnspringCall",
    "RecordingDatabase",
    "Statement",
    "make_alarm",
    "make_alarm_context",
    "make_change",
    "make_context",
]
