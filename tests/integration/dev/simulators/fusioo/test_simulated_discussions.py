"""Discussions, comments and users over real HTTP."""

from typing import Any

import httpx2

from service.dev.simulators.fusioo.access import User
from service.dev.simulators.fusioo.example_apps import PEOPLE
from tests.fixtures.answers import data_of, refusal_of
from tests.fixtures.simulator import RunningSimulator
from tests.fixtures.typed_app import TYPED_ID


async def _discuss(api: httpx2.AsyncClient, record_id: str, **body: Any) -> Any:
    return data_of(await api.post(f"/v3/discussions/records/{record_id}", json=body))


async def test_a_discussion_is_opened_answered_read_and_deleted(
    company: RunningSimulator, api: httpx2.AsyncClient, member: httpx2.AsyncClient, record_id: str
) -> None:
    files = {"file": ("a.txt", b"a")}
    uploaded = [data_of(await api.post("/v3/files", files=files))["id"] for _ in range(2)]
    opened = await _discuss(api, record_id, content="<b>Look</b>", files=uploaded[:1])
    assert (opened["content"], opened["comments"], opened["files"], opened["created_by"]) == (
        "<b>Look</b>",
        [],
        uploaded[:1],
        "John Doe",
    )
    path = f"/v3/discussions/{opened['id']}"
    said = {"content": "Seen", "files": uploaded[1:]}
    comment = data_of(await member.post(f"/v3/comments/discussions/{opened['id']}", json=said))
    assert (comment["content"], comment["files"], comment["created_by"]) == (
        "Seen",
        uploaded[1:],
        "Lauren Moss",
    )
    assert data_of(await api.get(path)) == {**opened, "comments": [comment]}
    assert refusal_of(await member.delete(path)) == (30001, "App access denied")  # not the owner
    assert data_of(await api.delete(f"/v3/files/{uploaded[0]}")) == {}
    assert data_of(await api.get(path))["files"] == []
    assert data_of(await api.delete(path)) == {}
    assert refusal_of(await api.get(path)) == (30056, "Discussion not found")
    assert company.state.files.by_id == {}


async def test_discussions_are_paged_in_both_directions(api: httpx2.AsyncClient, record_id: str) -> None:
    made = [(await _discuss(api, record_id, content=f"No. {number}"))["id"] for number in range(5)]
    path = f"/v3/discussions/records/{record_id}"

    async def listed(**params: Any) -> list[str]:
        return [row["id"] for row in data_of(await api.get(path, params=params))]

    assert await listed() == made
    assert await listed(order="desc") == made[::-1]
    assert await listed(offset=1, limit=2) == made[1:3]
    assert await listed(order="desc", offset=4) == made[:1]
    assert refusal_of(await api.get(path, params={"order": "up"})) == (30103, "Direction is invalid")
    assert refusal_of(await api.get(path, params={"offset": "x"})) == (30104, "Offset is invalid")
    assert refusal_of(await api.get(path, params={"limit": 201})) == (30105, "Limit is invalid")


async def test_content_is_required_and_limited(
    company: RunningSimulator, api: httpx2.AsyncClient, record_id: str
) -> None:
    opened = await _discuss(api, record_id, content="x")
    company.state.quotas.content_characters = 5
    for path in (f"/v3/discussions/records/{record_id}", f"/v3/comments/discussions/{opened['id']}"):
        assert refusal_of(await api.post(path, json={"content": "123456"})) == (
            30058,
            "Character limit exceeded",
        )
        for body in ({}, {"content": ""}, {"content": "  "}, {"content": 5}):
            assert refusal_of(await api.post(path, json=body)) == (30057, "Content is required")
        assert refusal_of(await api.post(path, json={"content": "x", "files": ["i0"]}))[0] == 30250
        assert refusal_of(await api.post(path, json={"content": "x", "files": "i0"}))[0] == 30050


async def test_discussions_follow_the_access_to_their_record(
    company: RunningSimulator,
    lauren: User,
    api: httpx2.AsyncClient,
    member: httpx2.AsyncClient,
    record_id: str,
) -> None:
    opened = await _discuss(api, record_id, content="x")
    on_record, itself = f"/v3/discussions/records/{record_id}", f"/v3/discussions/{opened['id']}"
    answer = f"/v3/comments/discussions/{opened['id']}"

    async def codes() -> set[int]:
        said = {"content": "x"}
        on = (await member.get(on_record), await member.post(on_record, json=said))
        of = (await member.get(itself), await member.delete(itself), await member.post(answer, json=said))
        assert len({refusal_of(response) for response in on}) == 1
        return {refusal_of(response)[0] for response in (*on, *of)}

    lauren.hidden_records = {record_id}
    assert await codes() == {30051, 30056}
    lauren.hidden_apps = {TYPED_ID}
    assert await codes() == {30001}
    lauren.hidden_records, lauren.hidden_apps = set(), set()
    company.state.records.delete(record_id, person="Sarah May")
    assert await codes() == {30051, 30056}
    assert refusal_of(await api.get("/v3/discussions/records/i0")) == (30051, "Record not found")


async def test_users_are_listed_and_found(api: httpx2.AsyncClient) -> None:
    users = data_of(await api.get("/v3/users"))
    assert [f"{user['name']} {user['surname']}" for user in users] == list(PEOPLE)
    assert set(users[0]) == {"id", "name", "surname", "email", "is_lite", "is_enabled"}
    assert data_of(await api.get(f"/v3/users/{users[1]['id']}")) == users[1]
    response = await api.get("/v3/users/i0")
    assert (response.status_code, *refusal_of(response)) == (404, 30105, "User not found")
