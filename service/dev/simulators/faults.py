"""Fault switches of a simulated provider: set in the process that runs it, or over its control routes."""

import random
import re
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypeVar

from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass as validated

_STRICT = ConfigDict(extra="forbid", validate_assignment=True)


@dataclass(frozen=True)
class Fate:
    """What becomes of one delivery."""

    copies: int = 1
    """How often it is sent; 0: it is lost."""
    inverted: bool = False
    """Whether it is sent after the one that follows."""


@validated(config=_STRICT)
class DeliveryFaults:
    """What goes wrong with the provider's own requests. Counts are used up, shares (0 to 1) stay."""

    drop_next: int = 0
    drop_share: float = 0.0
    duplicate_next: int = 0
    duplicate_share: float = 0.0
    copies: int = 2
    """How often a duplicated delivery is sent in all."""
    invert_next: int = 0
    """How many deliveries are sent after the one that follows them."""
    invert_share: float = 0.0
    invert_patience: float = 2.0
    """Seconds after which an inverted delivery is sent although none followed."""
    delay_seconds: float = 0.0
    """How long every delivery waits before it is sent."""

    def next_fate(self, rng: random.Random) -> Fate:
        """Decide over one delivery, using up the counts."""
        if self._strikes("drop", rng):
            return Fate(copies=0)
        copies = self.copies if self._strikes("duplicate", rng) else 1
        return Fate(copies, inverted=self._strikes("invert", rng))

    def _strikes(self, fault: Literal["drop", "duplicate", "invert"], rng: random.Random) -> bool:
        left: int = getattr(self, f"{fault}_next")
        if left > 0:
            setattr(self, f"{fault}_next", left - 1)
            return True
        share: float = getattr(self, f"{fault}_share")
        return share > 0 and rng.random() < share


@validated(config=_STRICT)
class AnswerFault:
    """A wrong answer for the next `times` calls whose path matches."""

    status: int = 503
    body: Literal["envelope", "html", "cut", "empty"] = "envelope"
    """`cut` promises the whole length and closes the connection half way."""
    code: int | None = None
    """The envelope's code; None: 10001, internal error."""
    path: str = ""
    """A regular expression, searched in the path."""
    method: str | None = None
    times: int = 1
    takes_effect: bool = False
    """Whether the call is carried out before it is answered wrongly."""
    retry_after: int | None = None
    """Seconds, sent as Retry-After."""


@validated(config=_STRICT)
class Hold:
    """Keep the next `times` calls whose path matches waiting until they are released."""

    path: str = ""
    """A regular expression, searched in the path."""
    method: str | None = None
    times: int = 1
    moment: Literal["answer", "request"] = "answer"
    """`answer`: carried out, the answer is held; `request`: held before anything is read or done."""


@validated(config=_STRICT)
class ReadFaults:
    """Reads that lag behind writes."""

    stale_seconds: float = 0.0
    """Reads show records as they were so long ago."""
    absent_seconds: float = 0.0
    """For so long after a write to a record, reads do not show it at all."""


@dataclass
class Faults:
    """All switches of one simulated provider; none is on at first."""

    deliveries: DeliveryFaults = field(default_factory=DeliveryFaults)
    answers: list[AnswerFault] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    reads: ReadFaults = field(default_factory=ReadFaults)

    def take_answer(self, method: str, path: str) -> AnswerFault | None:
        """Use up one time of the first wrong answer that fits the call."""
        return _take(self.answers, method, path)

    def take_hold(self, method: str, path: str) -> Hold | None:
        """Use up one time of the first hold that fits the call."""
        return _take(self.holds, method, path)

    def replace(self, sections: dict[str, Any]) -> None:
        """Replace the sections that are named (JSON values); the others stay as they are.

        Raises ValueError (pydantic's) for an unknown section, key or type; then nothing is replaced.
        """
        parsed = _SECTIONS.validate_python(sections)
        for name in sections:
            setattr(self, name, getattr(parsed, name))

    def clear(self) -> None:
        """Switch everything off."""
        fresh = Faults()
        for section in fields(self):
            setattr(self, section.name, getattr(fresh, section.name))


@validated(config=ConfigDict(extra="forbid"))
class _Sections(Faults):
    """The same sections, checked: what a control route receives."""


_SECTIONS = TypeAdapter(_Sections)
_Switch = TypeVar("_Switch", AnswerFault, Hold)


def _take(switches: list[_Switch], method: str, path: str) -> _Switch | None:
    for switch in switches:
        fits = switch.method in {None, method} and re.search(switch.path, path)
        if switch.times > 0 and fits:
            switch.times -= 1
            return switch
    return None
