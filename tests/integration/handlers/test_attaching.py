"""Handler kind `onspring.attach` from one simulator to the other, over real HTTP."""

import tracemalloc
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from service.changes.types import Change, Kind
from service.dev.simulators.contents import Content
from service.dev.simulators.faults import AnswerFault
from service.dev.simulators.onspring.example import ATTACHMENTS, FUSIOO_ID, TASKS
from service.errors import RelayError
from service.fusioo.client import FusiooClient
from service.handlers.builtin.onspring_attach import ONSPRING_ATTACH
from service.handlers.kinds import HandlerDeps
from service.handlers.outcomes import outcome_of
from service.handlers.types import Discarded, Done, Failed, Outcome
from service.onspring.client import OnspringClient
from service.transport.retrying import NO_RETRIES
from tests.fixtures.changes import a_change
from tests.fixtures.handling import context, settings
from tests.fixtures.onspring_simulator import RunningOnspring, onspring_in_thread
from tests.fixtures.simulator import RunningSimulator, simulator_in_thread

MB = 1_000_000
WITHIN = 60.0


@dataclass
class Pair:
    """Both providers, and a client of each."""

    fusioo: RunningSimulator
    onspring: RunningOnspring
    at_fusioo: FusiooClient
    at_onspring: OnspringClient

    def a_file(self, size: int, name: str = "a.bin") -> str:
        """Put a file into Fusioo, and give its id."""
        content = Content()
        for _ in range(size // MB):
            content.append(bytes(MB))
        content.append(bytes(size % MB))
        state = self.fusioo.state
        return state.files.add(name, content, content_type="application/x-thing", person="").id

    def a_task(self) -> int:
        """Make a record at Onspring that knows the record of the change."""
        return self.onspring.state.records.create(TASKS, {FUSIOO_ID: "i59adb"}).id

    async def attempt(self, *file_ids: str) -> Outcome:
        """One attempt at the change that a record with these files is."""
        options = ONSPRING_ATTACH.options.model_validate(
            {
                "account": "grc",
                "app": "Tasks",
                "key": {"Fusioo Id": "{{ record.id }}"},
                "field": "Attachments",
                "files": "{{ record.contracts }}",
            }
        )
        deps = HandlerDeps(Path(), accounts={"grc": "onspring"})
        built = ONSPRING_ATTACH.build(options, settings("onspring.attach", timeout=WITHIN), deps)
        change = a_create(*file_ids)
        seen = context(of=change, fusioo=lambda *_: self.at_fusioo, onspring=lambda *_: self.at_onspring)
        try:
            return await built.call(change, seen)
        except RelayError as error:
            return outcome_of(error, timeout=timedelta(seconds=WITHIN))


def a_create(*file_ids: str) -> Change:
    record = {"id": "i59adb", "contracts": list(file_ids)}
    return a_change(kind=Kind.CREATE, diff=None, record=record)


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    with simulator_in_thread() as fusioo, onspring_in_thread() as onspring:
        async with (
            FusiooClient.open(
                token=fusioo.token, base_url=fusioo.url, timeout=WITHIN, retries=NO_RETRIES
            ) as at_fusioo,
            OnspringClient.open(
                api_key=onspring.key, base_url=onspring.url, timeout=WITHIN, retries=NO_RETRIES
            ) as at_onspring,
        ):
            yield Pair(fusioo, onspring, at_fusioo, at_onspring)


@contextmanager
def in_little_memory(size: int) -> Iterator[None]:
    """Both simulators included, which keep files on the disk."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < size / 4


async def test_45_mb_go_from_one_to_the_other_without_being_held(pair: Pair) -> None:
    task, file_id = pair.a_task(), pair.a_file(45 * MB, "Vertrag ü.pdf")
    with in_little_memory(45 * MB):
        assert await pair.attempt(file_id) == Done({"record": str(task), "attached": [file_id]})
    (stored,) = pair.onspring.state.files.by_id.values()
    assert (stored.record_id, stored.field_id, stored.name) == (task, ATTACHMENTS, "Vertrag ü.pdf")
    assert (stored.content.size, stored.content_type) == (45 * MB, "application/x-thing")
    assert await pair.attempt(file_id) == Done({"record": str(task), "attached": []})
    assert len(pair.onspring.calls_of("POST", "/Files")) == 1


@pytest.mark.parametrize(("megabytes", "fetched"), [(51, 1), (61, 0)])
async def test_what_is_too_large_is_reported_once(pair: Pair, megabytes: int, fetched: int) -> None:
    pair.a_task()
    small, large = pair.a_file(10, "small.txt"), pair.a_file(megabytes * MB, "film.mp4")
    with in_little_memory(megabytes * MB):
        outcome = await pair.attempt(large, small)
    assert outcome == Discarded(
        f"Onspring takes files of up to 50 MB, and not film.mp4 ({megabytes}.0 MB); 1 others are there"
    )
    assert [stored.name for stored in pair.onspring.state.files.by_id.values()] == ["small.txt"]
    assert len(pair.fusioo.calls_of("GET", f"/files/download/{large}")) == fetched


async def test_a_record_that_is_not_there_yet_is_waited_for(pair: Pair) -> None:
    file_id = pair.a_file(10)
    outcome = await pair.attempt(file_id)
    assert isinstance(outcome, Failed)
    assert not outcome.dead
    assert pair.fusioo.calls_of("GET", "/files") == []
    task = pair.a_task()
    assert await pair.attempt(file_id) == Done({"record": str(task), "attached": [file_id]})


async def test_an_upload_whose_answer_was_lost_is_not_made_twice(pair: Pair) -> None:
    task, file_id = pair.a_task(), pair.a_file(10)
    pair.onspring.state.faults.answers.append(
        AnswerFault(status=503, times=1, path="/Files", method="POST", takes_effect=True)
    )
    assert isinstance(await pair.attempt(file_id), Failed)
    assert await pair.attempt(file_id) == Done({"record": str(task), "attached": []})
    assert len(pair.onspring.state.files.by_id) == 1
