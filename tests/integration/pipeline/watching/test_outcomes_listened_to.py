"""REST outcomes of Onspring are listened to; its apps without any are polled, by intention."""

from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from service.changes.types import Origin
from service.pipeline.probes.figures import DAY
from service.pipeline.watching.watch import Address, WebhookWatch
from service.records.origins import count_origins
from service.rules.loader import parse
from service.sealing import SecretBox
from tests.fixtures.database import Database

TEXT = """version: 1
accounts: {grc: {provider: onspring, token: "${KEY}", base_url: "http://127.0.0.1:9"}}
handlers: {note: {log: {}}}
rules:
  - {name: tasks, account: grc, app: Tasks, run: [note]}
  - {name: people, account: grc, app: Users, run: [note]}
"""


def watch_app(database: Database, app_id: str, name: str) -> None:
    database.execute(
        "INSERT INTO apps (account, app_id, name, schema) VALUES ('grc', %s, %s, '{}')", [app_id, name]
    )


def add_outcome(database: Database, app_id: str, *, status: str = "active") -> UUID:
    registration = uuid4()
    database.execute(
        "INSERT INTO registrations (id, account, provider, app_id, key, url, manual, status)"
        " VALUES (%s, 'grc', 'onspring', %s, %s, '', true, %s)",
        [registration, app_id, registration.hex, status],
    )
    return registration


def receive(database: Database, registration: UUID, *hours_ago: float) -> None:
    for hours in hours_ago:
        database.execute(
            "INSERT INTO deliveries (registration_id, account, app_id, record_id, request_id, status,"
            " received_at) VALUES (%s, 'grc', '195', '1', %s, 'settled', now() - %s)",
            [registration, uuid4(), timedelta(hours=hours)],
        )


def change(database: Database, app_id: str, origin: str, count: int) -> None:
    for _ in range(count):
        database.execute(
            "INSERT INTO changes (id, account, app_id, record_id, version, kind, origin, sight, rules_digest)"
            " VALUES (%s, 'grc', %s, %s, 1, 'update', %s, 1, '')",
            [uuid4(), app_id, uuid4().hex, origin],
        )


async def watch(engine: AsyncEngine) -> list[str]:
    """Do the job once; gives the names of what it logged."""
    job = WebhookWatch(
        engine,
        configuration=parse(TEXT, "relay.yaml", {"KEY": "k"}),
        clients={},
        address=Address("https://relay.example.com", SecretBox("k" * 32), timedelta(minutes=10)),
        every=timedelta(0),
        lost_after=timedelta(seconds=15),
    )
    with capture_logs() as logs:
        await job.watch("grc")
    return [each["event"] for each in logs]


async def test_one_that_tells_no_longer_is_quiet_and_the_provider_is_not_asked(
    engine: AsyncEngine, database: Database
) -> None:
    watch_app(database, "195", "Tasks")
    watch_app(database, "2", "Users")
    receive(database, add_outcome(database, "195"), 80, 81, 82)
    change(database, "195", "reconcile", 5)
    change(database, "2", "reconcile", 5)
    assert "webhooks.unchecked" not in await watch(engine)
    alarms = database.execute("SELECT name, subject, message FROM alarms")
    assert [each[:2] for each in alarms] == [("webhook_quiet", "grc/195/workflow")]
    assert alarms[0][2].startswith("a person's webhook of Tasks (any kind) of account grc told last at")
    assert database.execute("SELECT * FROM drifts") == []


async def test_apps_without_an_outcome_count_for_no_loss(engine: AsyncEngine, database: Database) -> None:
    add_outcome(database, "195")
    add_outcome(database, "2", status="deleted")
    change(database, "195", "webhook", 3)
    change(database, "195", "reconcile", 1)
    change(database, "2", "reconcile", 6)
    async with engine.connect() as connection:
        (origins,) = await count_origins(connection, within=DAY)
    assert origins.changes == {Origin.WEBHOOK: 3, Origin.RECONCILE: 7}
    assert origins.lost_per_10000 == 2500
