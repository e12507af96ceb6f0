"""The job that asks for the apps anew, and the alarms of rules that do not fit them any more."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from service.alarms.repository import AlarmName, raise_alarm
from service.dev.simulators.fusioo.example_apps import CLIENTS_ID, TASKS_ID
from service.dev.simulators.fusioo.schema import Field, FieldType
from service.pipeline.accounts.opened import Accounts
from service.pipeline.checking.alarms import check_at_start
from service.pipeline.checking.refresh import AppRefresh
from service.rules.configuration import Configuration
from service.rules.loader import parse
from tests.fixtures.database import Database
from tests.fixtures.pipeline import Pipeline
from tests.fixtures.simulator import RunningSimulator

HOUR = timedelta(hours=1)
RULES = """\
  - {name: urgent, account: main, app: Tasks, when: {priority: {contains_any: [High]}}, run: [note]}
  - {name: abroad, account: main, app: Tasks, when: {client.name: {equal: Acme}}, run: [note]}
"""


class Ground:
    """One account at the simulator, applied; each of its processes begins with the rules as they are then."""

    def __init__(self, engine: AsyncEngine, database: Database, simulator: RunningSimulator) -> None:
        self.engine, self.database, self.simulator = engine, database, simulator
        self.rules, self.calls = RULES, 500
        self.apply(TASKS_ID)

    @property
    def tasks(self) -> dict[str, Field]:
        return {each.id: each for each in self.simulator.state.apps[TASKS_ID].fields}

    def put(self, *fields: Field, without: Sequence[str] = ()) -> None:
        """Let a person change fields of Tasks; those of other ids stay."""
        kept = {each.id: each for each in (*self.tasks.values(), *fields) if each.id not in without}
        self.simulator.state.apps[TASKS_ID].fields[:] = kept.values()

    def apply(self, app_id: str) -> None:
        """Store an app as `webhooks apply` did, of a version that kept no listing."""
        app = self.simulator.state.apps[app_id]
        schema = {"id": app_id, "name": app.name, "fields": [each.to_json() for each in app.fields]}
        self.database.execute(
            "INSERT INTO apps (account, app_id, name, schema) VALUES ('main', %s, %s, %s)",
            (app_id, app.name, json.dumps(schema)),
        )

    @property
    def configuration(self) -> Configuration:
        text = (
            "version: 1\naccounts:\n"
            f'  main: {{provider: fusioo, token: "${{T}}", base_url: "{self.simulator.url}",'
            f" budget: {{calls: {self.calls}}}}}\n"
            f'  broken: {{provider: fusioo, token: wrong, base_url: "{self.simulator.url}"}}\n'.replace(
                "wrong", '"${WRONG}"'
            )
            + f"handlers: {{note: {{log: {{}}}}}}\nrules:\n{self.rules}"
        )
        return parse(text, "relay.yaml", {"T": self.simulator.token, "WRONG": "wrong"})

    async def refresh(self, *, every: timedelta = timedelta(0)) -> list[Any]:
        """Do the job in a process of its own; gives what it logged."""
        configuration = self.configuration
        holder = Pipeline(self.engine, self.database).process()
        accounts = Accounts(configuration.accounts, self.engine, timeout=timedelta(seconds=10), holder=holder)
        job = AppRefresh(self.engine, listers=accounts.listers(), configuration=configuration, every=every)
        try:
            with capture_logs() as logs:
                await job.refresh()
        finally:
            await accounts.close()
        return list(logs)

    def lasting(self, name: AlarmName = AlarmName.RULE_BROKEN) -> dict[str, str]:
        return dict(
            self.database.execute(
                "SELECT subject, message FROM alarms WHERE name = %s AND cleared_at IS NULL", (name,)
            )
        )

    def lists(self) -> int:
        return len([call for call in self.simulator.calls_of("GET", "/apps") if call.path.endswith("/apps")])


@pytest.fixture
async def ground(engine: AsyncEngine, database: Database, simulator: RunningSimulator) -> Ground:
    return Ground(engine, database, simulator)


async def test_rules_that_fit_raise_no_alarm(ground: Ground) -> None:
    logs = await ground.refresh()
    assert (ground.lasting(), [each for each in logs if each["event"] == "app.schema_changed"]) == ({}, [])
    ((seen,),) = ground.database.execute("SELECT jsonb_path_query_array(apps, '$[*].id') FROM app_listings")
    assert {TASKS_ID, CLIENTS_ID} <= set(seen), "apps that no rule names too: links lead there"


async def test_a_field_that_left_breaks_its_rule_before_an_event_meets_it(ground: Ground) -> None:
    left = ground.tasks["priority"]
    ground.put(without=["priority"])
    logs = await ground.refresh()
    (changed,) = [each for each in logs if each["event"] == "app.schema_changed"]
    assert (changed["app_id"], changed["gone"]) == (TASKS_ID, ("priority",))
    assert list(ground.lasting()) == ["urgent"]
    assert "app Tasks has no field `priority`" in ground.lasting()["urgent"]
    assert "relay.yaml:7:54" in ground.lasting()["urgent"]
    ((fields,),) = ground.database.execute(
        "SELECT jsonb_path_query_array(schema, '$.fields[*].id') FROM apps WHERE app_id = %s", (TASKS_ID,)
    )
    assert "priority" not in fields, "settling goes by the same fields"
    ground.put(left)
    await ground.refresh()
    assert ground.lasting() == {}


async def test_what_became_of_fields_is_told(ground: Ground) -> None:
    priority = ground.tasks["priority"]
    ground.put(
        replace(priority, options={**priority.options, "items": ["Low", "Normal", "Urgent"]}),
        replace(ground.tasks["title"], name="Heading"),
        replace(ground.tasks["approved"], type=FieldType.TEXT),
        Field("colour", "Colour", FieldType.TEXT),
    )
    ground.simulator.state.apps[TASKS_ID].name = "Jobs"
    (told,) = [each for each in await ground.refresh() if each["event"] == "app.schema_changed"]
    assert told["renamed"] == ("Tasks", "Jobs")
    assert told["fields_renamed"] == {"title": ("Title", "Heading")}
    assert told["types_changed"] == {"approved": ("boolean", "text")}
    assert told["options_gone"] == {"priority": ("High", "Critical")}
    assert (told["options_added"], told["added"]) == ({"priority": ("Urgent",)}, ("colour",))
    assert "High is not one of the options of `priority`" in ground.lasting()["urgent"]
    ((name,),) = ground.database.execute("SELECT name FROM apps WHERE app_id = %s", (TASKS_ID,))
    assert name == "Tasks", "rules that name the app as it was applied mean the same app"
    assert await ground.refresh() == [], "told once"


async def test_a_field_behind_a_link_is_checked_in_the_other_app(ground: Ground) -> None:
    ground.rules = RULES.replace("client.name", "client.nmae")
    await ground.refresh()
    assert "app Clients has no field `nmae`" in ground.lasting()["abroad"]


async def test_an_app_that_the_token_sees_no_more(ground: Ground) -> None:
    del ground.simulator.state.apps[TASKS_ID]
    await ground.refresh()
    assert list(ground.lasting()) == ["urgent", "abroad"] or list(ground.lasting()) == ["abroad", "urgent"]
    assert "no longer sees app `Tasks`" in ground.lasting()["urgent"]


async def test_a_start_checks_what_is_stored_and_asks_nobody(ground: Ground) -> None:
    ground.rules = RULES.replace("priority", "priorty")
    await check_at_start(ground.engine, ground.configuration)
    assert "(did you mean `priority`?)" in ground.lasting()["urgent"]
    ground.rules = RULES.replace("urgent", "other").replace("priority", "priorty")
    await check_at_start(ground.engine, ground.configuration)
    assert list(ground.lasting()) == ["other"], "the alarm of a rule that is gone is over"
    ground.rules = RULES
    await check_at_start(ground.engine, ground.configuration)
    assert (ground.lasting(), ground.lists()) == ({}, 0)


async def test_who_was_listed_lately_is_not_asked_again(ground: Ground) -> None:
    await ground.refresh(every=HOUR)
    await ground.refresh(every=HOUR)
    assert ground.lists() == 1
    ground.database.execute("UPDATE app_listings SET listed_at = now() - interval '31 minutes'")
    await ground.refresh(every=HOUR)
    assert ground.lists() == 2
    ((lane,),) = ground.database.execute("SELECT DISTINCT lane FROM calls")
    assert lane == "reconcile"


async def test_without_calls_left_the_rules_are_checked_against_what_is_known(ground: Ground) -> None:
    ground.calls = 1
    ground.rules = RULES.replace("priority", "priorty")
    ground.database.execute(
        "INSERT INTO calls (account, lane, endpoint, counts_until)"
        " VALUES ('main', 'settle', 'POST filter', now() + interval '1 hour')"
    )
    logs = await ground.refresh()
    assert [each["event"] for each in logs] == ["apps.deferred", "alarm.raised"]
    assert (ground.lists(), list(ground.lasting())) == (0, ["urgent"])


async def test_an_account_that_is_refused_keeps_no_other_from_being_asked(ground: Ground) -> None:
    ground.rules = RULES + "  - {name: elsewhere, account: broken, app: Tasks, run: [note]}\n"
    logs = await ground.refresh()
    assert [(each["event"], each["account"]) for each in logs] == [("apps.unlisted", "broken")]
    assert ground.database.execute("SELECT account FROM app_listings") == [("main",)]
    assert ground.lasting() == {}, "of an account that says nothing, nothing is known"


async def test_the_alarm_of_a_field_ends_when_it_is_back_or_no_rule_names_it(ground: Ground) -> None:
    async def tell(field_id: str) -> None:
        async with ground.engine.begin() as connection:
            await raise_alarm(connection, AlarmName.FIELD_GONE, f"main/{TASKS_ID}/{field_id}", "it is gone")

    left = ground.tasks["priority"]
    ground.put(without=["priority"])
    for field_id in ("priority", "client", "nobody/names it"):
        await tell(field_id)
    await ground.refresh()
    assert list(ground.lasting(AlarmName.FIELD_GONE)) == [f"main/{TASKS_ID}/priority"]
    ground.put(left)
    await ground.refresh()
    assert ground.lasting(AlarmName.FIELD_GONE) == {}
    await tell("priority")
    ground.put(without=["priority"])
    ground.rules = RULES.splitlines(keepends=True)[1]
    await ground.refresh()
    assert ground.lasting(AlarmName.FIELD_GONE) == {}
