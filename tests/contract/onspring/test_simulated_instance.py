"""Onspring's client and the simulator, written apart from one page, understand each other."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.dev.simulators.onspring.access import ApiKey
from service.dev.simulators.onspring.app import create_simulator
from service.dev.simulators.onspring.example import (
    ATTACHMENTS,
    COMPLETE,
    DESCRIPTION,
    DUE_DATE,
    ESTIMATE,
    IN_PROGRESS,
    NAME,
    OWNER,
    REMINDER,
    STATUS,
    STATUSES,
    SUMMARY,
    TASKS,
    USERS,
    example_state,
)
from service.dev.simulators.onspring.filter_parsing import Comparison, Operand, parse_filter
from service.dev.simulators.onspring.state import OnspringState
from service.onspring.client import OnspringClient
from service.onspring.errors import (
    AccessDeniedError,
    BadRequestError,
    FileTooLargeError,
    NoSuchThingError,
    UnauthorizedError,
)
from service.onspring.filters import field
from service.onspring.models import ListField
from service.transport.retrying import NO_RETRIES
from tests.fixtures.onspring_simulator import API_KEY


def _open(state: OnspringState, key: str = API_KEY) -> OnspringClient:
    transport = httpx2.ASGITransport(create_simulator(state))
    return OnspringClient.open(
        api_key=key, base_url="https://onspring.test", timeout=15.0, retries=NO_RETRIES, transport=transport
    )


@pytest.fixture
def state() -> OnspringState:
    return example_state(key=API_KEY)


@pytest.fixture
async def client(state: OnspringState) -> AsyncIterator[OnspringClient]:
    async with _open(state) as opened:
        yield opened


async def test_every_call_has_the_key_and_the_version(client: OnspringClient, state: OnspringState) -> None:
    await client.ping()
    assert [app.id async for app in client.apps.walk()] == [USERS, 3, TASKS]
    assert (await client.apps.get(TASKS)).name == "Tasks"
    assert [app.id for app in await client.apps.batch([TASKS, 99, USERS])] == [TASKS, USERS]
    assert {call.api_version for call in state.calls} == {"2"}


async def test_every_type_of_field_is_known(client: OnspringClient, state: OnspringState) -> None:
    shown = [known async for known in client.fields.walk(TASKS)]
    assert [known.id for known in shown] == [known.id for known in state.fields_of(TASKS)]
    status = await client.fields.get(STATUS)
    assert isinstance(status, ListField)
    assert [value.name for value in status.values] == ["In Progress", "Complete", "Not Started"]
    assert [known.id for known in await client.fields.batch([OWNER, SUMMARY])] == [OWNER, SUMMARY]


async def test_a_record_is_saved_read_and_deleted(client: OnspringClient) -> None:
    due = datetime(2024, 9, 30, 7, tzinfo=UTC)
    span = {"quantity": 2, "increment": "Days", "recurrence": "None"}
    values = {
        NAME: "It's <b>new</b>",
        STATUS: COMPLETE,
        OWNER: 3,
        DUE_DATE: due,
        ESTIMATE: 2.5,
        REMINDER: span,
    }
    saved = await client.records.save(TASKS, values)
    assert saved.warnings == ()
    raw = await client.records.get(TASKS, saved.id)
    assert (raw.value(NAME), raw.value(STATUS), raw.value(OWNER)) == ("It's <b>new</b>", COMPLETE, 3)
    assert (raw.value(DUE_DATE), raw.value(ESTIMATE)) == ("2024-09-30T07:00:00Z", 2.5)
    formatted = await client.records.get(TASKS, saved.id, data_format="Formatted")
    assert (formatted.value(NAME), formatted.value(STATUS)) == ("It's new", "Complete")
    await client.records.save(TASKS, {OWNER: None}, record_id=saved.id)
    assert (await client.records.get(TASKS, saved.id)).field(OWNER) is None
    await client.records.delete(TASKS, saved.id)
    with pytest.raises(NoSuchThingError):
        await client.records.get(TASKS, saved.id)


async def test_pages_halve_until_they_fit_and_lose_nothing(
    client: OnspringClient, state: OnspringState
) -> None:
    for number in range(240):
        state.records.create(TASKS, {NAME: f"Task {number}"})
    expected = [record.id for record in state.records.of(TASKS)]
    state.settings.largest_answer = 12_000
    assert [record.record_id async for record in client.records.walk(TASKS)] == expected
    state.settings.largest_answer, state.settings.slowest_count = None, 70
    assert [record.record_id async for record in client.records.walk(TASKS)] == expected
    found = client.records.walk_query(TASKS, field(NAME).not_null())
    assert [record.record_id async for record in found] == expected
    state.settings.slowest_count = 30
    assert [record.record_id for record in await client.records.batch(TASKS, expected)] == expected
    await client.records.delete_batch(TASKS, expected)
    assert state.records.of(TASKS) == []


@given(text=st.text())
def test_any_text_in_a_filter_is_read_as_it_was_meant(text: str) -> None:
    assert parse_filter(str(field(NAME).eq(text))) == Comparison(NAME, "eq", Operand("text", text))


@given(one=st.text(), other=st.text())
def test_no_text_breaks_out_of_its_filter(one: str, other: str) -> None:
    wanted = (field(NAME).eq(one) | field(DESCRIPTION).ne(other)) & ~field(STATUS).contains(other)
    read = parse_filter(str(wanted))
    assert repr(read).count("Comparison(") >= 3
    assert parse_filter(f"({wanted})") == read


async def test_a_query_finds_what_the_filter_says(client: OnspringClient) -> None:
    wanted = field(NAME).eq("Review the vendor's contract") | field(STATUS).contains("Complete")
    page = await client.records.query(TASKS, wanted & ~field(ESTIMATE).gt(250))
    assert [record.record_id for record in page.items] == [2]
    late = field(DUE_DATE).lt(datetime(2021, 12, 31, tzinfo=UTC))
    assert len((await client.records.query(TASKS, late)).items) == 2
    with pytest.raises(BadRequestError, match="eq is not for field"):
        await client.records.query(TASKS, field(STATUS).eq("Complete"))


async def test_list_values_and_reports(client: OnspringClient) -> None:
    made = await client.lists.save_value(STATUSES, name="Waiting", numeric_value=1.5, color="#fff")
    status = await client.fields.get(STATUS)
    assert isinstance(status, ListField)
    assert status.values[-1].name == "Waiting"
    await client.lists.delete_value(STATUSES, made)
    assert [report.id async for report in client.reports.walk(TASKS)] == [613]
    data = await client.reports.data(613)
    assert data.rows[0].cells[3] == "In Progress"


@pytest.mark.parametrize("body", ["html", "empty", "json"])
async def test_a_wrong_key_is_known_whatever_the_body(state: OnspringState, body: str) -> None:
    state.settings.unauthorized_body = body  # type: ignore[assignment]  # checked by the settings themselves
    async with _open(state, "000000ffffff000000ffffff/00000000-ffff-0000-ffff-00000000ffff") as stranger:
        with pytest.raises(UnauthorizedError):
            await stranger.apps.page()


async def test_what_a_role_may_not_is_denied(state: OnspringState) -> None:
    key = "000000ffffff000000ffffff/00000000-ffff-0000-ffff-00000000eeee"
    state.keys[key] = ApiKey("reader", apps={TASKS: {"read"}})
    async with _open(state, key) as reader:
        with pytest.raises(AccessDeniedError):
            await reader.records.get(USERS, 1)
        with pytest.raises(AccessDeniedError):
            await reader.records.save(TASKS, {STATUS: IN_PROGRESS}, record_id=1)


async def test_files_go_up_and_down_and_one_that_is_too_big_is_named(
    client: OnspringClient, state: OnspringState
) -> None:
    made = await client.files.create(1, ATTACHMENTS, b"a note", name="note.txt", notes="Read it")
    info = await client.files.get(1, ATTACHMENTS, made)
    assert (info.name, info.notes) == ("note.txt", "Read it")
    async with client.files.download(1, ATTACHMENTS, made) as file:
        pieces = [piece async for piece in file]
    assert b"".join(pieces) == b"a note"
    await client.files.delete(1, ATTACHMENTS, made)
    state.settings.file_limit = 5
    with pytest.raises(FileTooLargeError):
        await client.files.create(1, ATTACHMENTS, b"a note", name="note.txt")
