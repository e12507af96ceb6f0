"""A checked `relay.yaml`: its sections, and where everything in it stands. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo

from pydantic import BaseModel, ValidationError

from service.rules.account import Account
from service.rules.explanations import explain
from service.rules.handler import Handler
from service.rules.positions import Positions
from service.rules.problems import Finding, InvalidConfigurationError, KeyPath, Problem
from service.rules.schema import Retention, Rule


@dataclass(frozen=True, slots=True)
class Source:
    """What is still known of the file after reading: positions, and where variables were put in."""

    positions: Positions
    put_in: Mapping[KeyPath, tuple[str, ...]]
    """The `${VAR}`s of a text, by path: what stands there now may be a secret, and so may the rest of it."""

    def invalid(self, findings: Iterable[Finding], also: Iterable[Problem] = ()) -> InvalidConfigurationError:
        """The error that reports these findings, by position. Values from the environment are not shown."""
        problems = [*also, *(self.positions.problem(self._hidden(finding)) for finding in findings)]
        return InvalidConfigurationError(sorted(dict.fromkeys(problems), key=_order))

    def _hidden(self, finding: Finding) -> Finding:
        references = self.put_in.get(finding.path)
        if references is None or finding.at_key:
            return finding
        message = f"the value of {', '.join(references)} is not accepted here"
        return finding._replace(message=message, remedy=None)


def _order(problem: Problem) -> tuple[str, int, int]:
    line, column, file = problem.position
    return file, line, column


@dataclass(frozen=True, slots=True)
class Configuration:
    """A checked `relay.yaml`."""

    accounts: Mapping[str, Account]
    handlers: Mapping[str, Handler]
    rules: tuple[Rule, ...]
    alarms: tuple[str, ...]
    """Names of the handlers that are told of alarms."""
    retention: Retention
    digest: str
    """SHA-256 (hex) of the content as written, before `${VAR}` was put in: it tells nothing of secrets."""
    source: Source = field(repr=False, compare=False)

    @property
    def timezones(self) -> dict[str, tzinfo]:
        """The time zone of each account."""
        return {name: account.timezone for name, account in self.accounts.items()}

    def place(self, *path: str | int, at_key: bool = False) -> str:
        """Where a value (or its key) stands: `place("handlers", "ops", "http", "url")` → `relay.yaml:14:20`.

        For something that is not written: the place of the key that it would stand under.
        """
        positions = self.source.positions
        return positions.place(positions.of(path, at_key=at_key))

    def explain(self, error: ValidationError, model: type[BaseModel], *, under: KeyPath) -> list[Finding]:
        """What a model of a part of the file (a handler's options) found wrong with it.

        `under` is the path of that part: `("handlers", "ops", "http")`.
        """
        return list(explain(error, model, self.source.positions, under=under))

    def invalid(self, findings: Iterable[Finding]) -> InvalidConfigurationError:
        """The error to raise for what a later check (of handlers, apps or fields) found wrong."""
        return self.source.invalid(findings)
