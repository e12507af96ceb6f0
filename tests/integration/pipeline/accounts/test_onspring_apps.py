"""The apps of a simulated Onspring: asked for anew, and records that references lead to."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from service.dev.simulators.faults import AnswerFault
from service.dev.simulators.onspring import example
from service.dev.simulators.onspring.schema import ListValue
from service.pipeline.checking.refresh import AppRefresh
from service.pipeline.linking.expand import Expander
from service.rules.loader import parse
from tests.fixtures.database import Database
from tests.fixtures.onspring_relay import OnspringRelay, tasks_rule
from tests.fixtures.onspring_simulator import RunningOnspring, onspring_in_thread
from tests.fixtures.pipeline import ACCOUNT, LOST_AFTER

RULES = """\
handlers: {ops: {log: {}}}
rules:
  - {name: open, account: main, app: Tasks, when: {6986: {contains_any: [In Progress]}}, run: [ops]}
"""


@pytest.fixture
def onspring() -> Iterator[RunningOnspring]:
    with onspring_in_thread() as running:
        yield running


@pytest.fixture
async def relay(
    onspring: RunningOnspring, engine: AsyncEngine, database: Database
) -> AsyncIterator[OnspringRelay]:
    rules = [tasks_rule(expand=[str(example.OWNER), "created_by", str(example.WATCHERS)])]
    async with OnspringRelay(onspring, engine, database, rules=rules) as opened:
        yield opened


async def refresh(relay: OnspringRelay) -> list[Any]:
    """Do the job `apps` in a process that has just begun; gives what it logged."""
    await relay.start_anew()
    account = f'{{provider: onspring, token: "${{KEY}}", base_url: "{relay.onspring.url}"}}'
    text = f"version: 1\naccounts:\n  main: {account}\n{RULES}"
    configuration = parse(text, "relay.yaml", {"KEY": relay.key})
    job = AppRefresh(
        relay.engine,
        listers=relay.accounts.listers(),
        configuration=configuration,
        every=timedelta(0),
    )
    with capture_logs() as logs:
        await job.refresh()
    return list(logs)


async def test_lists_are_asked_for_anew_and_break_rules_that_name_what_left(relay: OnspringRelay) -> None:
    await relay.watch()
    await refresh(relay)
    assert relay.alarms() == []
    statuses = relay.onspring.state.lists[example.STATUSES]
    statuses[0] = ListValue(statuses[0].id, "Under way")
    (told,) = [each for each in await refresh(relay) if each["event"] == "app.schema_changed"]
    assert told["options_gone"] == {"6986": ("In Progress",)}
    assert relay.alarms() == [("rule_broken", "open")]
    ((seen,),) = relay.database.execute("SELECT jsonb_path_query_array(apps, '$[*].id') FROM app_listings")
    assert set(seen) == {"2", "3", "195"}


async def test_an_app_that_left_its_key_is_told_as_unlisted_and_keeps_what_was_known(
    relay: OnspringRelay,
) -> None:
    await relay.watch()
    del relay.onspring.state.keys[relay.onspring.key]
    assert [each["event"] for each in await refresh(relay)] == ["apps.unlisted"]
    ((fields,),) = relay.database.execute("SELECT jsonb_array_length(schema->'fields') FROM apps")
    assert fields == len(relay.onspring.state.fields_of(example.TASKS))


async def test_fields_that_are_not_told_any_more_stay_as_they_were_known(relay: OnspringRelay) -> None:
    await relay.watch()
    relay.onspring.state.faults.answers.append(AnswerFault(status=403, path="/Fields/appId/195", times=None))
    await refresh(relay)
    ((fields,),) = relay.database.execute("SELECT jsonb_array_length(schema->'fields') FROM apps")
    assert fields == len(relay.onspring.state.fields_of(example.TASKS))


async def test_an_app_that_nobody_names_any_more_costs_no_call_and_keeps_its_fields(
    relay: OnspringRelay,
) -> None:
    await relay.watch(str(example.GROUPS))
    before = len(relay.onspring.calls_of("GET", "/Fields"))
    await refresh(relay)
    asked = {call.path for call in relay.onspring.calls_of("GET", "/Fields")[before:]}
    assert asked == {"/Fields/appId/195", "/Fields/appId/2"}
    assert relay.database.execute("SELECT jsonb_array_length(schema->'fields') FROM apps") == [(2,)]


def expander(relay: OnspringRelay) -> Expander:
    return Expander(
        relay.engine,
        process_id=relay.process_id,
        lost_after=LOST_AFTER,
        accounts=relay.accounts.linked(),
        pauses=[timedelta(0)],
        bells=relay.pipeline.bells,
    )


async def test_references_are_followed_with_one_call_for_each_app(
    relay: OnspringRelay, onspring: RunningOnspring
) -> None:
    await relay.watch()
    for record in onspring.state.records.of(example.TASKS):
        onspring.state.records.update(record, {example.WATCHERS: [2, 3]}, person=1)
    relay.deliver(1, 2, 3)
    await relay.settle()
    settled = len(onspring.calls_of("POST", "batch-get"))
    await expander(relay).expand(ACCOUNT)
    rows = relay.database.execute(
        "SELECT record_id, linked, gaps FROM expansions"
        " JOIN changes ON changes.id = change_id ORDER BY record_id"
    )
    assert [gaps for _, _, gaps in rows] == [{}] * 3
    names = {
        record_id: {path: [each["36"] for each in records] for path, records in linked.items()}
        for record_id, linked, _ in rows
    }
    people = {"created_by": ["TestUser"], "6995": ["Severus", "Lauren Moss"]}
    assert names == {
        "1": {"6987": ["TestUser"], **people},
        "2": {"6987": ["Severus"], **people},
        "3": {"6987": ["Lauren Moss"], **people},
    }
    assert len(onspring.calls_of("POST", "batch-get")) == settled + 1
    assert len(onspring.calls_of("GET", "/Apps")) == 1, "where links lead is known since the app is watched"
