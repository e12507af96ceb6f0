"""Changes over the API, and why each of them was found."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, ValidationInfo

from service.changes.types import Kind, Origin
from service.pipeline.explaining.explain import explain_change
from service.pipeline.explaining.explanation import Explanation
from service.pipeline.showing.apps import known_app_ids
from service.records.listing import (
    ChangeDetail,
    ChangeFilter,
    ChangeView,
    JudgedChange,
    list_changes,
    list_judged_changes,
    show_change,
)
from service.web.api.operations import Desk, Operation
from service.web.api.pages import Listing, Page, TimeCursor, page_of
from service.web.api.parameters import Query, Text


def _with_rule(missed: bool, info: ValidationInfo) -> bool:
    if missed and info.data.get("rule") is None:
        message = "name the rule with `rule`"
        raise ValueError(message)
    return missed


class ChangesQuery(Listing):
    """Which changes."""

    account: Text | None = None
    """Only of this account."""
    app: Text | None = None
    """Only of this app: its id or exact name."""
    record: Text | None = None
    """Only of the record with this id."""
    kind: Kind | None = None
    """Only of this kind."""
    origin: Origin | None = None
    """Only of this origin: `reconcile` are those that no webhook told of."""
    rule: Text | None = None
    """Only those that this rule matched."""
    missed: Annotated[bool, AfterValidator(_with_rule)] = False
    """Only those of the app of `rule` that it did not match, with what decided."""
    cursor: TimeCursor | None = None
    """The `next` of the page before."""


class ChangeQuery(Query):
    """Which change."""

    id: UUID
    """A change's id."""


async def _list(desk: Desk, query: ChangesQuery) -> Page:
    found = await _found(desk, query, await known_app_ids(desk.connection, query.app))
    return page_of(found, query, lambda last: (last.created_at, last.id))


async def _found(desk: Desk, query: ChangesQuery, app_ids: list[str] | None) -> Sequence[ChangeView]:
    chosen = ChangeFilter(
        account=query.account,
        app_ids=app_ids,
        record_id=query.record,
        kind=query.kind,
        origin=query.origin,
        before=query.cursor,
    )
    limit = query.limit + 1
    if query.rule is None:
        return await list_changes(desk.connection, chosen, limit=limit)
    return await list_judged_changes(
        desk.connection, chosen, rule=query.rule, missed=query.missed, limit=limit
    )


async def _show(desk: Desk, query: ChangeQuery) -> ChangeDetail:
    return await show_change(desk.connection, query.id)


async def _explain(desk: Desk, query: ChangeQuery) -> Explanation:
    return await explain_change(desk.connection, query.id)


CHANGES = (
    Operation(
        name="listChanges",
        path="/changes",
        summary="What really changed, the newest first. With `rule`, each says what that rule decided.",
        query=ChangesQuery,
        view=JudgedChange | ChangeView,
        is_listing=True,
        look=_list,
    ),
    Operation(
        name="showChange",
        path="/changes/{id}",
        summary="One change with the record after it.",
        query=ChangeQuery,
        view=ChangeDetail,
        is_listing=False,
        look=_show,
    ),
    Operation(
        name="explainChange",
        path="/changes/{id}/explanation",
        summary="Why a change was found, what every rule said of it, clause by clause, and what was run.",
        query=ChangeQuery,
        view=Explanation,
        is_listing=False,
        look=_explain,
    ),
)
