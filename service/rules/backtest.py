"""What rules would do now, beside what was done: counted by rule, with examples. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from service.rules.rejudging import Judge, KeptChange

MOST_EXAMPLES = 3


class Said(NamedTuple):
    """What a rule said, or says, of one change."""

    fires: bool | None
    """None: not to be known, for the linked records that it asks for were not fetched."""
    decided_by: str | None
    why: str
    """For people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A change of which a rule says something else now."""

    change_id: UUID
    app_id: str
    record_id: str
    decided_by: str | None
    """What decides on the side on which it does not fire."""
    why: str


@dataclass(slots=True, kw_only=True)
class RuleTally:
    """What a rule said of all changes, on both sides."""

    rule: str
    fired_then: int = 0
    fires_now: int = 0
    newly: int = 0
    no_longer: int = 0
    unclear: int = 0
    """Changes that could not be judged alike: linked records that the rule asks for were not fetched."""
    newly_examples: list[Example] = field(default_factory=list)
    no_longer_examples: list[Example] = field(default_factory=list)
    unclear_examples: list[Example] = field(default_factory=list)

    @property
    def differs(self) -> bool:
        """Whether it says something else now of any change."""
        return bool(self.newly or self.no_longer)

    def add(self, kept: KeptChange, then: Said, now: Said) -> None:
        """Count one change."""
        if then.fires is None or now.fires is None:
            self.unclear += 1
            _keep(self.unclear_examples, kept, then if then.fires is None else now)
            return
        self.fired_then += then.fires
        self.fires_now += now.fires
        if now.fires and not then.fires:
            self.newly += 1
            _keep(self.newly_examples, kept, then)
        elif then.fires and not now.fires:
            self.no_longer += 1
            _keep(self.no_longer_examples, kept, now)


class Backtest:
    """Compares what rules say now with what was done, or with what other rules say."""

    def __init__(
        self, now: Judge, *, against: Judge | None = None, only: Collection[str] | None = None
    ) -> None:
        """`against`: compare with what these say, and not with what was done. `only`: count these rules."""
        self._now, self._against, self._only = now, against, only
        self.changes = 0
        names = [*now.rules, *(() if against is None else against.rules)]
        self._tallies = {name: RuleTally(rule=name) for name in dict.fromkeys(names) if self._counts(name)}

    @property
    def tallies(self) -> list[RuleTally]:
        """What was counted, by rule: those of now at first, in their order."""
        return list(self._tallies.values())

    def add(self, kept: KeptChange) -> None:
        """Judge one change, and count what differs."""
        self.changes += 1
        now = _said(self._now, kept)
        then = _done(kept) if self._against is None else _said(self._against, kept)
        for rule in dict.fromkeys((*now, *then)):
            if self._counts(rule):
                tally = self._tallies.setdefault(rule, RuleTally(rule=rule))
                before = then.get(rule) or _absent(rule, self._against)
                tally.add(kept, before, now.get(rule) or _absent(rule, self._now))

    def _counts(self, rule: str) -> bool:
        return self._only is None or rule in self._only


def _said(judge: Judge, kept: KeptChange) -> Mapping[str, Said]:
    finals = (rejudged.final for rejudged in judge.judge(kept))
    return {
        final.rule: Said(None if final.awaits_links else final.matched, final.decided_by, final.reason)
        for final in finals
    }


def _done(kept: KeptChange) -> Mapping[str, Said]:
    done = {rule: Said(fires=True, decided_by=None, why="it ran") for rule in sorted(kept.fired)}
    for rule, decided_by in (kept.verdicts or {}).items():
        if rule not in done:
            why = "its conditions on linked records did not hold" if decided_by is None else decided_by
            done[rule] = Said(fires=False, decided_by=decided_by, why=why)
    return done


def _absent(rule: str, judge: Judge | None) -> Said:
    """What is said by a rule that is not there, or is for another app."""
    if judge is None:
        return Said(fires=False, decided_by=None, why="the rule was not there, or was for another app")
    if rule in judge.rules:
        found = judge.rules[rule]
        return Said(fires=False, decided_by="app", why=f"the rule is for app {found.app} of {found.account}")
    return Said(fires=False, decided_by=None, why="the rule is not in the file")


def _keep(examples: list[Example], kept: KeptChange, said: Said) -> None:
    if len(examples) < MOST_EXAMPLES:
        change = kept.change
        examples.append(
            Example(
                change_id=change.id,
                app_id=change.app.id,
                record_id=change.record_id,
                decided_by=said.decided_by,
                why=said.why,
            )
        )
