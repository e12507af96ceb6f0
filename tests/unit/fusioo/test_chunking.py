"""Asking for any number of records by their ids."""

from collections.abc import Iterator

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.fusioo import errors
from service.fusioo.chunking import BatchSizes, IdChunks, Way, cheaper_way
from service.fusioo.walking import Progress
from tests.fixtures.fusioo_client import client_over, enveloped
from tests.fixtures.shifting import ShiftingList
from tests.fixtures.shifting_api import ShiftingApi

DAY = 86_400.0
ids_of = [f"r{number}" for number in range(1, 1001)]


@given(
    st.lists(st.sampled_from(ids_of)),
    st.lists(st.tuples(st.integers(1, 60), st.sampled_from(["done", "halve", "error"])), max_size=200),
)
def test_chunks_never_exceed_the_limit_and_every_id_is_answered_once(
    ids: list[str], fate: list[tuple[int, str]]
) -> None:
    chunks = IdChunks(ids)
    answered = list[str]()
    for most, what in fate:
        chunk = chunks.current(most)
        assert len(chunk) <= most
        if chunk and what == "done":
            answered += chunk
            chunks.done()
        elif len(chunk) > 1 and what == "halve":
            chunks.halve()
            assert len(chunks.current(most)) < len(chunk)
    while chunk := chunks.current(7):
        answered += chunk
        chunks.done()
    assert answered == list(dict.fromkeys(ids))
    assert len(chunks) == len(answered)


@given(st.integers(0, 600), st.integers(1, 250), st.integers(0, 600))
def test_whatever_length_is_refused_all_is_asked_for_and_it_ends(
    count: int, longest: int, second: int
) -> None:
    batches = BatchSizes(clock=lambda: 0.0)
    for length in (count, second):
        chunks = IdChunks(ids_of[:length])
        answered, refusals, calls = 0, 0, 0
        while chunk := chunks.current(batches.at_once("ia")):
            calls += 1
            assert len(chunk) <= min(200, batches.at_once("ia"))
            if len(chunk) > longest:
                refusals += 1
                batches.refused("ia", asked=len(chunk))
                chunks.halve()
            else:
                answered += len(chunk)
                batches.answered("ia", asked=len(chunk))
                chunks.done()
        assert answered == length
        assert refusals <= 20
        assert calls <= refusals * 2 + length


def test_a_refused_length_is_a_ceiling_for_a_day() -> None:
    now = 0.0
    batches = BatchSizes(clock=lambda: now)
    sizes = list[int]()

    def answered() -> Iterator[int]:
        for _ in range(4):
            batches.answered("ia", asked=batches.at_once("ia"))
            yield batches.at_once("ia")

    sizes = list(answered())
    assert sizes == [100, 200, 200, 200]
    batches.refused("ia", asked=150)
    assert (batches.at_once("ia"), batches.at_once("other")) == (75, 50)
    assert list(answered()) == [112, 131, 140, 145]
    now = DAY
    batches.answered("ia", asked=145)
    assert batches.at_once("ia") == 200
    batches.refused("ia", asked=60)
    batches.forget("ia")
    assert batches.at_once("ia") == 50


async def test_any_number_of_ids_comes_in_their_order() -> None:
    api, told = ShiftingApi(ShiftingList.of(500)), list[Progress]()
    for gone in ("r7", "r450"):
        api.rows.delete(gone)
    client = client_over(api)
    walk = client.records.walk_ids("ia", reversed(ids_of[:500]), on_progress=told.append)
    records = [record["id"] async for record in walk]
    assert records == [one for one in reversed(ids_of[:500]) if one not in {"r7", "r450"}]
    assert (walk.absent, walk.hidden) == (["r450", "r7"], [])
    assert [len(query["ids"].split(",")) for query in api.queries()] == [50, 100, 200, 150]
    assert api.bodies() == [{}] * 4
    assert told[-1] == walk.progress == Progress(seen=498, expected=500, pages=4, calls=4, rounds=1)
    assert client.records.batches.at_once("ia") == 200


async def test_the_body_is_a_setting() -> None:
    api = ShiftingApi(ShiftingList.of(1))
    walk = client_over(api).records.walk_ids("ia", ["r1"], body={"id": {"equal": True}})
    assert [record["id"] async for record in walk] == ["r1"]
    assert api.bodies() == [{"id": {"equal": True}}]


async def test_a_limited_url_is_learnt_and_kept() -> None:
    api = ShiftingApi(ShiftingList.of(900), longest_url=500)
    batches, ids = BatchSizes(), ids_of[99:600]  # of one length
    walk = client_over(api).records.walk_ids("ia", ids, batches=batches)
    assert [record["id"] async for record in walk] == ids
    refused = [call for call in api.calls if len(str(call.url)) > 500]
    assert 0 < len(refused) <= 4
    for _ in range(5):
        api.calls.clear()
        again = client_over(api).records.walk_ids("ia", ids, batches=batches)
        assert [record["id"] async for record in again] == ids
    assert not [call for call in api.calls if len(str(call.url)) > 500]
    most = max(len(query["ids"].split(",")) for query in api.queries())
    assert most in range(62, 65)  # as many as fit into the URL, but for the last few


async def test_after_an_error_the_same_ids_are_asked_for_again() -> None:
    api = ShiftingApi(ShiftingList.of(60))
    walk = client_over(api).records.walk_ids("ia", ids_of[:60])
    await anext(walk)
    answers = [httpx2.Response(429)]
    api.answer = lambda _request: answers.pop() if answers else None
    records = list[str]()
    with pytest.raises(errors.RateLimitedError):
        records.extend([record["id"] async for record in walk])
    records.extend([record["id"] async for record in walk])
    assert records == ids_of[50:60]


def refusing_batches_with(
    strangers: set[str], refusal: httpx2.Response, alone: httpx2.Response
) -> ShiftingApi:
    api = ShiftingApi(ShiftingList.of(60))

    def answer(request: httpx2.Request) -> httpx2.Response | None:
        if "ids" not in request.url.params:
            return alone
        asked = set(request.url.params["ids"].strip("[]").split(","))
        return refusal if asked & strangers else None

    api.answer = answer
    return api


@pytest.mark.parametrize(
    "refusal", [httpx2.Response(404), enveloped(None, code=30051, status=404)], ids=["no code", "code"]
)
@pytest.mark.parametrize(
    ("alone", "absent", "hidden"),
    [(enveloped(None, code=30051), ["r40"], []), (enveloped(None, code=30052), [], ["r40"])],
    ids=["gone", "hidden"],
)
async def test_an_id_for_which_batches_are_refused_costs_no_other_its_answer(
    refusal: httpx2.Response, alone: httpx2.Response, absent: list[str], hidden: list[str]
) -> None:
    api = refusing_batches_with({"r40"}, refusal, alone)
    client = client_over(api)
    walk = client.records.walk_ids("ia", ids_of[:60])
    records = [record["id"] async for record in walk]
    assert records == [one for one in ids_of[:60] if one != "r40"]
    coded = refusal.content != b""
    assert (walk.absent, walk.hidden) == ((["r40"], []) if coded else (absent, hidden))
    assert len(api.calls) <= 20
    assert client.records.batches.at_once("ia") >= 20


async def test_where_asking_by_ids_fails_altogether_that_is_said_soon() -> None:
    api = refusing_batches_with(set(ids_of), httpx2.Response(404), enveloped({"id": "r1"}))
    with pytest.raises(errors.RequestTooLargeError):
        await anext(client_over(api).records.walk_ids("ia", ids_of[:60]))
    assert len(api.calls) <= 8


async def test_an_answer_about_others_is_not_believed() -> None:
    api = ShiftingApi(ShiftingList.of(5))
    api.answer = lambda _request: enveloped([{"id": "stranger"}])
    with pytest.raises(errors.UnreadableAnswerError, match="not asked for"):
        await anext(client_over(api).records.walk_ids("ia", ["r1", "r2"]))


@pytest.mark.parametrize(
    ("ids", "at_once", "depth", "way"),
    [
        (50, 50, 50, Way.WALK_IDS),
        (200, 50, 200, Way.NEWEST),
        (200, 200, 200, Way.WALK_IDS),
        (100, 50, 200, Way.WALK_IDS),
        (1000, 50, 2000, Way.NEWEST),
        (1000, 50, 20_000, Way.WALK_IDS),
        (3, 1, 150, Way.NEWEST),
    ],
)
def test_the_cheaper_way(ids: int, at_once: int, depth: int, way: Way) -> None:
    assert cheaper_way(ids, at_once=at_once, depth=depth) is way
