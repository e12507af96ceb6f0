"""Budgets over the API: what `relay doctor` says of them."""

from service.pipeline.showing.budgets import BudgetView, list_budgets
from service.web.api.operations import Desk, Operation
from service.web.api.pages import Page, whole
from service.web.api.parameters import Query


async def _list(desk: Desk, _: Query) -> Page:
    return whole(await list_budgets(desk.connection, desk.expected))


BUDGETS = (
    Operation(
        name="listBudgets",
        path="/budget",
        summary="How much of each account's budget is used, and when there is more or nothing left.",
        query=Query,
        view=BudgetView,
        is_listing=True,
        look=_list,
    ),
)
