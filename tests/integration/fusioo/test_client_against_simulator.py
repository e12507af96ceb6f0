"""The client and the simulator, each written from the vendor's page alone, understand one another."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from pydantic import SecretStr

from service.changes.types import Answer
from service.dev.simulators.faults import AnswerFault, Hold
from service.dev.simulators.fusioo.access import User
from service.dev.simulators.fusioo.example_apps import CLIENTS_ID, TASKS_ID
from service.dev.simulators.fusioo.records import Happening
from service.errors import Disposition
from service.fusioo import errors
from service.fusioo.auth import StaticToken
from service.fusioo.client import FusiooClient
from service.fusioo.oauth import Application
from service.fusioo.source import FusiooSource
from service.fusioo.tokens import MemoryTokens
from service.transport.http import Timeout, make_client
from service.transport.retrying import NO_RETRIES, Retries
from tests.fixtures.simulator import RunningSimulator, simulator_in_thread


@pytest.fixture
def simulated() -> Iterator[RunningSimulator]:
    with simulator_in_thread() as running:
        yield running


@asynccontextmanager
async def connected(
    simulated: RunningSimulator,
    *,
    token: str | None = None,
    within: float = 10.0,
    retries: Retries = NO_RETRIES,
) -> AsyncIterator[FusiooClient]:
    http = make_client(timeout=Timeout(10.0), allow_private=True)
    auth = StaticToken(token or simulated.token)
    async with FusiooClient(
        auth=auth, http=http, timeout=within, base_url=simulated.url, retries=retries
    ) as client:
        yield client


async def test_an_application_gets_its_tokens_itself(simulated: RunningSimulator) -> None:
    simulated.state.oauth.register("app", "s3cret", simulated.state.users[simulated.token])
    first = SecretStr(simulated.state.oauth.authorise("app"))
    address = f"{simulated.origin}/oauth/token"
    application = Application("app", SecretStr("s3cret"), address, refresh_token=first)
    tokens = MemoryTokens(application)
    async with FusiooClient.open(
        auth=application, tokens=tokens, timeout=10.0, base_url=simulated.url
    ) as client:
        await client.ping()
        assert len(await client.apps.list()) == 2
    assert len(simulated.calls_of("POST", "/oauth/token")) == 1
    assert tokens.refresh_token not in {None, first}


async def test_apps_and_ping(simulated: RunningSimulator) -> None:
    async with connected(simulated) as client:
        await client.ping()
        apps = await client.apps.list()
        tasks = await client.apps.get(TASKS_ID)
    assert {app.id: app.name for app in apps} == {TASKS_ID: "Tasks", CLIENTS_ID: "Clients"}
    assert {field.id: field.type for field in tasks.fields}["priority"] == "list"


async def test_the_life_of_a_record(simulated: RunningSimulator) -> None:
    async with connected(simulated) as client:
        before = await client.records.count(TASKS_ID)
        created = await client.records.create(TASKS_ID, {"title": "Grün & groß", "approved": True})
        record_id = created["id"]
        assert (await client.records.get(record_id))["title"] == "Grün & groß"
        await client.records.update(record_id, {"status": ["Done"], "approved": None})
        record = await client.records.get(record_id)
        assert (record["status"], record.get("approved")) == (["Done"], None)
        assert await client.records.count(TASKS_ID) == before + 1
        assert await client.records.count(TASKS_ID, {"title": {"equal": "Grün & groß"}}) == 1
        await client.records.delete(record_id)
        with pytest.raises(errors.RecordNotFoundError):
            await client.records.get(record_id)
        assert (await client.records.get(record_id, include_deleted=True))["id"] == record_id


async def test_pages_and_filters(simulated: RunningSimulator) -> None:
    async with connected(simulated) as client:
        everything = await client.records.list(TASKS_ID, sort_by="title")
        pages = [await client.records.list(TASKS_ID, sort_by="title", offset=n, limit=1) for n in range(5)]
        assert [record for page in pages for record in page] == everything
        done = await client.records.filter(TASKS_ID, {"status": {"contains": "Done"}}, order="desc")
        assert [record["status"] for record in done] == [["Done"]]
        assert await client.records.filter(TASKS_ID, {}, limit=0) == []
        with pytest.raises(errors.SortFieldNotFoundError):
            await client.records.list(TASKS_ID, sort_by="no such field")
        with pytest.raises(errors.LimitInvalidError):
            await client.records.list(TASKS_ID, limit=201)
        with pytest.raises(errors.OffsetInvalidError):
            await client.records.list(TASKS_ID, offset=-1)


async def test_the_life_of_a_webhook(simulated: RunningSimulator) -> None:
    async with connected(simulated) as client:
        created = await client.webhooks.create(
            url="http://127.0.0.1:1/a", app_id=TASKS_ID, on_create=True, on_update=False, on_delete=False
        )
        assert created.secret.get_secret_value()
        assert await client.webhooks.list() == (created,)
        moved = await client.webhooks.update(created.id, url="http://127.0.0.1:1/b")
        assert (moved.url, moved.on_create) == ("http://127.0.0.1:1/b", True)
        assert await client.webhooks.get(created.id) == moved
        await client.webhooks.delete(created.id)
        with pytest.raises(errors.WebhookNotFoundError):
            await client.webhooks.get(created.id)


async def test_the_source_finds_misses_and_may_not_see(simulated: RunningSimulator) -> None:
    state = simulated.state
    tasks = [record.id for record in state.records.of_app(TASKS_ID)]
    client_record = state.records.of_app(CLIENTS_ID)[0].id
    state.users["limited"] = User("Lauren Moss", hidden_records={tasks[0]})
    unknown = "i" + "0" * 32
    async with connected(simulated, token="limited") as client:
        source = FusiooSource(client)
        answer = await source.fetch_many(TASKS_ID, [*tasks, unknown, client_record])
        assert answer.found.keys() == set(tasks[1:])
        assert answer.absent == {tasks[0], unknown, client_record}
        assert await source.fetch_one(TASKS_ID, tasks[0]) == Answer(hidden=frozenset({tasks[0]}))
        assert await source.fetch_one(TASKS_ID, unknown) == Answer(absent=frozenset({unknown}))
        assert (await source.fetch_one(TASKS_ID, client_record)).found.keys() == {client_record}


async def test_a_missing_record_may_spoil_the_others(simulated: RunningSimulator) -> None:
    simulated.state.settings.missing_ids = "error"
    known, unknown = simulated.state.records.of_app(TASKS_ID)[0].id, "i" + "0" * 32
    async with connected(simulated) as client:
        with pytest.raises(errors.OneOfManyRefusedError):
            await FusiooSource(client).fetch_many(TASKS_ID, [known, unknown])
        assert (await FusiooSource(client).fetch_many(TASKS_ID, [unknown])).absent == {unknown}


async def test_200_records_come_with_one_call(simulated: RunningSimulator) -> None:
    ids = [simulated.state.records.create(TASKS_ID, {"title": str(n)}, person="P").id for n in range(200)]
    async with connected(simulated) as client:
        answer = await FusiooSource(client).fetch_many(TASKS_ID, ids)
    assert answer.found.keys() == set(ids)
    (call,) = simulated.calls_of("POST", "/filter")
    assert set(call.ids) == set(ids)


async def test_a_url_that_is_too_long_asks_for_fewer(simulated: RunningSimulator) -> None:
    simulated.state.settings.longest_url = 2000
    ids = ["i" + f"{n:032x}" for n in range(60)]
    async with connected(simulated) as client:
        with pytest.raises(errors.RequestTooLargeError):
            await FusiooSource(client).fetch_many(TASKS_ID, ids)
        assert (await FusiooSource(client).fetch_many(TASKS_ID, ids[:30])).absent == set(ids[:30])


@pytest.mark.parametrize("status", [None, 200, 400, 500])
async def test_refusals_by_code_whatever_the_status(simulated: RunningSimulator, status: int | None) -> None:
    simulated.state.settings.refusal_status = status
    record = simulated.state.records.of_app(TASKS_ID)[0].id
    denied = set(Happening)
    simulated.state.users["limited"] = User("Lauren Moss", hidden_apps={CLIENTS_ID}, refused_writes=denied)
    async with connected(simulated, token="limited") as client:
        with pytest.raises(errors.AppNotFoundError):
            await client.records.by_ids("i0", ["i1"])
        with pytest.raises(errors.AppAccessDeniedError):
            await client.records.by_ids(CLIENTS_ID, ["i1"])
        with pytest.raises(errors.CannotCreateError):
            await client.records.create(TASKS_ID, {"title": "x"})
        with pytest.raises(errors.CannotUpdateError):
            await client.records.update(record, {"title": "x"})
        with pytest.raises(errors.CannotDeleteError):
            await client.records.delete(record)
    async with connected(simulated) as client:
        with pytest.raises(errors.ValidationFailedError) as caught:
            await client.records.create(TASKS_ID, {"notes": "no title", "status": ["Nonsense"]})
    assert caught.value.disposition is Disposition.DISCARD


async def test_a_wrong_token_and_a_wrong_base(simulated: RunningSimulator) -> None:
    async with connected(simulated, token="unknown") as client:
        with pytest.raises(errors.UnauthorizedError):
            await client.ping()
    http = make_client(timeout=Timeout(10.0), allow_private=True)
    base = f"{simulated.url}/nowhere"
    auth = StaticToken(simulated.token)
    async with FusiooClient(auth=auth, http=http, timeout=5.0, base_url=base) as client:
        with pytest.raises(errors.EndpointNotFoundError):
            await client.apps.list()


async def test_the_rate_limit_spares_the_ping(simulated: RunningSimulator) -> None:
    simulated.state.settings.calls_per_window = 1
    simulated.state.settings.window = timedelta(hours=1)
    async with connected(simulated) as client:
        await client.apps.list()
        with pytest.raises(errors.RateLimitedError):
            await client.apps.list()
        await client.ping()


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (AnswerFault(status=503, body="html"), errors.UnavailableError),
        (AnswerFault(status=503, body="envelope"), errors.InternalError),
        (AnswerFault(status=200, body="html"), errors.UnreadableAnswerError),
        (AnswerFault(status=200, body="empty"), errors.UnreadableAnswerError),
        (AnswerFault(status=200, body="cut"), errors.UnreachableError),
        (AnswerFault(status=429, body="html", retry_after=30), errors.RateLimitedError),
    ],
)
async def test_faulty_answers(
    simulated: RunningSimulator, fault: AnswerFault, expected: type[errors.FusiooError]
) -> None:
    simulated.state.faults.answers.append(fault)
    async with connected(simulated) as client:
        with pytest.raises(errors.FusiooError) as caught:
            await client.apps.list()
        assert type(caught.value) is expected
        assert caught.value.retry_after == fault.retry_after
        await client.apps.list()  # the next call is well again, on whatever connection


async def test_an_answer_that_does_not_come_ends_at_the_time_limit(simulated: RunningSimulator) -> None:
    simulated.state.faults.holds.append(Hold(path="/apps"))
    async with connected(simulated, within=0.2) as client:
        with pytest.raises(errors.UnreachableError, match=r"within 0\.2 s") as caught:
            await client.apps.list()
    simulated.state.gate.release()
    assert caught.value.may_have_acted
