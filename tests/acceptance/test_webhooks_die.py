"""Webhooks that are deleted, altered or disabled at the provider: a relay that runs mends them itself."""

from collections.abc import Callable, Iterator

import pytest

from service.dev.simulators.fusioo.example_apps import TASKS_ID, example_state
from service.dev.simulators.fusioo.settings import FusiooSettings
from service.dev.simulators.fusioo.webhooks import Webhook
from tests.fixtures.database import Database
from tests.fixtures.installation import PLENTY, Installation, running_relay
from tests.fixtures.simulator import TOKEN, simulator_in_thread
from tests.fixtures.sink import HttpSink
from tests.fixtures.waiting import wait_until

pytestmark = pytest.mark.usefixtures("at_full_scale")

_SETTINGS = {
    "RELAY_LOST_AFTER": "60s",
    "RELAY_DRIFT_EVERY": "1s",
    "RELAY_RECONCILE_GRACE": "500ms",
    "RELAY_ROTATION_OVERLAP": "2s",
}
_REST = """\
handlers:
  ops: {http: {url: "%s/ops", allow_private: true}, retry: [200ms, 200ms, 200ms], loop: false}
rules:
  - {name: tasks, account: main, app: Tasks, run: [ops]}
"""
_WITHIN = 60.0


@pytest.fixture(scope="module")
def watched(
    module_database: Database, module_redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """A relay that looks after its webhooks every second."""
    state = example_state(token=TOKEN, settings=FusiooSettings(calls_per_window=PLENTY))
    with (
        HttpSink() as sink,
        simulator_in_thread(state) as simulator,
        running_relay(
            module_database,
            module_redis_url,
            tmp_path_factory.mktemp("relay"),
            {"main": simulator},
            rest=_REST % sink.url,
            settings=_SETTINGS,
            of_accounts=", reconcile: 1s",
        ) as processes,
    ):
        yield Installation(module_database, module_redis_url, simulator, sink, processes)


def updating(watched: Installation) -> list[Webhook]:
    return [
        each
        for each in list(watched.simulator.state.webhooks.values())
        if each.app_id == TASKS_ID and each.on_update
    ]


def known_task(watched: Installation) -> str:
    """A task that the relay has heard of."""
    record_id = watched.create(title="A task to edit")
    wait(lambda: watched.received("/ops", record_id), "the relay hears of a task")
    return record_id


def origins(watched: Installation, record_id: str) -> dict[str, str]:
    """How each change of the title came to light, by the title."""
    rows = watched.database.execute(
        "SELECT after->>'title', origin FROM changes WHERE record_id = %s", [record_id]
    )
    return dict(rows)


def silent(watched: Installation) -> list[str]:
    rows = watched.database.execute(
        "SELECT subject FROM alarms WHERE name = 'webhook_silent' AND cleared_at IS NULL"
    )
    return [subject for (subject,) in rows]


def wait(met: Callable[[], object], what: str) -> None:
    wait_until(met, _WITHIN, what=what, pause=0.1)


def test_one_that_was_deleted_is_made_again_and_tells(watched: Installation) -> None:
    record_id = known_task(watched)
    for webhook in updating(watched):
        del watched.simulator.state.webhooks[webhook.id]
    watched.update(record_id, title="Edited while nobody told")
    wait(lambda: updating(watched), "there is a webhook again")
    wait(lambda: "Edited while nobody told" in origins(watched, record_id), "reconcile finds the edit")
    wait(lambda: _is_told(watched, record_id), "the new webhook tells of an edit")


def test_one_that_was_altered_is_set_right(watched: Installation) -> None:
    record_id = known_task(watched)
    wait(lambda: len(updating(watched)) == 1, "there is one webhook")
    (webhook,) = updating(watched)
    url, webhook.url = webhook.url, "http://127.0.0.1:9/nowhere"
    wait(lambda: webhook.url == url, "it calls us again")
    webhook.on_update = False
    wait(lambda: webhook.on_update, "it calls us at updates again")
    wait(lambda: _is_told(watched, record_id), "it tells of an edit")


def test_one_that_is_disabled_is_found_silent_and_replaced_and_no_edit_is_lost(watched: Installation) -> None:
    record_id = known_task(watched)
    wait(lambda: len(updating(watched)) == 1, "there is one webhook")
    (dead,) = updating(watched)
    watched.simulator.state.disabled_webhooks.add(dead.id)
    edits: list[str] = []

    def edit_until_silent() -> bool:
        edits.append(f"Edit {len(edits)} that nobody tells of")
        watched.update(record_id, title=edits[-1])
        wait(lambda: edits[-1] in origins(watched, record_id), "reconcile finds the edit")
        return silent(watched) == [f"main/{TASKS_ID}/update"]

    wait(edit_until_silent, "the webhook is found silent")
    assert {origins(watched, record_id)[edit] for edit in edits} == {"reconcile"}
    wait(lambda: [each for each in updating(watched) if each is not dead], "another one takes its place")
    wait(lambda: _is_told(watched, record_id), "that one tells of an edit")
    wait(lambda: not silent(watched), "the alarm is over")
    wait(lambda: dead.id not in watched.simulator.state.webhooks, "the old one goes after the overlap")
    watched.wait_until_done()
    told = [each.json["data"]["record"]["title"] for each in watched.received("/ops", record_id)]
    assert [title for title in told if title in edits] == edits


def _is_told(watched: Installation, record_id: str) -> bool:
    """Edit a task; tell whether a webhook told of that."""
    title = f"Edit after {len(origins(watched, record_id))}"
    watched.update(record_id, title=title)
    wait(lambda: title in origins(watched, record_id), "the relay sees the edit")
    return origins(watched, record_id)[title] == "webhook"
