"""A seeded stream of edits, as people make them: creates, updates, bursts, a few deletes and restores."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

from service.dev.simulators.fusioo.example_apps import CLIENTS_ID, PEOPLE, PRIORITIES, STATUSES, TASKS_ID
from service.dev.simulators.fusioo.records import Record
from service.dev.simulators.fusioo.state import FusiooState

_VERBS = ("Call", "Visit", "Invoice", "Remind", "Prepare", "Review", "Translate", "Archive")
_OBJECTS = ("the offer", "the contract", "the workshop", "the newsletter", "the delivery", "the budget")
_FEWEST_TASKS, _MOST_TASKS = 4, 200
_BURST_SHARE = 0.08
_LONGEST_BURST = 8
_WEIGHTS = (64, 20, 6, 4, 6)
"""Of updates, creates, deletes, restores, and updates of a client."""


class Editor:
    """Decides and makes edits; the same seed on the same records makes the same ones."""

    def __init__(self, state: FusiooState, seed: int) -> None:
        self._state = state
        self._rng = random.Random(seed)  # noqa: S311 (made to be repeatable, protects nothing)

    def make_some(self) -> int:
        """Make one edit, or now and then a burst of them on one record; tell how many."""
        if self._rng.random() >= _BURST_SHARE:
            self._make_one()
            return 1
        record = self._any_task()
        length = self._rng.randint(3, _LONGEST_BURST)
        for _ in range(length):
            self._update(record)
        return length

    def pauses(self, rate: float) -> Iterator[float]:
        """Give the seconds between edits so that `rate` happen in a second on average."""
        while True:
            yield self._rng.expovariate(rate)

    def _make_one(self) -> None:
        count = len(self._state.records.live(TASKS_ID))
        if count < _FEWEST_TASKS:
            self._create()
        elif count > _MOST_TASKS:
            self._delete()
        else:
            acts = (self._update_any, self._create, self._delete, self._restore, self._update_client)
            self._rng.choices(acts, _WEIGHTS)[0]()

    def _create(self) -> None:
        self._state.records.create(TASKS_ID, self._new_task(), person=self._person())

    def _delete(self) -> None:
        self._state.records.delete(self._any_task().id, person=self._person())

    def _update_any(self) -> None:
        self._update(self._any_task())

    def _any_task(self) -> Record:
        tasks = self._state.records.live(TASKS_ID)
        if tasks:
            return self._rng.choice(tasks)
        return self._state.records.create(TASKS_ID, self._new_task(), person=self._person())

    def _restore(self) -> None:
        trash = [record for record in self._state.records.trash() if record.app_id == TASKS_ID]
        if trash:
            told_as = self._state.settings.restore_fires
            self._state.records.restore(self._rng.choice(trash).id, person=self._person(), told_as=told_as)
        else:
            self._update_any()

    def _update_client(self) -> None:
        clients = self._state.records.live(CLIENTS_ID)
        if clients:
            info = {"contact_info": f"+40 21 {self._rng.randrange(10**6):06d}"}
            self._state.records.update(self._rng.choice(clients).id, info, person=self._person())

    def _update(self, record: Record) -> None:
        changed = self._change_of(record)
        self._state.records.update(record.id, changed, person=self._person())

    def _change_of(self, record: Record) -> dict[str, Any]:
        today = self._state.clock().date()
        due = today + timedelta(days=self._rng.randint(-3, 60))
        changes: list[dict[str, Any]] = [
            {"status": [self._rng.choice(STATUSES)]},
            {"status": ["Done"], "approved": True},
            {"priority": [self._rng.choice(PRIORITIES)]},
            {"due_date": due.isoformat()},
            {"responsible": [self._rng.choice(PEOPLE)]},
            {"estimate": self._rng.choice([0.5, 1, 2, 4, 8, 16])},
            {"notes": f"<p>{self._title()} &amp; report.</p>"},
            {"notes": None} if "notes" in record.now.values else {"notes": f"<p>{self._title()}.</p>"},
        ]
        return self._rng.choice(changes)

    def _new_task(self) -> dict[str, Any]:
        clients = self._state.records.live(CLIENTS_ID)
        task: dict[str, Any] = {
            "title": self._title(),
            "priority": [self._rng.choice(PRIORITIES)],
            "status": ["To do"],
            "responsible": [self._rng.choice(PEOPLE)],
        }
        if clients:
            task["client"] = [self._rng.choice(clients).id]
        return task

    def _title(self) -> str:
        return f"{self._rng.choice(_VERBS)} {self._rng.choice(_OBJECTS)}"

    def _person(self) -> str:
        return self._rng.choice(PEOPLE)


class EditStream:
    """Runs one editor at a time in the server's loop."""

    def __init__(self, state: FusiooState) -> None:
        self._state = state
        self._task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        return self._task is not None

    async def start(self, rate: float, seed: int) -> None:
        """Make `rate` edits a second on average, in place of the stream that ran before."""
        await self.stop()
        self._task = asyncio.create_task(self._run(rate, seed))

    async def stop(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self, rate: float, seed: int) -> None:
        editor = Editor(self._state, seed)
        pauses = editor.pauses(rate)
        while True:
            made = 1
            with suppress(KeyError):  # somebody else may just have deleted the record
                made = editor.make_some()
            for _ in range(made):
                await asyncio.sleep(next(pauses))
