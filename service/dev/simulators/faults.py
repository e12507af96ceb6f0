"""Fault switches of a simulated provider: set in the process that runs it, or over its control routes."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass as validated

_STRICT = ConfigDict(extra="forbid", validate_assignment=True, use_attribute_docstrings=True)

Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]


def _check_pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"is no regular expression ({error})") from error
    return text


Pattern = Annotated[str, AfterValidator(_check_pattern)]


@dataclass(frozen=True)
class Fate:
    """What becomes of one delivery."""

    copies: int = 1
    """How often it is sent; 0: it is lost."""
    inverted: bool = False
    """Whether it is sent after the one that follows."""
    delay: float = 0.0
    """Seconds that it waits before it is sent."""


@validated(config=_STRICT)
class DeliveryFaults:
    """What goes wrong with the provider's own requests. Counts are used up, shares (0 to 1) stay."""

    drop_next: Count = 0
    """So many deliveries are lost."""
    drop_share: Share = 0.0
    """This share of deliveries is lost."""
    duplicate_next: Count = 0
    """So many deliveries are sent more than once."""
    duplicate_share: Share = 0.0
    """This share of deliveries is sent more than once."""
    copies: Count = 2
    """How often a duplicated delivery is sent in all."""
    invert_next: Count = 0
    """So many deliveries are sent after the one that follows them."""
    invert_share: Share = 0.0
    """This share of deliveries is sent after the one that follows them."""
    invert_patience: Seconds = 2.0
    """Seconds after which an inverted delivery is sent although none followed."""
    delay_seconds: Seconds = 0.0
    """How long every delivery waits before it is sent."""
    delay_spread: Seconds = 0.0
    """Up to so many seconds more, drawn for each delivery: later ones overtake earlier ones."""

    def next_fate(self, rng: random.Random) -> Fate:
        """Decide over one delivery, using up the counts."""
        if self._strikes("drop", rng):
            return Fate(copies=0)
        copies = self.copies if self._strikes("duplicate", rng) else 1
        delay = self.delay_seconds + (rng.uniform(0, self.delay_spread) if self.delay_spread else 0.0)
        return Fate(copies, inverted=self._strikes("invert", rng), delay=delay)

    def _strikes(self, fault: Literal["drop", "duplicate", "invert"], rng: random.Random) -> bool:
        left: int = getattr(self, f"{fault}_next")
        if left > 0:
            setattr(self, f"{fault}_next", left - 1)
            return True
        share: float = getattr(self, f"{fault}_share")
        return share > 0 and rng.random() < share


@validated(config=_STRICT)
class AnswerFault:
    """A wrong or slow answer for calls whose method and path fit. The first that strikes is given."""

    status: Annotated[int, Field(ge=200, le=599)] = 503
    """The HTTP status."""
    body: Literal["envelope", "html", "cut", "empty", "usual"] = "envelope"
    """`cut` promises the whole length and closes the connection half way; `usual` is the right answer, with
    its own status: late, where `delay_seconds` says so."""
    code: int | None = None
    """The envelope's code; none: 10001, internal error."""
    path: Pattern = ""
    """A regular expression, searched in the path; empty: all calls."""
    method: str | None = None
    """The calls of one HTTP method only."""
    times: Count | None = 1
    """For how many calls; none: for all."""
    share: Share = 1.0
    """Which share of the calls that fit it strikes."""
    takes_effect: bool = False
    """Whether the call is carried out before it is answered wrongly."""
    retry_after: int | None = None
    """Seconds, sent as Retry-After."""
    delay_seconds: Seconds = 0.0
    """How long the answer waits."""

    def strikes(self, rng: random.Random) -> bool:
        """Throw the dice, if there is a choice."""
        return self.share >= 1 or rng.random() < self.share


@validated(config=_STRICT)
class Hold:
    """Keep calls whose method and path fit waiting until they are released."""

    path: Pattern = ""
    """A regular expression, searched in the path; empty: all calls."""
    method: str | None = None
    """The calls of one HTTP method only."""
    times: Count | None = 1
    """How many calls; none: all."""
    moment: Literal["answer", "request"] = "answer"
    """`answer`: carried out, the answer is held; `request`: held before anything is read or done."""

    def strikes(self, _rng: random.Random) -> bool:
        """Hold every call that fits."""
        return True


@validated(config=_STRICT)
class ReadFaults:
    """Reads that lag behind writes."""

    stale_seconds: Seconds = 0.0
    """Reads show records as they were so long ago."""
    absent_seconds: Seconds = 0.0
    """For so long after a write to a record, reads do not show it at all."""
    absent_after: Literal["write", "create"] = "write"
    """Whether every write makes a record absent, or its creation alone."""
    spread: bool = False
    """Whether each record lags by its own part of these seconds, drawn from the seed, or all by the whole."""


@dataclass
class Faults:
    """All switches of one simulated provider; none is on at first."""

    deliveries: DeliveryFaults = field(default_factory=DeliveryFaults)
    answers: list[AnswerFault] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    reads: ReadFaults = field(default_factory=ReadFaults)

    def take_answer(self, method: str, path: str, rng: random.Random) -> AnswerFault | None:
        """Use up one time of the first wrong answer that fits the call and strikes."""
        return _take(self.answers, method, path, rng)

    def take_hold(self, method: str, path: str, rng: random.Random) -> Hold | None:
        """Use up one time of the first hold that fits the call."""
        return _take(self.holds, method, path, rng)

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


def _take(switches: Sequence[_Switch], method: str, path: str, rng: random.Random) -> _Switch | None:
    for switch in switches:
        fits = switch.method in {None, method} and re.search(switch.path, path)
        if fits and switch.times != 0 and switch.strikes(rng):
            if switch.times is not None:
                switch.times -= 1
            return switch
    return None
