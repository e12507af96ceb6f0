"""Records that come, go and move between the pages of a list, so that offsets shift under the reader."""

import random
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass

from service.dev.simulators.fusioo.record_store import RecordStore

_PERSON = "Charlotte Smith"
_Count = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Shift:
    """What happens in an app after each page of its records."""

    creates: _Count = 0
    """So many copies of some record appear."""
    deletes: _Count = 0
    """So many records go to the trash."""
    moves: _Count = 0
    """So many records get the values of another one, and so its place in the order."""
    told: bool = False
    """Whether webhooks are told."""


class Shifting:
    """Shifts by app id; the same seed and the same lists make the same ones."""

    def __init__(self, records: RecordStore, seed: int) -> None:
        self._records = records
        self._rng = random.Random(f"shifting {seed}")  # noqa: S311 (made to be repeatable, protects nothing)
        self.shifts: dict[str, Shift] = {}

    def replace(self, shifts: Mapping[str, Any]) -> None:
        """Replace all shifts (JSON values). Raises ValueError (pydantic's)."""
        self.shifts = _SHIFTS.validate_python(shifts)

    def listed(self, app_id: str) -> None:
        """Note that a page of an app's records was answered."""
        shift = self.shifts.get(app_id)
        if shift is None:
            return
        for _ in range(shift.creates):
            self._records.create(app_id, self._some_values(app_id), person=_PERSON, told=shift.told)
        for record in self._some(app_id, shift.deletes):
            self._records.delete(record, person=_PERSON, told=shift.told)
        for record in self._some(app_id, shift.moves):
            self._records.update(record, self._some_values(app_id), person=_PERSON, told=shift.told)

    def _some(self, app_id: str, count: int) -> list[str]:
        records = self._records.live(app_id)
        return [record.id for record in self._rng.sample(records, min(count, len(records)))]

    def _some_values(self, app_id: str) -> Mapping[str, Any]:
        records = self._records.live(app_id)
        return self._rng.choice(records).now.values if records else {}


_SHIFTS = TypeAdapter(dict[str, Shift])
