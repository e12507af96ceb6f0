"""Webhooks are lost, or nobody is there to take them: all changes reach their handlers, each once."""

from collections.abc import Iterator

import httpx2
import pytest

from service.dev.simulators.fusioo.example_apps import example_state
from service.dev.simulators.fusioo.settings import FusiooSettings
from tests.fixtures.database import Database
from tests.fixtures.installation import PLENTY, Installation, running_relay
from tests.fixtures.simulator import TOKEN, simulator_in_thread
from tests.fixtures.sink import HttpSink
from tests.fixtures.waiting import wait_until

_REST = """\
handlers:
  ops: {http: {url: "%s/ops", allow_private: true}, retry: [200ms, 200ms]}
rules:
  - {name: tasks, account: main, app: Tasks, run: [ops]}
"""
EDITS = 40
ADMIN = "the-admin-token"


@pytest.fixture
def installed(
    request: pytest.FixtureRequest,
    database: Database,
    module_redis_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Installation]:
    """A relay that reconciles often or seldom, and has done so once."""
    state = example_state(token=TOKEN, settings=FusiooSettings(calls_per_window=PLENTY))
    directory = tmp_path_factory.mktemp("relay")
    with (
        HttpSink() as sink,
        simulator_in_thread(state) as simulator,
        running_relay(
            database,
            module_redis_url,
            directory,
            {"main": simulator},
            rest=_REST % sink.url,
            settings={"RELAY_RECONCILE_GRACE": "2s", "RELAY_ADMIN_TOKEN": ADMIN},
            of_accounts=f", reconcile: {request.param}, heal: false",
        ) as processes,
    ):
        installation = Installation(database, module_redis_url, simulator, sink, processes)
        wait_until(lambda: rounds(installation), what="the first round has ended")
        yield installation


def rounds(installed: Installation) -> bool:
    return bool(installed.database.execute("SELECT 1 FROM reconciles WHERE ended_at IS NOT NULL"))


def wait_until_all_reached(installed: Installation, record_ids: list[str]) -> None:
    """Wait until every record's change reached the handler; nothing reached it twice."""
    wait_until(
        lambda: all(installed.received("/ops", record_id) for record_id in record_ids),
        60,
        what="every change reaches its handler",
    )
    installed.wait_until_done()
    for record_id in record_ids:
        assert len(installed.received("/ops", record_id)) == 1


def by_origin(installed: Installation, origin: str) -> set[str]:
    rows = installed.database.execute("SELECT record_id FROM changes WHERE origin = %s", (origin,))
    return {record_id for (record_id,) in rows}


@pytest.mark.parametrize("installed", ["2s"], indirect=True, ids=["often"])
@pytest.mark.parametrize("share", [0.2, 1.0])
def test_lost_deliveries_are_made_up_for_and_counted(installed: Installation, share: float) -> None:
    state = installed.simulator.state
    state.faults.deliveries.drop_share = share
    made = [installed.create(title=f"Task {number}") for number in range(EDITS)]
    wait_until_all_reached(installed, made)
    lost = {each.record_id for each in list(state.deliveries) if each.outcome == "dropped"}
    assert by_origin(installed, "reconcile") == lost & set(made)
    assert by_origin(installed, "webhook") == set(made) - lost
    answer = httpx2.get(
        f"http://127.0.0.1:{installed.processes.port('web')}/metrics",
        headers={"Authorization": f"Bearer {ADMIN}"},
        trust_env=False,
    )
    shown = f'relay_changes_lost_per_10000{{account="main"}} {10_000 * len(lost & set(made)) / EDITS}'
    assert shown in answer.text.splitlines()


@pytest.mark.parametrize("installed", ["1h"], indirect=True, ids=["seldom"])
def test_what_happened_while_the_relay_was_down_is_found_at_once_when_it_is_back(
    installed: Installation,
) -> None:
    for kind in ("web", "worker", "scheduler"):
        installed.processes.terminate(kind)
    made = [installed.create(title=f"Task {number}") for number in range(3)]
    wait_until(
        lambda: all(
            each.outcome not in {"waiting", "answered"}
            for each in list(installed.simulator.state.deliveries)
            if each.record_id in made
        ),
        what="nobody took the deliveries",
    )
    installed.processes.start("web", "worker", "scheduler")
    wait_until_all_reached(installed, made)
    assert by_origin(installed, "reconcile") == set(made)
