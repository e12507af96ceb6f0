"""What stands for Onspring in tests of users' handlers: the client finds in it what it would find there."""

from typing import Any

import pytest

from service.changes.types import Change
from service.errors import NotFoundError, RefusedError
from service.handlers import Context, handler
from service.onspring.client import OnspringClient
from service.onspring.definitions import Definitions
from service.onspring.errors import FileTooLargeError, NoSuchThingError
from service.onspring.filters import Filter, field
from service.onspring.models import AttachmentListValue, GuidValue, IntegerListValue
from service.testing import FakeOnspring, OnspringCall, make_change, make_context

TASKS, NAME, STATUS, OWNERS, FILES = 195, 6983, 6986, 6987, 6989
FIELDS: dict[int, dict[int, Any]] = {
    TASKS: {
        NAME: "Name",
        STATUS: {"name": "Status", "type": "List", "values": ["Open", "Done"]},
        OWNERS: {"name": "Owners", "type": "Reference", "multiplicity": "MultiSelect"},
        FILES: {"name": "Attachments", "type": "Attachment"},
    }
}


def client_of(onspring: FakeOnspring) -> OnspringClient:
    return make_context(make_change(None), onspring={"grc": onspring}).onspring("grc")


async def found(client: OnspringClient, asked: Filter) -> list[int]:
    return [each.record_id for each in (await client.records.query(TASKS, asked)).items]


@handler
async def close(change: Change, ctx: Context) -> None:
    """A handler as users write them: it looks, and it writes."""
    client = ctx.onspring("grc")
    task = await client.records.get(TASKS, int(change.record_id))
    if task.value(NAME):
        await client.records.save(TASKS, {STATUS: "a-guid"}, record_id=task.record_id)


async def test_a_handler_is_tried_without_network() -> None:
    onspring = FakeOnspring({TASKS: {16: {NAME: "Buy chairs"}}})
    change = make_change(None, record_id="16", account="grc", provider="onspring", kind="update")
    await close(change, make_context(change, onspring={"grc": onspring}))
    assert onspring.calls == (
        OnspringCall("GET", f"/Records/appId/{TASKS}/recordId/16"),
        OnspringCall("PUT", "/Records", {"appId": TASKS, "recordId": 16, "fields": {str(STATUS): "a-guid"}}),
    )
    assert onspring.records == {TASKS: {16: {NAME: "Buy chairs", STATUS: "a-guid"}}}


async def test_records_are_made_shown_by_the_types_of_their_fields_and_deleted() -> None:
    onspring = FakeOnspring(fields=FIELDS)
    client = client_of(onspring)
    done = onspring.value(STATUS, "Done")
    saved = await client.records.save(TASKS, {NAME: "a", STATUS: done, OWNERS: [1, 2]})
    record = await client.records.get(TASKS, saved.id)
    held = {each.field_id: type(each) for each in record.field_data}
    assert (held[STATUS], held[OWNERS]) == (GuidValue, IntegerListValue)
    assert record.value(STATUS) == done
    assert [each.record_id for each in await client.records.batch(TASKS, [saved.id, 99])] == [saved.id]
    await client.records.delete(TASKS, saved.id)
    with pytest.raises(NoSuchThingError, match="not found"):
        await client.records.get(TASKS, saved.id)
    with pytest.raises(NoSuchThingError):
        await client.records.save(TASKS, {NAME: "b"}, record_id=saved.id)


@pytest.mark.parametrize("name", ["O'Brien", "a and 6983 eq 'b", "", "''"])
async def test_a_query_finds_by_equal_fields_and_list_values(name: str) -> None:
    onspring = FakeOnspring(fields=FIELDS)
    done = onspring.value(STATUS, "Done")
    onspring.records[TASKS] = {1: {NAME: name, STATUS: [done]}, 2: {NAME: name}, 3: {NAME: "other"}}
    client = client_of(onspring)
    asked = field(NAME).eq(name) & field(STATUS).contains(done)
    assert await found(client, asked) == [1]
    assert await found(client, field(NAME).eq(name)) == [1, 2]


async def test_another_query_needs_an_answer() -> None:
    onspring = FakeOnspring({TASKS: {1: {NAME: "a"}}})
    client = client_of(onspring)
    either = field(NAME).eq("a") | field(NAME).eq("b")
    with pytest.raises(AssertionError, match="only `eq` and `contains`"):
        await found(client, either)
    onspring.answer("POST", "/Records/Query", {"items": [{"appId": TASKS, "recordId": 7, "fieldData": []}]})
    assert await found(client, either) == [7]


async def test_fields_and_their_lists_are_listed_and_grow() -> None:
    onspring = FakeOnspring(fields=FIELDS)
    client = client_of(onspring)
    known = await Definitions().of(client, TASKS)
    status = known.find("Status")
    assert status is not None
    assert list(known.names_of_values(STATUS).values()) == ["Open", "Done"]
    assert await client.lists.save_value(STATUS, name="Late") == onspring.value(STATUS, "Late")


async def test_files_are_kept_and_stand_in_their_field() -> None:
    onspring = FakeOnspring({TASKS: {1: {}}}, fields=FIELDS)
    client = client_of(onspring)
    file_id = await client.files.create(1, FILES, b"\x00\r\n--x", name="Vertrag ü.pdf", notes="n")
    assert onspring.files == {file_id: b"\x00\r\n--x"}
    held = (await client.records.get(TASKS, 1)).field(FILES)
    assert isinstance(held, AttachmentListValue)
    assert [(each.file_id, each.file_name, each.notes) for each in held.value] == [
        (file_id, "Vertrag ü.pdf", "n")
    ]
    sent = {"RecordId": "1", "FieldId": str(FILES), "Notes": "n", "File": "Vertrag ü.pdf"}
    assert onspring.calls[0] == OnspringCall("POST", "/Files", sent)
    with pytest.raises(NoSuchThingError):
        await client.files.create(2, FILES, b"a", name="a")


async def test_errors_come_as_onsprings_own_and_the_rest_needs_an_answer() -> None:
    onspring = FakeOnspring()
    client = client_of(onspring)
    onspring.answer("POST", "/Files", "too large", status=413)
    with pytest.raises(FileTooLargeError, match="too large"):
        await client.files.create(1, FILES, b"a", name="a")
    with pytest.raises(AssertionError, match=r"answer\('GET', '/Apps/id/1', \.\.\.\)"):
        await client.apps.get(1)
    await client.ping()


async def test_the_order_of_calls_and_statements_is_watched_and_accounts_are_told_apart() -> None:
    context = make_context(make_change(None), onspring={"grc": FakeOnspring()})
    with pytest.raises(NotFoundError, match="onspring="):
        context.onspring("other")
    await context.db.execute("SELECT 1")
    with pytest.raises(RefusedError, match=r"while ctx\.db is open"):
        await context.onspring("grc").records.get(TASKS, 1)
