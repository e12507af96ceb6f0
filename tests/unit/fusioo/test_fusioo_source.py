"""What settle is told: found, absent, hidden; and never a deletion out of a misunderstanding."""

from typing import Any

import httpx2
import pytest

from service.changes.types import Answer
from service.errors import UnsortableError
from service.fusioo import errors
from service.fusioo.source import FusiooSource
from tests.fixtures.fusioo_client import Recorder, client_over, enveloped


async def fetch_many(fusioo: Recorder, ids: list[str], body: dict[str, Any] | None = None) -> Answer:
    async with client_over(fusioo) as client:
        return await FusiooSource(client, body=body).fetch_many("ia", ids)


async def fetch_one(answer: httpx2.Response, record_id: str = "i1") -> Answer:
    async with client_over(Recorder(answer)) as client:
        return await FusiooSource(client).fetch_one("ia", record_id)


async def test_found_and_absent_are_told_apart() -> None:
    fusioo = Recorder(enveloped([{"id": "i3"}, {"id": "i1", "title": None}]))
    answer = await fetch_many(fusioo, ["i1", "i2", "i3"])
    assert answer == Answer(
        found={"i1": {"id": "i1", "title": None}, "i3": {"id": "i3"}}, absent=frozenset({"i2"})
    )
    assert fusioo.last_body == {}


async def test_the_body_is_a_setting() -> None:
    fusioo = Recorder(enveloped([]))
    assert (await fetch_many(fusioo, ["i1"], {"id": {"not_equal": ""}})).absent == {"i1"}
    assert fusioo.last_body == {"id": {"not_equal": ""}}


async def test_ids_are_compared_without_regard_to_letters() -> None:
    answer = await fetch_many(Recorder(enveloped([{"id": "iabc"}])), ["IABC"])
    assert answer == Answer(found={"IABC": {"id": "iabc"}})


async def test_a_page_of_what_changed_last_gives_those_asked_for() -> None:
    fusioo = Recorder(enveloped([{"id": "i9"}, {"id": "iabc"}, {"id": "i1"}]))
    async with client_over(fusioo) as client:
        answer = await FusiooSource(client).fetch_newest("ia", ["i1", "IABC", "i2"], offset=190)
    assert answer == Answer(found={"IABC": {"id": "iabc"}, "i1": {"id": "i1"}})
    assert dict(fusioo.requests[0].url.params) == {
        "sort_by": "last_modified",
        "order": "desc",
        "offset": "190",
        "limit": "200",
    }


@pytest.mark.parametrize(
    "answer",
    [
        enveloped(None, code=30101, status=400),
        enveloped(
            [
                {"id": "i1", "last_modified": "2026-11-22T05:00:00"},
                {"id": "i2", "last_modified": "2026-11-22T05:00:01"},
            ]
        ),
    ],
)
async def test_a_list_that_can_not_be_had_in_this_order_is_told(answer: httpx2.Response) -> None:
    async with client_over(Recorder(answer)) as client:
        with pytest.raises(UnsortableError):
            await FusiooSource(client).fetch_newest("ia", ["i1"], offset=0)


async def test_a_record_beside_those_asked_for_is_ignored() -> None:
    answer = await fetch_many(Recorder(enveloped([{"id": "i1"}, {"id": "i9"}])), ["i1"])
    assert answer == Answer(found={"i1": {"id": "i1"}})


async def test_records_in_place_of_those_asked_for_are_no_deletion() -> None:
    with pytest.raises(errors.UnreadableAnswerError, match="1 records are missing while others came"):
        await fetch_many(Recorder(enveloped([{"id": "i8"}, {"id": "i9"}])), ["i1"])


@pytest.mark.parametrize("code", [30051, 30052])
async def test_a_list_that_is_refused_for_one_record_asks_for_halves(code: int) -> None:
    with pytest.raises(errors.OneOfManyRefusedError, match=f"code {code}"):
        await fetch_many(Recorder(enveloped(None, code=code)), ["i1", "i2"])
    assert (await fetch_many(Recorder(enveloped(None, code=code)), ["i1"])).absent == {"i1"}


async def test_nothing_asked_is_nothing_sent() -> None:
    fusioo = Recorder(enveloped([]))
    assert await fetch_many(fusioo, []) == Answer()
    assert fusioo.requests == []


async def test_200_go_together_and_201_do_not() -> None:
    ids = [f"i{number}" for number in range(201)]
    assert len((await fetch_many(Recorder(enveloped([])), ids[:200])).absent) == 200
    with pytest.raises(ValueError, match="1 to 200"):
        await fetch_many(Recorder(enveloped([])), ids)


async def test_one_record_is_found() -> None:
    assert await fetch_one(enveloped({"id": "i1", "a": 1})) == Answer(found={"i1": {"id": "i1", "a": 1}})


@pytest.mark.parametrize("status", [200, 404])
async def test_one_record_that_is_not_there_is_absent(status: int) -> None:
    assert await fetch_one(enveloped(code=30051, status=status)) == Answer(absent=frozenset({"i1"}))


@pytest.mark.parametrize("code", [30052, 30001])
async def test_one_record_that_may_not_be_read_is_hidden(code: int) -> None:
    assert await fetch_one(enveloped(code=code, status=401)) == Answer(hidden=frozenset({"i1"}))


async def test_a_wrong_path_is_no_absent_record() -> None:
    with pytest.raises(errors.EndpointNotFoundError):
        await fetch_one(enveloped(code=10002, status=404))


async def test_another_record_than_asked_for_is_not_believed() -> None:
    with pytest.raises(errors.UnreadableAnswerError, match="another record"):
        await fetch_one(enveloped({"id": "i2"}))
