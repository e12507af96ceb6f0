"""Which runs a person means."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select, func

from service.handlers.models import Run

Query = TypeVar("Query", bound=Select[*tuple[Any, ...]])


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Runs for which all of this holds; None: no matter what."""

    account: str | None = None
    app_ids: list[str] | None = None
    record_id: str | None = None
    rule: str | None = None
    handler: str | None = None
    change_id: UUID | None = None
    status: str | None = None
    error_contains: str | None = None
    """A part of why the last attempt failed, whatever the case of its letters."""
    since: datetime | timedelta | None = None
    """Made at this moment, or so long ago, or later …"""
    until: datetime | timedelta | None = None
    """… and before this one."""

    def narrow(self, query: Query) -> Query:
        """Leave only these runs in a query of runs."""
        for column, value in (
            (Run.account, self.account),
            (Run.record_id, self.record_id),
            (Run.rule, self.rule),
            (Run.handler, self.handler),
            (Run.change_id, self.change_id),
            (Run.status, self.status),
        ):
            if value is not None:
                query = query.where(column == value)
        if self.app_ids is not None:
            query = query.where(Run.app_id.in_(self.app_ids))
        if self.error_contains is not None:
            query = query.where(func.strpos(func.lower(Run.error), self.error_contains.lower()) > 0)
        if self.since is not None:
            query = query.where(Run.created_at >= _moment(self.since))
        if self.until is not None:
            query = query.where(Run.created_at < _moment(self.until))
        return query


def _moment(given: datetime | timedelta) -> Any:
    """A moment as it is; how long ago by the database's clock."""
    return func.now() - given if isinstance(given, timedelta) else given


EVERY_RUN = RunFilter()
