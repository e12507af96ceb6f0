from datetime import UTC, datetime, timedelta

import pytest

from service.dev.simulators.fusioo.example_apps import TASKS_ID, example_state
from service.dev.simulators.fusioo.records import Happening, Record
from service.dev.simulators.fusioo.state import FusiooState
from service.dev.simulators.fusioo.views import View


class _Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 5, 0, 0, 900_000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def tick(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def state(clock: _Clock) -> FusiooState:
    return example_state(token="t", clock=clock, with_records=False)


def _shown(state: FusiooState, record: Record) -> dict[str, object] | None:
    version = state.seen(record)
    view = View(state, state.users["t"], state.apps[record.app_id])
    return None if version is None else view.show(record, version)


def test_stamps_have_whole_seconds_and_no_offset(state: FusiooState, clock: _Clock) -> None:
    record = state.records.create(TASKS_ID, {"title": "A"}, person="Sarah May")
    clock.tick(61)
    state.records.update(record.id, {"title": "B"}, person="John Doe")
    assert _shown(state, record) == {
        "id": record.id,
        "title": "B",
        "created": "2026-11-22T05:00:00",
        "last_modified": "2026-11-22T05:01:01",
        "created_by": ["Sarah May"],
        "last_modified_by": ["John Doe"],
    }


def test_an_id_is_an_i_and_thirty_two_digits(state: FusiooState) -> None:
    record = state.records.create(TASKS_ID, {"title": "A"}, person="Sarah May")
    assert record.id[0] == "i"
    assert len(record.id) == 33
    int(record.id[1:], 16)


def test_emptied_fields_are_left_out_or_null(state: FusiooState) -> None:
    record = state.records.create(TASKS_ID, {"title": "A", "notes": "x"}, person="Sarah May")
    state.records.update(record.id, {"notes": None}, person="Sarah May")
    assert "notes" not in (_shown(state, record) or {})
    state.settings.empty_as_null = True
    assert (_shown(state, record) or {})["notes"] is None


def test_a_deletion_keeps_the_last_state_and_a_restore_shows_it_again(
    state: FusiooState, clock: _Clock
) -> None:
    record = state.records.create(TASKS_ID, {"title": "A"}, person="Sarah May")
    before = _shown(state, record)
    clock.tick(5)
    state.records.delete(record.id, person="John Doe")
    assert _shown(state, record) == before
    with pytest.raises(KeyError):
        state.records.update(record.id, {"title": "B"}, person="John Doe")
    state.records.restore(record.id, person="John Doe", told_as=None)
    assert state.records.live(TASKS_ID) == [record]


def test_stale_reads_show_the_past(state: FusiooState, clock: _Clock) -> None:
    record = state.records.create(TASKS_ID, {"title": "A"}, person="Sarah May")
    clock.tick(10)
    state.records.update(record.id, {"title": "B"}, person="Sarah May")
    state.faults.reads.stale_seconds = 3
    clock.tick(2)
    assert (_shown(state, record) or {})["title"] == "A"
    clock.tick(1)
    assert (_shown(state, record) or {})["title"] == "B"


def test_a_stale_read_does_not_know_a_new_record(state: FusiooState, clock: _Clock) -> None:
    record = state.records.create(TASKS_ID, {"title": "A"}, person="Sarah May")
    state.faults.reads.stale_seconds = 3
    clock.tick(2)
    assert _shown(state, record) is None


def test_a_record_can_be_absent_for_a_while_after_a_write(state: FusiooState, clock: _Clock) -> None:
    record = state.records.create(TASKS_ID, {"title": "A"}, person="Sarah May")
    state.faults.reads.absent_seconds = 3
    assert _shown(state, record) is None
    clock.tick(3)
    assert _shown(state, record) is not None


def test_listeners_are_told_in_order_unless_the_write_is_quiet(state: FusiooState) -> None:
    told: list[Happening] = []
    state.records.listeners.append(lambda happening, _record: told.append(happening))
    record = state.records.create(TASKS_ID, {"title": "A"}, person="Sarah May")
    state.records.update(record.id, {"title": "B"}, person="Sarah May")
    state.records.update(record.id, {"title": "C"}, person="Sarah May", told=False)
    state.records.delete(record.id, person="Sarah May")
    state.records.restore(record.id, person="Sarah May", told_as=Happening.UPDATE)
    state.records.purge(record.id)
    assert told == [Happening.CREATE, Happening.UPDATE, Happening.DELETE, Happening.UPDATE]


def test_the_window_moves(state: FusiooState, clock: _Clock) -> None:
    state.settings.calls_per_window, state.settings.window = 2, timedelta(seconds=10)
    assert state.take_call()
    clock.tick(5)
    assert state.take_call()
    assert not state.take_call()
    clock.tick(5)
    assert state.take_call()
    assert not state.take_call()
