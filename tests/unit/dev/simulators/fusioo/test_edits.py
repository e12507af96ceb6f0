from datetime import UTC, datetime
from itertools import islice

from service.dev.simulators.fusioo.edits import Editor
from service.dev.simulators.fusioo.example_apps import TASKS_ID, example_state
from service.dev.simulators.fusioo.records import Happening, Record
from service.dev.simulators.fusioo.state import FusiooState
from service.dev.simulators.fusioo.storage import dump
from service.dev.simulators.fusioo.validation import check_values


def _state() -> FusiooState:
    return example_state(token="t", clock=lambda: datetime(2026, 11, 22, 5, tzinfo=UTC))


def test_the_same_seed_makes_the_same_edits() -> None:
    first, second, other = _state(), _state(), _state()
    for state, seed in ((first, 1), (second, 1), (other, 2)):
        editor = Editor(state, seed)
        for _ in range(100):
            editor.make_some()
    assert dump(first) == dump(second)
    assert dump(first) != dump(other)


def test_all_kinds_of_edits_happen_and_all_records_stay_valid() -> None:
    state = _state()
    told: list[tuple[Happening, str]] = []
    bursts = 0

    def listen(happening: Happening, record: Record) -> None:
        told.append((happening, record.id))
        app = state.apps[record.app_id]
        if happening is not Happening.DELETE:
            values = {
                name: value
                for name, value in record.now.values.items()
                if name != "client"  # a client that was linked may have been deleted since
            }
            assert not check_values(app, values, creating=True, record_exists=state.link_exists)

    state.records.listeners.append(listen)
    editor = Editor(state, 7)
    for _ in range(600):
        bursts += editor.make_some() > 1
    kinds = {happening for happening, _ in told}
    assert kinds == set(Happening)
    assert bursts > 10
    deleted = [record_id for happening, record_id in told if happening is Happening.DELETE]
    restored = [r for happening, r in told if happening is Happening.CREATE and r in deleted]
    assert restored
    assert 4 <= len(state.records.live(TASKS_ID)) <= 201


def test_the_rate_is_kept_on_average() -> None:
    pauses = list(islice(Editor(_state(), 3).pauses(rate=4.0), 4000))
    assert 0.2 < sum(pauses) / len(pauses) < 0.3
