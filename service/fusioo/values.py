"""The values of one app's records: what the API gave → Python, and Python → what the API takes. Pure.

tasks = AppValues(await client.apps.get("ia4f42"))
task = tasks.read(await client.records.get("i59adb"))
if task.values["due_date"] < date.today():
    await client.records.update(task.id, tasks.write({"status": "Done", "due_date": None}))
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from service.fusioo.kinds import FieldKinds
from service.fusioo.models import App, Record
from service.fusioo.near import meant
from service.fusioo.problems import MisfitError, Problem, UnfitValuesError
from service.fusioo.reading import Reading, read_value
from service.fusioo.writing import write_value

_EMPTY: tuple[Any, ...] = (None, "", [], ())


@dataclass(frozen=True, slots=True)
class TypedRecord:
    """A record whose values were read by its app's schema."""

    values: Mapping[str, Any]
    """Python values by field id (fusioo/reading.py says which). A key that did not come is not here; one that
    came as null is None; a value that does not fit its field is here as it came."""
    misfits: tuple[Problem, ...] = ()
    """The values that do not fit their fields, each with the reason."""
    raw: Record = field(default_factory=dict, repr=False)
    """What the API gave, untouched."""

    @property
    def id(self) -> str:
        """The record's id."""
        return str(self.raw["id"])


@dataclass(frozen=True, slots=True)
class AppValues:
    """Reads and writes the values of one app's records, by its schema.

    Values whose meaning the wire does not say stay as they came; `kinds` and `reading` say what may be taken
    for what. `strict`: reading raises UnfitValuesError where a value does not fit its field, instead of
    keeping it as it came.
    """

    app: App
    kinds: FieldKinds = field(default_factory=FieldKinds)
    reading: Reading = field(default_factory=Reading)
    strict: bool = False

    def read(self, record: Record) -> TypedRecord:
        """Read a record of the app. Raises UnfitValuesError if `strict`."""
        values, misfits = dict(record), []
        for field_id, raw in record.items():
            try:
                values[field_id] = read_value(raw, self.kinds.of(field_id, self.app), self.reading)
            except MisfitError as error:
                misfits.append(Problem(field_id, str(error)))
        if misfits and self.strict:
            raise UnfitValuesError(misfits)
        return TypedRecord(values=values, misfits=tuple(misfits), raw=record)

    def write(self, values: Mapping[str, Any], *, creating: bool = False) -> dict[str, Any]:
        """Make of Python values, by field id, what `records.create` and `records.update` take.

        `creating` asks also for every required field that has no default. Raises UnfitValuesError, which
        names everything that is wrong: unknown fields, fields that can't be set, values that do not fit.
        """
        written: dict[str, Any] = {}
        problems: list[Problem] = []
        for field_id, value in values.items():
            try:
                written[field_id] = self._written(field_id, value)
            except MisfitError as error:
                problems.append(Problem(field_id, str(error)))
        if creating:
            problems.extend(self._missing(values))
        if problems:
            raise UnfitValuesError(problems)
        return written

    def _written(self, field_id: str, value: Any) -> Any:
        known = self.app.field(field_id)
        if known is None:
            near = meant(field_id, (one.id for one in self.app.fields))
            raise MisfitError(f"is not a field of {self.app.name} that the token may see{near}")
        if not known.can_update:
            raise MisfitError("can't be set, its field is read-only for the token")
        written = write_value(value, self.kinds.of(field_id, self.app), known, self.reading.zone)
        if known.is_required and written in _EMPTY:
            raise MisfitError("is required and can't be empty")
        return written

    def _missing(self, values: Mapping[str, Any]) -> Iterator[Problem]:
        for known in self.app.fields:
            if known.is_required and known.can_update and known.default is None and known.id not in values:
                yield Problem(known.id, "is required")
