"""Values and filters made here are taken by the simulator, which was written from the vendor's page alone."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest

from service.dev.simulators.fusioo.example_apps import PEOPLE, TASKS_ID
from service.fusioo import errors
from service.fusioo.auth import StaticToken
from service.fusioo.client import FusiooClient
from service.fusioo.filter_checks import validate
from service.fusioo.filters import Filter, field
from service.fusioo.problems import InvalidFilterError, UnfitValuesError
from service.fusioo.values import AppValues
from service.transport.http import Timeout, make_client
from tests.fixtures.simulator import RunningSimulator

DUE = date(2024, 9, 30)


@pytest.fixture
async def client(simulator: RunningSimulator) -> AsyncIterator[FusiooClient]:
    http = make_client(timeout=Timeout(10.0), allow_private=True)
    auth = StaticToken(simulator.token)
    async with FusiooClient(auth=auth, http=http, timeout=10.0, base_url=simulator.url) as connected:
        yield connected


async def test_what_is_written_comes_back_as_it_was(client: FusiooClient) -> None:
    tasks = AppValues(await client.apps.get(TASKS_ID), strict=True)
    clients = await client.records.list("i502fb", limit=1)
    values = {
        "title": "Grün & groß",
        "priority": "Critical",
        "due_date": DUE,
        "responsible": PEOPLE[1],
        "approved": True,
        "estimate": 2.5,
        "client": clients[0],
        "notes": None,
    }
    created = await client.records.create(TASKS_ID, tasks.write(values, creating=True))
    task = tasks.read(await client.records.get(created["id"]))
    seen = {name: task.values.get(name) for name in values}
    assert seen == values | {
        "priority": ("Critical",),
        "responsible": (PEOPLE[1],),
        "client": (clients[0]["id"],),
    }
    assert datetime.now(UTC) - task.values["created"] < timedelta(minutes=1)
    assert task.values["created_by"] == (PEOPLE[0],)


async def test_what_is_refused_here_would_be_refused_there(client: FusiooClient) -> None:
    tasks = AppValues(await client.apps.get(TASKS_ID))
    wrong = {"priority": "Hgh", "approved": "yes", "due_date": "30.09.2024"}
    with pytest.raises(UnfitValuesError) as here:
        tasks.write(wrong, creating=True)
    with pytest.raises(errors.ValidationFailedError):
        await client.records.create(TASKS_ID, wrong)
    assert {problem.field_id for problem in here.value.problems} == {*wrong, "title"}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (field("status").contains("Done") & field("priority").contains("Low"), 1),
        (field("status").contains_any("Done", "To do"), 2),
        (field("status").contains_all("Done", "To do"), 0),
        (field("status").does_not_contain("done"), 3),
        (field("title").equal("Another Task"), 1),
        (field("title").not_equal("Another Task") & field("title").contains("the"), 3),
        (
            field("created").less_than(datetime(2100, 1, 1, tzinfo=UTC))
            & field("created").greater_than(date(2000, 1, 1)),
            4,
        ),
        (field("created").within_previous(100), 4),
        (field("due_date").within_next(6), 1),
        (field("due_date").is_today(False), 3),
        (field("notes").has_no_value(), 0),
        (field("approved").equal(True), 0),
        (Filter(), 4),
    ],
    ids=repr,
)
async def test_filters_find_what_they_say(client: FusiooClient, asked: Filter, found: int) -> None:
    validate(asked, await client.apps.get(TASKS_ID))
    assert len(await client.records.filter(TASKS_ID, asked)) == found
    assert await client.records.count(TASKS_ID, asked) == found


async def test_the_check_saves_a_call_that_finds_nothing(client: FusiooClient) -> None:
    with pytest.raises(InvalidFilterError, match="use contains"):
        validate(field("status").equal("Done"), await client.apps.get(TASKS_ID))
