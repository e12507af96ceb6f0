"""The fields of apps, remembered: by id and by name, what their lists hold, what they refer to."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from service.onspring.client import OnspringClient
from service.onspring.models import AppField, FormulaField, ListField

GOOD_FOR = 900.0
"""Seconds after which an app's fields are asked for again."""
_NO_NAMES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class AppFields:
    """The fields of one app, as the key's role sees them."""

    app_id: int
    by_id: Mapping[int, AppField]
    _names: Mapping[int, Mapping[str, str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Look the names of list values up once: every record of the app asks for them."""
        names = {
            each.id: MappingProxyType({value.id.lower(): value.name for value in each.values})
            for each in self.by_id.values()
            if isinstance(each, ListField | FormulaField)
        }
        object.__setattr__(self, "_names", names)  # frozen for all others

    def find(self, reference: int | str) -> AppField | None:
        """Find a field by its id, also as a text, or by its exact name; None: there is none, or several."""
        text = str(reference)
        if text.isdecimal() and (found := self.by_id.get(int(text))) is not None:
            return found
        named = [each for each in self.by_id.values() if each.name == text]
        return named[0] if len(named) == 1 else None

    def names_of_values(self, field_id: int) -> Mapping[str, str]:
        """Give the names of the values that a list field can hold, by their GUIDs in lower case."""
        return self._names.get(field_id, _NO_NAMES)


class Definitions:
    """Remembers the fields of apps, for all who use one account in one process."""

    def __init__(self, *, good_for: float = GOOD_FOR, clock: Callable[[], float] = time.monotonic) -> None:
        """`good_for`: seconds by `clock`."""
        self._good_for, self._clock = good_for, clock
        self._known: dict[int, tuple[float, AppFields]] = {}

    def known(self, app_id: int) -> AppFields | None:
        """Give what is remembered of an app, however old; None: nothing."""
        found = self._known.get(app_id)
        return None if found is None else found[1]

    def outdate(self, app_id: int) -> None:
        """Let the fields of an app be asked for anew by whoever needs them next."""
        known = self.known(app_id)
        if known is not None:
            self._known[app_id] = (-math.inf, known)

    async def of(self, client: OnspringClient, app_id: int, *, anew: bool = False) -> AppFields:
        """Give the fields of an app: as remembered, or (`anew`, or too old) asked for with `client`.

        Raises what the client raises; NoSuchThingError and AccessDeniedError are about the app then.
        """
        found = self._known.get(app_id)
        if found is not None and not anew and self._clock() - found[0] < self._good_for:
            return found[1]
        fields = {each.id: each async for each in client.fields.walk(app_id)}
        asked = AppFields(app_id, MappingProxyType(fields))
        self._known[app_id] = (self._clock(), asked)
        return asked
