from datetime import UTC, datetime

import pytest

from service.dev.simulators.fusioo.example_apps import CLIENTS_ID, TASKS_ID, example_state
from service.dev.simulators.fusioo.records import Happening
from service.dev.simulators.fusioo.state import FusiooState
from service.dev.simulators.fusioo.storage import dump


def _state(seed: int = 0) -> FusiooState:
    state = example_state(token="t", seed=seed, clock=lambda: datetime(2026, 11, 22, tzinfo=UTC))
    state.records.create_many(TASKS_ID, [{"title": f"Task {n}"} for n in range(20)], person="Sarah May")
    return state


def test_after_each_page_records_come_go_and_move() -> None:
    state = _state()
    told: list[Happening] = []
    state.records.listeners.append(lambda happening, _record: told.append(happening))
    state.shifting.replace({TASKS_ID: {"creates": 3, "deletes": 2, "moves": 1}})
    before = state.records.count(TASKS_ID)
    state.shifting.listed(TASKS_ID)
    state.shifting.listed(CLIENTS_ID)
    assert state.records.count(TASKS_ID) == before + 1
    assert len(state.records.trash()) == 2
    assert told == []
    state.shifting.replace({TASKS_ID: {"creates": 1, "deletes": 1, "moves": 1, "told": True}})
    state.shifting.listed(TASKS_ID)
    assert told == [Happening.CREATE, Happening.DELETE, Happening.UPDATE]


def test_the_same_seed_shifts_alike() -> None:
    states = [_state(1), _state(1), _state(2)]
    for state in states:
        state.shifting.replace({TASKS_ID: {"creates": 2, "deletes": 2, "moves": 2}})
        for _ in range(5):
            state.shifting.listed(TASKS_ID)
    first, second, other = map(dump, states)
    assert first == second
    assert first != other


def test_an_app_can_run_empty() -> None:
    state = _state()
    state.shifting.replace({CLIENTS_ID: {"deletes": 50, "moves": 1}})
    state.shifting.listed(CLIENTS_ID)
    state.shifting.listed(CLIENTS_ID)
    assert state.records.count(CLIENTS_ID) == 0


@pytest.mark.parametrize("shifts", [{"i1": {"creates": -1}}, {"i1": {"creatures": 1}}, {"i1": 5}])
def test_a_wrong_shift_is_refused(shifts: object) -> None:
    state = _state()
    with pytest.raises(ValueError, match="validation error"):
        state.shifting.replace(shifts)  # type: ignore[arg-type]  # what a control route receives
    assert state.shifting.shifts == {}
