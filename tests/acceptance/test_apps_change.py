"""Somebody changes an app: whoever stands under `alarms:` hears of the broken rule before a record does."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from service.dev.simulators.fusioo.example_apps import TASKS_ID
from tests.fixtures.database import Database
from tests.fixtures.installation import Installation, running_installation
from tests.fixtures.sink import HttpSink
from tests.fixtures.waiting import wait_until

REST = """\
handlers:
  ops: {http: {url: "%s/ops", allow_private: true}, retry: [200ms, 200ms]}
  alarmed: {http: {url: "%s/alarmed", allow_private: true}, retry: [200ms, 200ms]}
rules:
  - {name: done, account: main, app: Tasks, changed: {status: {to: Done}}, run: [ops]}
  - {name: all, account: main, app: Tasks, on: [create], run: [ops]}
alarms: [alarmed]
"""


@pytest.fixture(scope="module")
def installed(
    module_database: Database, module_redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    directory = tmp_path_factory.mktemp("relay")
    with (
        HttpSink() as sink,
        running_installation(
            module_database,
            module_redis_url,
            directory,
            sink,
            rest=REST % (sink.url, sink.url),
            settings={"RELAY_APPS_EVERY": "1s"},
        ) as running,
    ):
        yield running


def rename_option(installed: Installation, before: str, after: str) -> None:
    """Give an option of `status` another text, as a person would."""
    app = installed.simulator.state.apps[TASKS_ID]
    for position, field in enumerate(app.fields):
        if field.id == "status":
            items = [after if each == before else each for each in field.options["items"]]
            app.fields[position] = replace(field, options={**field.options, "items": items})


def test_a_renamed_option_is_told_of_and_stops_no_other_rule(installed: Installation) -> None:
    rename_option(installed, "Done", "Finished")
    (raised,) = wait_until(
        lambda: [each for each in installed.sink.received if each.path == "/alarmed"], what="somebody is told"
    )
    told = raised.json["data"]
    assert (told["alarm"], told["subject"]) == ("rule_broken", "done")
    assert "Done is not one of the options of `status`" in told["message"]

    record_id = installed.create()
    installed.wait_until_told(record_id)
    installed.wait_until_done()
    assert [each.json["data"]["rule"] for each in installed.received("/ops", record_id)] == ["all"]

    rename_option(installed, "Finished", "Done")
    wait_until(
        lambda: installed.database.execute(
            "SELECT 1 FROM alarms WHERE name = 'rule_broken' AND cleared_at IS NOT NULL"
        ),
        what="the alarm is over",
    )
