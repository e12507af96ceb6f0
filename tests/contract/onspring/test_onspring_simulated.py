"""Our client of Onspring and the simulator, which share no code, understand each other.

In one process, without a network: what goes over it is tested with each of the two.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.dev.simulators.contents import Content
from service.dev.simulators.onspring import example
from service.dev.simulators.onspring.access import ApiKey
from service.dev.simulators.onspring.app import create_simulator
from service.dev.simulators.onspring.filter_parsing import Comparison, Operand, parse_filter
from service.dev.simulators.onspring.schema import ListValue
from service.dev.simulators.onspring.state import OnspringState
from service.onspring import errors
from service.onspring.client import OnspringClient
from service.onspring.filters import field
from service.onspring.models import AttachmentListValue, FormulaField, ListField, ReferenceField
from tests.fixtures.onspring_calls import page_calls
from tests.fixtures.onspring_client import KEY
from tests.fixtures.onspring_page import page_samples

TASKS, NAME, STATUS, OWNER = example.TASKS, example.NAME, example.STATUS, example.OWNER


@asynccontextmanager
async def client_of(state: OnspringState, *, key: str = KEY) -> AsyncIterator[OnspringClient]:
    transport = httpx2.ASGITransport(app=create_simulator(state))
    async with OnspringClient.open(
        api_key=key, base_url="http://onspring.test", timeout=15.0, transport=transport
    ) as client:
        yield client


@given(st.text())
def test_any_text_in_a_filter_comes_out_as_it_went_in(text: str) -> None:
    for operator, condition in (("eq", field(7).eq(text)), ("contains", field(7).contains(text))):
        assert parse_filter(str(condition)) == Comparison(7, operator, Operand("text", text))  # type: ignore[arg-type]  # one of its operators


@given(one=st.text(), other=st.text())
def test_no_text_breaks_out_of_its_filter(one: str, other: str) -> None:
    wanted = (field(NAME).eq(one) | field(example.DESCRIPTION).ne(other)) & ~field(STATUS).contains(other)
    read = parse_filter(str(wanted))
    assert repr(read).count("Comparison(") >= 3
    assert parse_filter(f"({wanted})") == read


@given(st.datetimes(min_value=datetime(1900, 1, 1)), st.timedeltas(-timedelta(hours=14), timedelta(hours=14)))  # noqa: DTZ001  the zone comes next
def test_any_moment_in_a_filter_comes_out_as_it_went_in(moment: datetime, offset: timedelta) -> None:
    aware = moment.replace(tzinfo=UTC) + offset * (moment.year < 9999)
    parsed = parse_filter(str(field(7).gt(aware)))
    assert isinstance(parsed, Comparison)
    assert parsed.operand is not None
    assert (parsed.operand.kind, datetime.fromisoformat(parsed.operand.text)) == ("date", aware)


def state_of_the_page() -> OnspringState:
    """The example, with every record, file and list value that the page's samples name."""
    state = example.example_state(key=KEY)
    for number in range(4, 141):
        state.records.create(TASKS, {NAME: f"Test Task {number}"})
    late = ListValue("e3371dbf-b557-4a31-b32f-33c0265d2a59", "Late", 3, 3.0, "#fff")
    state.lists[example.STATUSES][2] = late  # in the place of the one that a sample adds
    for record_id, file_id in ((1, 89), (140, 1904)):
        place, content = (TASKS, record_id, example.ATTACHMENTS), Content(b"this is only a test")
        state.files.add(place, "Test Attachment.txt", content, content_type="text/plain", file_id=file_id)
    return state


@pytest.mark.parametrize("name", page_samples())
async def test_the_simulator_does_what_the_page_s_request_asks_for(name: str) -> None:
    sample, state = page_samples()[name], state_of_the_page()
    async with client_of(state) as client:
        value = await page_calls()[name].put_to(client)
    assert [(call.method, call.api_version) for call in state.calls] == [(sample.verb, "2")]
    assert state.calls[0].status in {200, 201, 204}
    if name == "download_file":
        assert value == (sample.text or "").encode()
    else:
        assert (value is None) is (sample.answer is None)


async def test_a_record_is_saved_found_read_and_deleted() -> None:
    async with client_of(example.example_state(key=KEY)) as client:
        value = await client.lists.save_value(example.STATUSES, name="O'Neil's", numeric_value=0.5)
        due = datetime(2024, 1, 1, tzinfo=UTC)
        saved = await client.records.save(
            TASKS,
            {NAME: "it's", STATUS: value, OWNER: 1, example.DUE_DATE: due, example.TAGS: [example.URGENT]},
        )
        for condition in (
            field(NAME).eq("it's"),
            field(STATUS).contains("O'Neil's"),
            field(example.DUE_DATE).gt(datetime(2023, 1, 1, tzinfo=UTC)) & ~field(NAME).is_null(),
        ):
            found = [record.record_id async for record in client.records.walk_query(TASKS, condition)]
            assert found == [saved.id]
        record = await client.records.get(TASKS, saved.id)
        assert (record.value(STATUS), record.value(OWNER)) == (value, 1)
        assert record.value(example.DUE_DATE) == "2024-01-01T00:00:00Z"
        shown = await client.records.get(TASKS, saved.id, data_format="Formatted", field_ids=[STATUS])
        assert [each.value for each in shown.field_data] == ["O'Neil's"]
        await client.records.save(TASKS, {OWNER: None}, record_id=saved.id)
        assert (await client.records.get(TASKS, saved.id)).field(OWNER) is None
        again = await client.records.save(TASKS, {NAME: "b"}, record_id=saved.id)
        assert again.id == saved.id
        await client.records.delete(TASKS, saved.id)
        with pytest.raises(errors.NoSuchThingError):
            await client.records.get(TASKS, saved.id)


async def test_lists_are_walked_and_batches_joined() -> None:
    state = example.example_state(key=KEY)
    for number in range(230):
        state.records.create(TASKS, {NAME: f"Task {number}"})
    state.settings.slowest_count = 40
    async with client_of(state) as client:
        ids = [record.record_id async for record in client.records.walk(TASKS)]
        assert ids == list(range(1, 234))
        state.settings.largest_answer = 12_000
        found = client.records.walk_query(TASKS, field(NAME).not_null())
        assert [record.record_id async for record in found] == ids
        state.settings.largest_answer = None
        batch = await client.records.batch(TASKS, [*reversed(ids), 9999])
        assert [record.record_id for record in batch] == ids[::-1]
        await client.records.delete_batch(TASKS, ids[1:])
        assert [record.record_id async for record in client.records.walk(TASKS)] == ids[:1]
        fields = {each.id: each async for each in client.fields.walk(TASKS, page_size=3)}
    assert isinstance(fields[STATUS], ListField)
    assert isinstance(fields[OWNER], ReferenceField)
    assert isinstance(fields[example.SUMMARY], FormulaField)


async def test_list_values_and_reports() -> None:
    async with client_of(example.example_state(key=KEY)) as client:
        made = await client.lists.save_value(
            example.STATUSES, name="Waiting", numeric_value=1.5, color="#fff"
        )
        status = await client.fields.get(STATUS)
        assert isinstance(status, ListField)
        assert [value.name for value in status.values][-1] == "Waiting"
        await client.lists.delete_value(example.STATUSES, made)
        assert [report.id async for report in client.reports.walk(TASKS)] == [613]
        data = await client.reports.data(613)
        assert data.rows[0].cells[3] == "In Progress"


async def test_what_a_query_can_t_compare_is_refused() -> None:
    async with client_of(example.example_state(key=KEY)) as client:
        wanted = field(NAME).eq("Review the vendor's contract") | field(STATUS).contains("Complete")
        page = await client.records.query(TASKS, wanted & ~field(example.ESTIMATE).gt(250))
        assert [record.record_id for record in page.items] == [2]
        with pytest.raises(errors.BadRequestError, match="eq is not for field"):
            await client.records.query(TASKS, field(STATUS).eq("Complete"))


async def test_what_a_role_may_not_is_denied() -> None:
    state = example.example_state(key=KEY)
    key = "000000ffffff000000ffffff/00000000-ffff-0000-ffff-00000000eeee"
    state.keys[key] = ApiKey("reader", apps={TASKS: {"read"}})
    async with client_of(state, key=key) as reader:
        with pytest.raises(errors.AccessDeniedError):
            await reader.records.get(example.USERS, 1)
        with pytest.raises(errors.AccessDeniedError):
            await reader.records.save(TASKS, {STATUS: example.IN_PROGRESS}, record_id=1)


async def test_files_go_there_and_back_up_to_the_limit() -> None:
    async with client_of(example.example_state(key=KEY)) as client:
        place = (1, example.ATTACHMENTS)
        file_id = await client.files.create(*place, b"x" * 1000, name="a.txt", notes="n")
        info = await client.files.get(*place, file_id)
        assert (info.name, info.content_type, info.notes) == ("a.txt", "text/plain", "n")
        async with client.files.download(*place, file_id) as file:
            assert b"".join([part async for part in file]) == b"x" * 1000
        held = (await client.records.get(TASKS, 1)).field(example.ATTACHMENTS)
        assert isinstance(held, AttachmentListValue)
        assert [each.file_id for each in held.value] == [file_id]
        await client.files.delete(*place, file_id)
        with pytest.raises(errors.NoSuchThingError):
            await client.files.get(*place, file_id)
        with pytest.raises(errors.BadRequestError):
            await client.files.get(1, NAME, file_id)
        with pytest.raises(errors.FileTooLargeError):
            await client.files.create(*place, bytes(51_000_000), name="big.bin")


@pytest.mark.parametrize("body", ["html", "empty", "json"])
async def test_a_key_that_is_not_accepted_is_told_whatever_the_401_holds(body: str) -> None:
    state = example.example_state(key=KEY)
    state.settings.unauthorized_body = body  # type: ignore[assignment]  # one of the three
    async with client_of(state, key="another-key") as client:
        await client.ping()
        with pytest.raises(errors.UnauthorizedError):
            await client.apps.page()
