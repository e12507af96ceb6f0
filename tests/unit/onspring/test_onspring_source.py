"""What settle sees of Onspring's records."""

from typing import Any

import httpx2
import pytest

from service.changes.types import Answer
from service.dev.simulators.onspring import example
from service.dev.simulators.onspring.access import ApiKey
from service.dev.simulators.onspring.schema import ListValue
from service.dev.simulators.onspring.state import OnspringState
from service.errors import AppRefusedError, UnsortableError
from service.onspring.client import OnspringClient
from service.onspring.definitions import Definitions
from service.onspring.errors import NoSuchAppError, UnauthorizedError, UnreadableAnswerError
from service.onspring.ids import number_in
from service.onspring.presenter import Presenter
from service.onspring.source import OnspringSource
from service.rules.account import Stamps
from tests.fixtures.onspring_client import KEY, client_of, client_over, said

APP = str(example.TASKS)


@pytest.fixture
def state() -> OnspringState:
    return example.example_state(key=KEY)


def source_of(client: OnspringClient, definitions: Definitions | None = None) -> OnspringSource:
    return OnspringSource(client, Presenter(definitions or Definitions(), Stamps().model_dump()))


def paths(state: OnspringState) -> list[str]:
    return [call.path for call in state.calls]


async def test_several_records_are_shown_and_those_missing_are_absent(state: OnspringState) -> None:
    async with client_of(state) as client:
        answer = await source_of(client).fetch_many(APP, ["1", "2", "77"])
    assert answer.absent == {"77"}
    assert not answer.hidden
    first = answer.found["1"]
    stamp = state.records.of(example.TASKS)[0].created.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (first["id"], first["created"], first["created_by"]) == ("1", stamp, ["1"])
    assert (first[str(example.STATUS)], first[str(example.OWNER)]) == (["In Progress"], ["1"])
    assert str(example.MODIFIED) not in first
    assert paths(state) == ["/Fields/appId/195", "/Records/batch-get"]


async def test_fields_are_asked_for_once(state: OnspringState) -> None:
    async with client_of(state) as client:
        source = source_of(client)
        for _ in range(3):
            await source.fetch_many(APP, ["1"])
    assert paths(state).count("/Fields/appId/195") == 1


@pytest.mark.parametrize("odd", ["0", "-1", "016", "x", "", "2147483648", "٣", "1.0", "9" * 5000])
async def test_what_can_be_no_id_is_absent_and_spoils_no_call(state: OnspringState, odd: str) -> None:
    async with client_of(state) as client:
        source = source_of(client)
        assert await source.fetch_many(APP, [odd]) == Answer(absent=frozenset({odd}))
        assert await source.fetch_one(APP, odd) == Answer(absent=frozenset({odd}))
        assert not state.calls
        mixed = await source.fetch_many(APP, [odd, "1"])
    assert mixed.absent == {odd}
    assert mixed.found.keys() == {"1"}


def test_the_largest_id_is_one() -> None:
    assert number_in("2147483647") == 2147483647


async def test_a_value_that_joined_its_list_lets_the_fields_be_asked_for_anew(state: OnspringState) -> None:
    async with client_of(state) as client:
        source = source_of(client)
        await source.fetch_many(APP, ["1"])
        new = ListValue(state.new_guid(), "Paused")
        state.lists[example.STATUSES].append(new)
        state.records.update(state.records.of(example.TASKS)[0], {example.STATUS: [new.id]})
        answer = await source.fetch_many(APP, ["1"])
    assert answer.found["1"][str(example.STATUS)] == ["Paused"]
    assert paths(state).count("/Fields/appId/195") == 2


@pytest.mark.parametrize("remembered", [False, True])
@pytest.mark.parametrize("alone", [False, True])
async def test_an_app_that_the_key_may_not_read_is_refused(
    state: OnspringState, *, remembered: bool, alone: bool
) -> None:
    definitions = Definitions(good_for=3600.0 if remembered else 0.0)
    async with client_of(state) as client:
        source = source_of(client, definitions)
        await source.fetch_many(APP, ["1"])
        state.keys[KEY] = ApiKey("reader", apps={example.USERS: {"read"}})
        if alone and remembered:  # one record says nothing of the app: the next batch does
            assert (await source.fetch_one(APP, "1")).hidden == {"1"}
            return
        with pytest.raises(AppRefusedError, match="may not read the app"):
            await (source.fetch_one(APP, "1") if alone else source.fetch_many(APP, ["1"]))


@pytest.mark.parametrize("remembered", [False, True])
async def test_an_app_that_is_gone_is_no_absent_record(state: OnspringState, *, remembered: bool) -> None:
    async with client_of(state) as client:
        source = source_of(client, Definitions(good_for=3600.0 if remembered else 0.0))
        await source.fetch_many(APP, ["1"])
        del state.apps[example.TASKS]
        with pytest.raises(NoSuchAppError):
            await source.fetch_many(APP, ["1"])


async def test_what_can_be_no_app_is_refused_without_a_call(state: OnspringState) -> None:
    async with client_of(state) as client:
        with pytest.raises(NoSuchAppError, match="'ia4f42' is not the id of an app"):
            await source_of(client).fetch_many("ia4f42", ["1"])
    assert not state.calls


async def test_a_key_that_is_not_accepted_refuses_the_account(state: OnspringState) -> None:
    async with client_of(state, key="another") as client:
        with pytest.raises(UnauthorizedError):
            await source_of(client).fetch_many(APP, ["1"])


async def test_one_record_alone_is_found_or_absent(state: OnspringState) -> None:
    async with client_of(state) as client:
        source = source_of(client)
        assert set((await source.fetch_one(APP, "1")).found) == {"1"}
        assert (await source.fetch_one(APP, "77")).absent == {"77"}


def scripted(records: dict[str, Any] | None) -> OnspringClient:
    """Fields are there; records are answered by these, or 403."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        if "Fields" in request.url.path:
            return httpx2.Response(200, json={"items": [], "totalRecords": 0})
        return said(403, "no") if records is None else httpx2.Response(200, json=records)

    return client_over(answer)


async def test_one_record_that_may_not_be_read_is_hidden() -> None:
    async with scripted(None) as client:
        assert (await source_of(client).fetch_one(APP, "16")).hidden == {"16"}


async def test_a_value_that_left_its_list_stays_a_guid_and_is_asked_for_once() -> None:
    asked: list[str] = []
    field = {"id": 2, "name": "Status", "type": "List", "values": []}
    left = "00000000-0000-4000-8000-000000000000"
    held = {"recordId": 16, "fieldData": [{"type": "Guid", "fieldId": 2, "value": left}]}

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.path)
        return httpx2.Response(200, json={"items": [field if "Fields" in request.url.path else held]})

    async with client_over(answer) as client:
        source = source_of(client)
        looks = [await source.fetch_many(APP, ["16"]) for _ in range(4)]
    assert [look.found["16"] for look in looks] == [{"id": "16", "2": [left]}] * 4
    assert len(asked) == 4 + 2


async def test_other_records_than_those_asked_for_are_not_believed() -> None:
    other = {"items": [{"appId": 195, "recordId": 17, "fieldData": []}]}
    async with scripted(other) as client:
        with pytest.raises(UnreadableAnswerError):
            await source_of(client).fetch_many(APP, ["16"])


async def test_another_record_than_the_one_asked_for_is_not_believed() -> None:
    async with scripted({"appId": 195, "recordId": 17, "fieldData": []}) as client:
        with pytest.raises(UnreadableAnswerError):
            await source_of(client).fetch_one(APP, "16")


async def test_there_is_no_list_of_what_changed_last(state: OnspringState) -> None:
    async with client_of(state) as client:
        with pytest.raises(UnsortableError):
            await source_of(client).fetch_newest(APP, ["1"], offset=0)


async def test_references_say_where_they_lead(state: OnspringState) -> None:
    state.keys[KEY] = ApiKey("reader", apps={example.TASKS: {"read"}, example.USERS: {"read"}})
    async with client_of(state) as client:
        targets = await source_of(client).link_targets()
    users = str(example.USERS)
    assert targets[APP] == {
        str(example.OWNER): users,
        str(example.WATCHERS): users,
        "created_by": users,
        "last_modified_by": users,
    }
    assert targets[users] == {}


async def test_what_is_written_is_shown_with_the_texts_of_lists(state: OnspringState) -> None:
    async with client_of(state) as client:
        presenter = Presenter(Definitions(), Stamps().model_dump())
        assert await presenter.as_shown(client, 195, {"6983": "x"}) == {"6983": "x"}
        assert not state.calls
        written = {str(example.STATUS): example.COMPLETE}
        assert await presenter.as_shown(client, 195, written) == {str(example.STATUS): ["Complete"]}
        new = ListValue(state.new_guid(), "Paused")
        state.lists[example.STATUSES].append(new)
        written = {str(example.STATUS): new.id}
        assert await presenter.as_shown(client, 195, written) == {str(example.STATUS): ["Paused"]}
    assert len(state.calls) == 2
