"""`/discussions` and `/comments`."""

from typing import Any

from starlette.requests import Request

from service.dev.simulators.fusioo.access import User
from service.dev.simulators.fusioo.conversations import Discussion
from service.dev.simulators.fusioo.doorway import Endpoint, read_json, version_of
from service.dev.simulators.fusioo.envelope import Code, RefusedCallError
from service.dev.simulators.fusioo.listing import Page, parse_page
from service.dev.simulators.fusioo.records import Record
from service.dev.simulators.fusioo.said import checked_content
from service.dev.simulators.fusioo.state import FusiooState
from service.dev.simulators.fusioo.views import FIRST_WITH_FILES
from service.dev.simulators.fusioo.writing import drop_discussion

_PAGE_MESSAGES = {
    Code.SORT_DIRECTION_INVALID: "Direction is invalid",
    Code.OFFSET_INVALID: "Offset is invalid",
    Code.LIMIT_INVALID: "Limit is invalid",
}
"""The page words these otherwise than for records."""


async def create_discussion(state: FusiooState, user: User, request: Request) -> dict[str, Any]:
    record = _record(state, user, request.path_params["record_id"])
    content, files = checked_content(state, await read_json(request))
    discussion = state.conversations.open(record.id, content, files, person=user.name)
    state.files.say(discussion.id, files)
    return discussion.to_json()


async def list_discussions(state: FusiooState, user: User, request: Request) -> list[dict[str, Any]]:
    record = _record(state, user, request.path_params["record_id"])
    page = _page(state, request)
    return [discussion.to_json() for discussion in page.cut(state.conversations.on_record(record.id))]


async def get_discussion(state: FusiooState, user: User, request: Request) -> dict[str, Any]:
    return _discussion(state, user, request).to_json()


async def delete_discussion(state: FusiooState, user: User, request: Request) -> dict[str, Any]:
    discussion = _discussion(state, user, request)
    if discussion.created_by != user.name:
        # "Only the owner of the discussion can delete it"; of the two codes listed, this one fits.
        raise RefusedCallError(Code.APP_DENIED)
    drop_discussion(state, discussion.id)
    return {}


async def create_comment(state: FusiooState, user: User, request: Request) -> dict[str, Any]:
    discussion = _discussion(state, user, request)
    content, files = checked_content(state, await read_json(request))
    comment = state.conversations.answer(discussion, content, files, person=user.name)
    state.files.say(comment.id, files)
    return comment.to_json()


def _record(state: FusiooState, user: User, record_id: str) -> Record:
    try:
        record = user.open(state.records.by_id, record_id)
    except RefusedCallError as refused:
        # 30052 stands in no table of these endpoints: a record denied is one not found.
        code = Code.RECORD_NOT_FOUND if refused.code is Code.RECORD_DENIED else refused.code
        raise RefusedCallError(code) from refused
    if record.now.deleted:
        raise RefusedCallError(Code.RECORD_NOT_FOUND)
    return record


def _discussion(state: FusiooState, user: User, request: Request) -> Discussion:
    discussion = state.conversations.by_id.get(request.path_params["discussion_id"])
    if discussion is None:
        raise RefusedCallError(Code.DISCUSSION_NOT_FOUND)
    try:
        _record(state, user, discussion.record_id)
    except RefusedCallError as refused:
        denied = refused.code is Code.APP_DENIED
        raise RefusedCallError(Code.APP_DENIED if denied else Code.DISCUSSION_NOT_FOUND) from refused
    return discussion


def _page(state: FusiooState, request: Request) -> Page:
    try:
        return parse_page(request.query_params, state.settings, version_of(request))
    except RefusedCallError as refused:
        raise RefusedCallError(refused.code, message=_PAGE_MESSAGES[refused.code]) from refused


ENDPOINTS = (
    Endpoint("POST", "/discussions/records/{record_id}", create_discussion, since=FIRST_WITH_FILES),
    Endpoint("GET", "/discussions/records/{record_id}", list_discussions, since=FIRST_WITH_FILES),
    Endpoint("GET", "/discussions/{discussion_id}", get_discussion, since=FIRST_WITH_FILES),
    Endpoint("DELETE", "/discussions/{discussion_id}", delete_discussion, since=FIRST_WITH_FILES),
    Endpoint("POST", "/comments/discussions/{discussion_id}", create_comment, since=FIRST_WITH_FILES),
)
