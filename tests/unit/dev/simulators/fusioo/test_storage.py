import asyncio
import json
from pathlib import Path

import pytest

from service.dev.simulators.contents import Content
from service.dev.simulators.fusioo.example_apps import TASKS_ID, example_state
from service.dev.simulators.fusioo.storage import dump, kept_in, restore
from service.errors import ConfigurationError
from tests.fixtures.waiting import wait_until_async


def test_a_dump_brings_everything_back() -> None:
    state = example_state(token="t", seed=1)
    state.add_webhook("http://127.0.0.1/hook", TASKS_ID, on_update=True)
    record, gone, *_ = state.records.live(TASKS_ID)
    state.records.delete(gone.id, person="Sarah May")
    stored = state.files.add("a.bin", Content(b"\x00\xff"), content_type="image/png", person="John Doe")
    discussion = state.conversations.open(record.id, "Look", [stored.id], person="John Doe")
    state.files.say(discussion.id, [stored.id])
    state.conversations.answer(discussion, "Done", [], person="Sarah May")
    again = example_state(token="t", seed=2)
    restore(again, dump(state))
    assert dump(again) == dump(state)
    assert len(again.records.trash()) == 1
    assert again.members == state.members
    assert again.conversations.by_id[discussion.id].to_json() == discussion.to_json()
    assert b"".join(again.files.by_id[stored.id].content.pieces()) == b"\x00\xff"


def test_a_dump_of_the_release_before_is_understood() -> None:
    state = example_state(token="t")
    saved = json.loads(dump(state))
    again = example_state(token="t", with_records=False)
    restore(again, json.dumps({key: saved[key] for key in ("records", "webhooks")}))
    assert again.records.count(TASKS_ID) == state.records.count(TASKS_ID)
    assert again.members


def test_a_restored_simulator_makes_new_ids() -> None:
    first = example_state(token="t", seed=1)
    saved = dump(first)
    made = first.records.create(TASKS_ID, {"title": "A"}, person="Sarah May")
    again = example_state(token="t", seed=1)
    restore(again, saved)
    assert again.records.create(TASKS_ID, {"title": "A"}, person="Sarah May").id != made.id


async def test_changes_are_saved_while_it_runs_and_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "fusioo.json"
    state = example_state(token="t")
    async with kept_in(path, state):
        await wait_until_async(path.exists)
        made = state.records.create(TASKS_ID, {"title": "Soon saved"}, person="Sarah May")
        await wait_until_async(lambda: made.id in path.read_text())
        last = state.records.create(TASKS_ID, {"title": "Saved at the end"}, person="Sarah May")
    again = example_state(token="t")
    async with kept_in(path, again):
        assert {made.id, last.id} <= set(again.records.by_id)


async def test_a_foreign_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "fusioo.json"
    path.write_text('{"other": 1}')
    with pytest.raises(ConfigurationError, match="delete the file"):
        async with kept_in(path, example_state(token="t")):
            await asyncio.sleep(0)
    assert path.read_text() == '{"other": 1}'
