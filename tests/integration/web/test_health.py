"""Liveness and readiness, as a load balancer asks."""

from dataclasses import replace

from service.db.migrating import head_revision
from service.web.lifespan import WebOptions
from tests.fixtures.database import Database
from tests.fixtures.receiver import RunningReceiver, running_receiver
from tests.fixtures.waiting import wait_until


def test_it_lives_and_is_ready(receiver: RunningReceiver) -> None:
    for path in ("/health/live", "/health/ready"):
        answer = receiver.http.get(path)
        assert (answer.status_code, answer.json()) == (200, {"status": "pass"})
        assert answer.headers["cache-control"] == "no-store"


def test_an_outdated_schema_is_not_ready(web_options: WebOptions) -> None:
    with running_receiver(replace(web_options, outdated_revisions={head_revision()})) as receiver:
        answer = receiver.http.get("/health/ready")
    assert answer.status_code == 503
    assert "relay migrate" in answer.text


def test_a_newer_schema_is_ready(database: Database, web_options: WebOptions) -> None:
    database.execute("UPDATE alembic_version SET version_num = 'from the future'")
    try:
        with running_receiver(web_options) as receiver:
            assert receiver.http.get("/health/ready").status_code == 200
    finally:
        database.execute("UPDATE alembic_version SET version_num = %s", [head_revision()])


def test_the_process_is_known_while_it_runs(database: Database, web_options: WebOptions) -> None:
    def kinds() -> list[str]:
        return [kind for (kind,) in database.execute("SELECT kind FROM processes")]

    with running_receiver(web_options):
        wait_until(lambda: kinds() == ["web"])
    assert kinds() == []
