"""Runs over the API."""

from uuid import UUID

from service.handlers.filtering import RunFilter
from service.handlers.listing import RunDetail, RunView, list_runs, show_run
from service.lifecycle import RunStatus
from service.pipeline.showing.apps import known_app_ids
from service.web.api.operations import Desk, Operation
from service.web.api.pages import Listing, Page, TimeCursor, page_of
from service.web.api.parameters import Past, Query, Text


class RunsQuery(Listing):
    """Which runs."""

    account: Text | None = None
    """Only of this account."""
    app: Text | None = None
    """Only of this app: its id or exact name."""
    record: Text | None = None
    """Only of the record with this id."""
    rule: Text | None = None
    """Only of this rule."""
    handler: Text | None = None
    """Only of this handler."""
    change: UUID | None = None
    """Only of the change with this id."""
    status: RunStatus | None = None
    """Only with this status."""
    error_contains: Text | None = None
    """Only those whose last error contains this text."""
    since: Past | None = None
    """Only those made since then: how long ago (`2h`), or a moment (`2026-11-22T05:00`, UTC)."""
    until: Past | None = None
    """Only those made before then, said in the same ways."""
    cursor: TimeCursor | None = None
    """The `next` of the page before."""


class RunQuery(Query):
    """Which run."""

    id: UUID
    """A run's id."""


async def _list(desk: Desk, query: RunsQuery) -> Page:
    wanted = RunFilter(
        account=query.account,
        app_ids=await known_app_ids(desk.connection, query.app),
        record_id=query.record,
        rule=query.rule,
        handler=query.handler,
        change_id=query.change,
        status=query.status,
        error_contains=query.error_contains,
        since=query.since,
        until=query.until,
    )
    found = await list_runs(desk.connection, wanted, before=query.cursor, limit=query.limit + 1)
    return page_of(found, query, lambda last: (last.created_at, last.id))


async def _show(desk: Desk, query: RunQuery) -> RunDetail:
    return await show_run(desk.connection, query.id)


RUNS = (
    Operation(
        name="listRuns",
        path="/runs",
        summary="What handlers did, the newest first.",
        query=RunsQuery,
        view=RunView,
        is_listing=True,
        look=_list,
    ),
    Operation(
        name="showRun",
        path="/runs/{id}",
        summary="One run with all its tries.",
        query=RunQuery,
        view=RunDetail,
        is_listing=False,
        look=_show,
    ),
)
