"""The page of `relay.yaml`, written from the types that check the file."""

from collections.abc import Mapping
from datetime import UTC, datetime

from pydantic import BaseModel

from service.dev.reference.field_types import FIELD_TYPES, TODAY
from service.dev.reference.markdown import code, in_yaml, table
from service.dev.reference.sections import keys_of, section_table
from service.handlers.builtin.http_auth import BasicAuth, HttpAuth
from service.handlers.builtin.postgres_options import Column
from service.handlers.registry import KINDS
from service.rules.account import Account, Budget, OAuth, Stamps
from service.rules.change_conditions import ChangeConditions
from service.rules.changed import Transition
from service.rules.conditions import CONDITIONS
from service.rules.discipline import Breaker, Loop
from service.rules.handler import Handler
from service.rules.schema import RelayFile, Retention, Rule
from service.rules.when import FieldConditions, When

_HEAD = """\
# relay.yaml

Accounts, handlers and rules, in one file beside the modules of your Python handlers. `RELAY_CONFIG` names
another file. `relay rules check` shows every mistake with file, line and column, and often what was meant.
Processes read the file when they start; after a change, restart them.

This page is generated: `make docs` writes it from the types that check the file.

```yaml
version: 1
accounts:
  main:
    provider: fusioo
    token: ${FUSIOO_TOKEN}
handlers:
  ops:
    http: {url: https://ops.example.com/hook, secret: "${OPS_SECRET}"}
    retry: [5s, 30s, 2m]
    timeout: 10s
  lines: {log: {fields: [status]}}
rules:
  - name: urgent-tasks
    account: main
    app: Tasks
    on: [create, update]
    when:
      any:
        - priority: {contains_any: [High, Critical]}
        - due_date: {within_next: 2}
      not: {approved: {equal: true}}
    run: [ops]
  - name: tasks-done
    account: main
    app: Tasks
    changed: {status: {to: Done}}
    run: [ops, lines]
retention: {deliveries: 7d, changes: 30d}
```

## How values are written

| what | how |
|---|---|
| a name | `a-z`, `0-9`, `_` and `-`, a letter first |
| an id | a text, or a whole number |
| a duration | a number and a unit, `ms`, `s`, `m`, `h` or `d`: `250ms`, `5s`, `1h30m`, `7d` |
| a share | per cents: `10%` |
| a time zone | `UTC`, or a name like `Europe/Berlin` |
| an address | begins with `https://` or `http://`, and has no `?` or `#` |
| a variable | `${NAME}`, put in from the environment; within `{…}` in quotes: `"${NAME}"` |
| a secret | a variable: the file is for everybody's eyes, and one that is written out is an error |

It is YAML, a little stricter: no key twice, no tags, no merge keys, and only `true` and `false` are booleans.
A key that is not listed here is an error, and so is a variable that is not set. A section without a line
(`rules:`) counts as not written.
"""
_OPTIONS_HEAD = """
Besides these settings a handler has one key more: its kind, with the kind's options under it.
"""
_CONDITIONS_HEAD = """
Under each field stand one or more conditions, and all that are written must hold. The names are those of
Fusioo's own filters; where Fusioo's page does not say what one means, this table does. For a value that it
can't judge (a text, asked whether it is greater than a number) a condition does not hold. The last column
says which hold where the record has no value: null, or the field is absent.
"""
_TYPES_HEAD = """
How values arrive from Fusioo, and a condition that holds for each of these (on {today}). Other types of field
(currency, duration, lookup, …) are taken as they come.
"""
_HEADINGS = {
    "Account": "Account",
    "Budget": "Budget",
    "Stamps": "Stamps",
    "OAuth": "OAuth",
    "Handler": "Handler",
    "Rule": "Rule",
    "When": "when",
    "ChangeConditions": "change",
    "FieldConditions": "Conditions",
    "Transition": "changed",
    "Retention": "Retention",
    "HttpAuth": "auth",
    "BasicAuth": "basic",
    "Column": "columns",
    "Breaker": "breaker",
    "Loop": "loop",
}
_WITHIN_KINDS: Mapping[str, tuple[type[BaseModel], ...]] = {
    "http": (HttpAuth, BasicAuth),
    "postgres": (Column,),
}


def render_relay_yaml() -> str:
    """Write the page as Markdown."""
    return "".join(
        (
            _HEAD,
            _part("The whole file", RelayFile),
            _part("Account", Account),
            _part("Budget", Budget),
            _part("Stamps", Stamps),
            _part("OAuth", OAuth),
            _part("Handler", Handler),
            _OPTIONS_HEAD,
            _part("breaker", Breaker),
            _part("loop", Loop),
            *(_kind(name, kind.options) for name, kind in KINDS.items()),
            _part("Rule", Rule),
            _part("when", When),
            _part("change", ChangeConditions),
            _conditions(),
            _field_types(),
            _part("changed", Transition),
            _part("Retention", Retention),
        )
    )


def _part(heading: str, section: type[BaseModel]) -> str:
    told = "\n\n".join(_unfolded(section.__doc__ or ""))
    return f"\n## {heading}\n\n{told}\n\n{section_table(section, _HEADINGS)}"


def _kind(name: str, options: type[BaseModel]) -> str:
    within = (_part(_HEADINGS[each.__name__], each) for each in _WITHIN_KINDS.get(name, ()))
    return "".join((_part(f"Kind {name}", options), *within))


def _unfolded(text: str) -> list[str]:
    """The paragraphs of a docstring, each on one line."""
    return [" ".join(paragraph.split()) for paragraph in text.strip().split("\n\n")]


def _conditions() -> str:
    now = datetime.fromisoformat(TODAY).replace(tzinfo=UTC)
    without_value = [
        CONDITIONS[name](None, (field.examples or [None])[0], now).ok
        for name, field in FieldConditions.model_fields.items()
    ]
    rows = [
        (key.name, key.type, key.meaning, key.examples, "holds" if holds else "")
        for key, holds in zip(keys_of(FieldConditions, _HEADINGS), without_value, strict=True)
    ]
    titles = ("condition", "takes", "holds where", "for example", "without a value")
    return f"\n## Conditions\n{_CONDITIONS_HEAD}\n{table(titles, rows)}"


def _field_types() -> str:
    rows = [
        (
            each.name,
            code(in_yaml("field", each.value).removeprefix("field: ")),
            code(in_yaml("field", each.conditions)),
            each.note,
        )
        for each in FIELD_TYPES
    ]
    titles = ("type of field", "arrives as", "holds", "note")
    return f"\n### By type of field\n{_TYPES_HEAD.format(today=TODAY)}\n{table(titles, rows)}"
