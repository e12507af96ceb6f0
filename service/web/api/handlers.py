"""Handlers over the API."""

from service.pipeline.showing.handlers import HandlerView, list_handlers
from service.web.api.operations import Desk, Operation
from service.web.api.pages import Page, whole
from service.web.api.parameters import Query


async def _list(desk: Desk, _: Query) -> Page:
    return whole(await list_handlers(desk.connection, desk.expected))


HANDLERS = (
    Operation(
        name="listHandlers",
        path="/handlers",
        summary="Whether the runs of each handler begin as they come: paused, failing, and how fast.",
        query=Query,
        view=HandlerView,
        is_listing=True,
        look=_list,
    ),
)
