"""A revoked token, seen from outside: whoever stands under `alarms:` hears of it once, and of its end."""

from collections.abc import Iterator

import pytest
from standardwebhooks.webhooks import Webhook

from tests.fixtures.database import Database
from tests.fixtures.installation import SIGNING_SECRET, Installation, running_installation
from tests.fixtures.simulator import TOKEN
from tests.fixtures.sink import HttpSink
from tests.fixtures.waiting import wait_until

REST = """\
handlers:
  ops: {http: {url: "%s/ops", secret: "${OPS_SECRET}", allow_private: true}, retry: [200ms, 200ms]}
  note: {log: {}}
rules:
  - {name: tasks, account: main, app: Tasks, run: [note]}
alarms: [ops]
"""


@pytest.fixture(scope="module")
def alarmed(
    module_database: Database, module_redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    directory = tmp_path_factory.mktemp("relay")
    with (
        HttpSink() as sink,
        running_installation(
            module_database, module_redis_url, directory, sink, rest=REST % sink.url, settings={}
        ) as running,
    ):
        yield running


def test_a_refused_account_is_told_once_and_its_end_too(alarmed: Installation) -> None:
    users = alarmed.simulator.state.users
    user = users.pop(TOKEN)
    alarmed.sink.answer(500)
    record_ids = [alarmed.create() for _ in range(2)]
    for record_id in record_ids:
        alarmed.wait_until_told(record_id)
    alarmed.sink.wait_for(1)
    alarmed.sink.answer(200)
    wait_until(lambda: statuses(alarmed) == ["done"], what="somebody was told")
    raised = alarmed.sink.received
    assert {request.json["type"] for request in raised} == {"relay.alarm.raised"}
    assert {request.json["data"]["alarm"] for request in raised} == {"account_halted"}
    assert len({request.headers["webhook-id"] for request in raised}) == 1
    for request in raised:
        Webhook(SIGNING_SECRET).verify(request.body, dict(request.headers))

    users[TOKEN] = user
    alarmed.processes.kill_child("settle")  # as a restart would: the new process asks at once
    alarmed.wait_until_done()
    wait_until(lambda: statuses(alarmed) == ["done", "ready"], what="the end is written down")
    alarmed.database.execute("UPDATE notices SET next_at = now() WHERE status = 'ready'")
    wait_until(lambda: statuses(alarmed) == ["done", "done"], what="the end was told")
    assert [request.json["type"] for request in alarmed.sink.received[len(raised) :]] == [
        "relay.alarm.cleared"
    ]


def statuses(installation: Installation) -> list[str]:
    rows = installation.database.execute("SELECT status FROM notices ORDER BY seq")
    return [status for (status,) in rows]
