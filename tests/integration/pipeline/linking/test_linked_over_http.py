"""Linked records from a simulated Fusioo, over HTTP: what is stored, what handlers get, what it costs."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.db.engine import open_engine
from service.dev.simulators.fusioo.example_apps import CLIENTS_ID, PEOPLE, TASKS_ID, tasks_app
from service.dev.simulators.fusioo.schema import Field, FieldType
from service.pipeline.accounts.opened import Accounts
from service.pipeline.linking.expand import Expander
from service.pipeline.settling.settle import Settler
from service.rules.loader import parse
from tests.fixtures.database import Database
from tests.fixtures.pipeline import ACCOUNT, AT_ONCE, LOST_AFTER, Pipeline, rule
from tests.fixtures.simulator import RunningSimulator

CONFIGURATION = """\
version: 1
accounts:
  main: {{provider: fusioo, base_url: "{url}", token: "${{FUSIOO_TOKEN}}"}}
"""
PATHS = ["client.partners", "client.partners.partners"]


class Linking:
    """One process of a relay with a rule that follows links, at a simulated company."""

    def __init__(self, provider: RunningSimulator, engine: AsyncEngine, database: Database) -> None:
        self.provider, self.engine, self.database = provider, engine, database
        self.pipeline = Pipeline(engine, database, rules=[rule(app=TASKS_ID, expand=PATHS)])
        self.process = self.pipeline.process()
        partners = Field("partners", "Partners", FieldType.APP_LINK, options={"app_id": CLIENTS_ID})
        provider.state.apps[CLIENTS_ID].fields.append(partners)
        database.execute(
            "INSERT INTO apps (account, app_id, name, schema) VALUES (%s, %s, 'Tasks', %s)",
            (ACCOUNT, TASKS_ID, json.dumps(tasks_app().to_json())),
        )
        configuration = parse(
            CONFIGURATION.format(url=provider.url), "relay.yaml", {"FUSIOO_TOKEN": provider.token}
        )
        self.accounts = Accounts(
            configuration.accounts, engine, timeout=timedelta(seconds=10), holder=self.process
        )

    def client(self, name: str, *partners: str) -> str:
        values = {"name": name, "partners": list(partners)}
        return self.provider.state.records.create(CLIENTS_ID, values, person=PEOPLE[0]).id

    def task(self, *clients: str) -> str:
        values = {"title": "A task", "client": list(clients)}
        return self.provider.state.records.create(TASKS_ID, values, person=PEOPLE[0]).id

    async def relay(self) -> None:
        """Settle, and expand, as long as there is something due."""
        settler = Settler(
            self.engine,
            process_id=self.process,
            lost_after=LOST_AFTER,
            accounts=self.accounts.settled(),
            rulebook=self.pipeline.rulebook,
            recheck=AT_ONCE,
            bells=self.pipeline.bells,
            gather=0.0,
        )
        expander = Expander(
            self.engine,
            process_id=self.process,
            lost_after=LOST_AFTER,
            accounts=self.accounts.linked(),
            pauses=(timedelta(0), timedelta(0)),
            bells=self.pipeline.bells,
        )
        sweep = self.pipeline.sweep()
        for _ in range(50):
            self.pipeline.bells.apps.clear()
            self.pipeline.bells.accounts.clear()
            await sweep.sweep()
            if not self.pipeline.bells.apps and not self.pipeline.bells.accounts:
                return
            for account, app_id in self.pipeline.bells.apps:
                await settler.settle(account, app_id)
            for account in self.pipeline.bells.accounts:
                await expander.expand(account)
        raise AssertionError("still something due")


@pytest.fixture
async def linking(simulator: RunningSimulator, database: Database) -> AsyncIterator[Linking]:
    engine = open_engine(database.url, name="test")
    made = Linking(simulator, engine, database)
    yield made
    await made.accounts.close()
    await engine.dispose()


async def test_paths_go_through_apps_that_no_rule_names(linking: Linking, database: Database) -> None:
    deepest = [linking.client(f"deepest {number}") for number in range(2)]
    partners = [linking.client(f"partner {number}", *deepest) for number in range(2)]
    client = linking.client("Acme", *partners)
    linking.pipeline.deliver(linking.task(client), "create", app_id=TASKS_ID)
    await linking.relay()
    ((linked, gaps),) = database.execute("SELECT linked, gaps FROM expansions")
    assert {path: [record["name"] for record in records] for path, records in linked.items()} == {
        "client": ["Acme"],
        "client.partners": ["partner 0", "partner 1"],
        "client.partners.partners": ["deepest 0", "deepest 1"],
    }
    assert gaps == {}
    lanes = database.execute("SELECT lane, endpoint, count(*) FROM calls GROUP BY 1, 2 ORDER BY 1, 2")
    assert lanes == [
        ("expand", "GET /apps", 1),
        ("expand", "POST /records/apps/{app}/filter", 3),
        ("settle", "POST /records/apps/{app}/filter", 1),
    ]


async def test_a_rule_asks_about_records_behind_two_links(linking: Linking, database: Database) -> None:
    rules = [
        rule(name.lower(), app=TASKS_ID, when={"client.partners.name": {"equal": name}})
        for name in ("Birch", "Cedar")
    ]
    linking.pipeline.rulebook = Pipeline(linking.engine, database, rules=rules).rulebook
    client = linking.client("Acme", linking.client("Birch"), linking.client("Dahlia"))
    linking.pipeline.deliver(linking.task(client), "create", app_id=TASKS_ID)
    await linking.relay()
    assert database.execute("SELECT rule, status, error FROM runs ORDER BY seq") == [
        ("birch", "ready", None),
        (
            "cedar",
            "skipped",
            "when.client.partners.name: expected {'equal': 'Cedar'}, saw ['Birch', 'Dahlia']",
        ),
    ]


async def test_a_hundred_changes_with_links_to_ten_records_cost_three_calls_at_most(
    linking: Linking, database: Database
) -> None:
    """Each with five links: asked for one by one, they would cost as many calls as the whole hour has."""
    clients = [linking.client(f"client {number}") for number in range(10)]
    tasks = [linking.task(*(clients[(number + step) % 10] for step in range(5))) for number in range(100)]
    linking.pipeline.deliver_many(tasks, app_id=TASKS_ID)
    await linking.relay()
    ((finished, links),) = database.execute(
        "SELECT count(finished_at), sum(jsonb_array_length(linked->'client')) FROM expansions"
    )
    assert (finished, links) == (100, 500)
    ((calls,),) = database.execute(
        "SELECT count(*) FROM calls WHERE lane = 'expand' AND endpoint LIKE 'POST%%'"
    )
    assert calls <= 3


async def test_a_linked_record_in_the_trash_is_a_gap(linking: Linking, database: Database) -> None:
    client = linking.client("Gone")
    task = linking.task(client)
    linking.provider.state.records.delete(client, person=PEOPLE[0])
    linking.pipeline.deliver(task, "create", app_id=TASKS_ID)
    await linking.relay()
    assert database.execute("SELECT linked->'client', gaps FROM expansions") == [([], {"client": [client]})]
