"""What reading all records of an app needs of an account."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from service.budget.lanes import Limit
from service.fusioo.models import Record
from service.fusioo.walking import PagedList


class RecordList(PagedList[Record], Protocol):
    """An app's records, read page by page."""

    in_order: bool
    """False once a page was not sorted by the stamp that was asked for."""


@dataclass(frozen=True, slots=True)
class WalkedAccount:
    """One account, as full sweeps use it."""

    provider: str
    limit: Limit
    listed: Callable[[str], RecordList]
    """From an app's id to its records, by `created`; its calls are paid as a full sweep's."""
