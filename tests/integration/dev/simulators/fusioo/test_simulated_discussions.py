"""Discussions, comments and users over real HTTP."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import pytest

from service.dev.simulators.fusioo.access import User
from service.dev.simulators.fusioo.example_apps import PEOPLE, TASKS_ID, example_state
from service.dev.simulators.fusioo.quotas import Quotas
from tests.fixtures.simulator import TOKEN, RunningSimulator, simulator_in_thread

_MEMBER = "a-token-of-a-member"


@pytest.fixture(scope="module")
def server() -> Iterator[RunningSimulator]:
    with simulator_in_thread() as running:
        yield running


@pytest.fixture
def fresh(server: RunningSimulator) -> RunningSimulator:
    """Put the module's server back to the example records, with a member beside the administrator."""
    state, example = server.state, example_state(token=TOKEN)
    state.users = {**example.users, _MEMBER: User("Lauren Moss")}
    state.records.by_id = example.records.by_id
    state.files.by_id, state.conversations.by_id = {}, {}
    state.quotas = Quotas()
    state.settings.calls_per_window = 10_000
    return server


@pytest.fixture
def record_id(fresh: RunningSimulator) -> str:
    return fresh.state.records.live(TASKS_ID)[0].id


@pytest.fixture
async def api(fresh: RunningSimulator) -> AsyncIterator[httpx2.AsyncClient]:
    async with fresh.client() as client:
        yield client


@pytest.fixture
async def member(fresh: RunningSimulator) -> AsyncIterator[httpx2.AsyncClient]:
    async with fresh.client(token=_MEMBER) as client:
        yield client


async def _data(response: httpx2.Response) -> Any:
    assert (response.status_code, response.json()["code"]) == (200, 10000), response.text
    return response.json()["data"]


def _refusal(response: httpx2.Response) -> tuple[int, str]:
    body = response.json()
    return body["code"], body["message"]


async def _discuss(api: httpx2.AsyncClient, record_id: str, **body: Any) -> Any:
    return await _data(await api.post(f"/v3/discussions/records/{record_id}", json=body))


async def test_a_discussion_is_opened_answered_read_and_deleted(
    fresh: RunningSimulator, api: httpx2.AsyncClient, member: httpx2.AsyncClient, record_id: str
) -> None:
    files = {"file": ("a.txt", b"a")}
    uploaded = [(await _data(await api.post("/v3/files", files=files)))["id"] for _ in range(2)]
    opened = await _discuss(api, record_id, content="<b>Look</b>", files=uploaded[:1])
    assert (opened["content"], opened["comments"], opened["files"], opened["created_by"]) == (
        "<b>Look</b>",
        [],
        uploaded[:1],
        "John Doe",
    )
    path = f"/v3/discussions/{opened['id']}"
    said = {"content": "Seen", "files": uploaded[1:]}
    comment = await _data(await member.post(f"/v3/comments/discussions/{opened['id']}", json=said))
    assert (comment["content"], comment["files"], comment["created_by"]) == (
        "Seen",
        uploaded[1:],
        "Lauren Moss",
    )
    assert await _data(await api.get(path)) == {**opened, "comments": [comment]}
    assert _refusal(await member.delete(path)) == (30001, "App access denied")  # not the owner
    assert await _data(await api.delete(f"/v3/files/{uploaded[0]}")) == {}
    assert (await _data(await api.get(path)))["files"] == []
    assert await _data(await api.delete(path)) == {}
    assert _refusal(await api.get(path)) == (30056, "Discussion not found")
    assert fresh.state.files.by_id == {}


async def test_discussions_are_paged_in_both_directions(api: httpx2.AsyncClient, record_id: str) -> None:
    made = [(await _discuss(api, record_id, content=f"No. {number}"))["id"] for number in range(5)]
    path = f"/v3/discussions/records/{record_id}"

    async def listed(**params: Any) -> list[str]:
        return [row["id"] for row in await _data(await api.get(path, params=params))]

    assert await listed() == made
    assert await listed(order="desc") == made[::-1]
    assert await listed(offset=1, limit=2) == made[1:3]
    assert await listed(order="desc", offset=4) == made[:1]
    assert _refusal(await api.get(path, params={"order": "up"})) == (30103, "Direction is invalid")
    assert _refusal(await api.get(path, params={"offset": "x"})) == (30104, "Offset is invalid")
    assert _refusal(await api.get(path, params={"limit": 201})) == (30105, "Limit is invalid")


async def test_content_is_required_and_limited(
    fresh: RunningSimulator, api: httpx2.AsyncClient, record_id: str
) -> None:
    opened = await _discuss(api, record_id, content="x")
    fresh.state.quotas.content_characters = 5
    for path in (f"/v3/discussions/records/{record_id}", f"/v3/comments/discussions/{opened['id']}"):
        assert _refusal(await api.post(path, json={"content": "123456"})) == (
            30058,
            "Character limit exceeded",
        )
        for body in ({}, {"content": ""}, {"content": "  "}, {"content": 5}):
            assert _refusal(await api.post(path, json=body)) == (30057, "Content is required")
        assert _refusal(await api.post(path, json={"content": "x", "files": ["i0"]}))[0] == 30250
        assert _refusal(await api.post(path, json={"content": "x", "files": "i0"}))[0] == 30050


async def test_discussions_follow_the_access_to_their_record(
    fresh: RunningSimulator, api: httpx2.AsyncClient, member: httpx2.AsyncClient, record_id: str
) -> None:
    opened = await _discuss(api, record_id, content="x")
    on_record, itself = f"/v3/discussions/records/{record_id}", f"/v3/discussions/{opened['id']}"
    answer = f"/v3/comments/discussions/{opened['id']}"

    async def codes() -> set[int]:
        said = {"content": "x"}
        on = (await member.get(on_record), await member.post(on_record, json=said))
        of = (await member.get(itself), await member.delete(itself), await member.post(answer, json=said))
        assert len({_refusal(response) for response in on}) == 1
        return {_refusal(response)[0] for response in (*on, *of)}

    fresh.state.users[_MEMBER].hidden_records = {record_id}
    assert await codes() == {30051, 30056}
    fresh.state.users[_MEMBER].hidden_apps = {TASKS_ID}
    assert await codes() == {30001}
    fresh.state.users[_MEMBER] = User("Lauren Moss")
    fresh.state.records.delete(record_id, person="Sarah May")
    assert await codes() == {30051, 30056}
    assert _refusal(await api.get("/v3/discussions/records/i0")) == (30051, "Record not found")


async def test_users_are_listed_and_found(api: httpx2.AsyncClient) -> None:
    users = await _data(await api.get("/v3/users"))
    assert [f"{user['name']} {user['surname']}" for user in users] == list(PEOPLE)
    assert set(users[0]) == {"id", "name", "surname", "email", "is_lite", "is_enabled"}
    assert await _data(await api.get(f"/v3/users/{users[1]['id']}")) == users[1]
    response = await api.get("/v3/users/i0")
    assert (response.status_code, *_refusal(response)) == (404, 30105, "User not found")
