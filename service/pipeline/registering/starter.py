"""A first `relay.yaml` for an account: it works as it is, and shows rules for the account's own fields."""

import re
from collections.abc import Iterator, Sequence
from types import MappingProxyType

from service.fusioo.kinds import KINDS_BY_TYPE, ValueKind
from service.fusioo.models import App, AppField

ACCOUNT = "main"
"""The account's name in the file."""
TOKENS = MappingProxyType({"fusioo": "FUSIOO_TOKEN", "onspring": "ONSPRING_API_KEY"})
"""The variable from which the file takes the token, by provider."""

_CHANGED = "-changed"
_MOST_APPS = 10
_MOST_FIELDS = 12
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(?: [A-Za-z0-9_-]+)*")
_YAML_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_NOT_FIELDS_IN_WHEN = frozenset({"any", "all", "not", "change"})

_HEAD = """\
# Started by `relay init`. `relay rules check` shows every mistake in it, `relay apps APP` an app's fields.
version: 1

accounts:
  {account}:
    provider: {provider}
    token: {token:<19} # secrets come from the environment, never from this file
{base_url}
# What can be done about a change.
handlers:
  note: {{log: {{}}}}              # writes a line to the log of the worker
  # ops:                       # calls a system of yours; take the # away, and set OPS_SECRET
  #   http: {{url: https://ops.example.com/hook, secret: "${{OPS_SECRET}}"}}
  #   retry: [5s, 30s, 2m]

# Which changes, of which app, run which handlers: take the # away from the rules that you want.
rules:
"""


def render_starter(apps: Sequence[App], *, base_url: str | None = None, provider: str = "fusioo") -> str:
    """Write the file. Rules are comments that hold once their `# ` is taken away. Pure.

    `base_url` is written as it is (it may be a `${VAR}`); None: the real Fusioo, which needs none.
    """
    token = f"${{{TOKENS[provider]}}}"
    line = f"    base_url: {base_url}\n" if base_url else ""
    names = _Names()
    examples = "\n".join("\n".join(_examples(app, names)) + "\n" for app in apps[:_MOST_APPS])
    more = len(apps) - _MOST_APPS
    rest = f"\n  ## And {more} more apps: `relay apps` lists them.\n" if more > 0 else ""
    head = _HEAD.format(account=ACCOUNT, provider=provider, token=token, base_url=line)
    return head + examples + rest


def _examples(app: App, names: "_Names") -> Iterator[str]:
    """The lines for one app: what it has, and a rule or two."""
    yield f"  ## {_shown(app.name or app.id)}: {_fields_of(app)}"
    usable = [field for field in app.fields if "${" not in field.id]
    watched = next(filter(None, map(_condition, _preferred(usable))), None)
    moved = _transition(usable)
    found = [pair for pair in (watched, moved) if pair is not None] or [("every", "")]
    for of_field, line in found:
        yield f"  # - name: {names.free(app.name or app.id, of_field)}"
        yield f"  #   account: {ACCOUNT}"
        yield f"  #   app: {_text(app.id)}" + (f"    # {_shown(app.name)}" if app.name else "")
        if line:
            yield f"  #   {line}" + _named(app, of_field)
        yield "  #   run: [note]"


def _preferred(fields: Sequence[AppField]) -> list[AppField]:
    """Those whose conditions tell most come first; the order of the app within a kind."""
    order = [ValueKind.LIST, ValueKind.YES_NO, ValueKind.DATE, ValueKind.DATE_TIME, ValueKind.NUMBER]
    known = [field for field in fields if _kind(field) in order and _can_be_asked_for(field.id)]
    return sorted(known, key=lambda field: order.index(_kind(field)))


def _can_be_asked_for(field_id: str) -> bool:
    """Whether `when` can name a field: four words are taken, and a dot may lead to a linked record."""
    return field_id not in _NOT_FIELDS_IN_WHEN and "." not in field_id


def _condition(field: AppField) -> tuple[str, str] | None:
    """A `when` that fits the field's type and options, with the field's id; None: nothing fits."""
    match _kind(field):
        case ValueKind.LIST:
            items = field.items
            condition = f"contains_any: [{', '.join(map(_text, items[-2:]))}]" if items else None
        case ValueKind.YES_NO:
            condition = "equal: true"
        case ValueKind.DATE | ValueKind.DATE_TIME:
            condition = "within_next: 7"
        case _:
            condition = "greater_than: 0"
    return (field.id, f"when: {{{_text(field.id)}: {{{condition}}}}}") if condition else None


def _transition(fields: Sequence[AppField]) -> tuple[str, str] | None:
    """A `changed`: to the last option of the last single choice, where there is one; else of the first field.

    What became of a list of several is no question for `to`: it compares the whole list.
    """
    single = [field for field in fields if _kind(field) is ValueKind.LIST and not field.allow_multiple]
    lists = [field for field in single if field.items]
    if lists:
        field = lists[-1]
        return (
            f"{field.id}{_CHANGED}",
            f"changed: {{{_text(field.id)}: {{to: {_text((field.items or ('',))[-1])}}}}}",
        )
    return (f"{fields[0].id}{_CHANGED}", f"changed: [{_text(fields[0].id)}]") if fields else None


def _kind(field: AppField) -> ValueKind:
    return KINDS_BY_TYPE.get(field.type, ValueKind.RAW)


def _fields_of(app: App) -> str:
    listed = ", ".join(_shown(_called(field)) for field in app.fields[:_MOST_FIELDS])
    return (listed or "no field that the token may see") + (" …" if len(app.fields) > _MOST_FIELDS else "")


def _called(field: AppField) -> str:
    """What people know a field by: beside a number its name, too."""
    return f"{field.id} {field.name or ''}" if field.id.isdigit() else field.id


def _named(app: App, of_field: str) -> str:
    """A comment with the name of the field, where its id is a number."""
    number = of_field.removesuffix(_CHANGED)
    name = next((field.name for field in app.fields if field.id == number), None)
    return f"    # {_shown(name)}" if name and number.isdigit() else ""


def _shown(text: str) -> str:
    """A text for a comment: on one line, without what YAML forbids."""
    return "".join(letter if letter.isprintable() else "?" for letter in " ".join(text.split()))


def _text(text: str) -> str:
    """A text as a value or key of YAML, quoted where it must be."""
    if _PLAIN.fullmatch(text) and text.casefold() not in _YAML_WORDS:
        return text
    letters = text.replace("${", "$${").encode("utf-8", "replace").decode()  # JSON may hold halves of letters
    return f'"{"".join(map(_letter, letters))}"'


def _letter(letter: str) -> str:
    """A letter within double quotes (YAML 1.2, "Escaped Characters")."""
    if letter in '"\\':
        return f"\\{letter}"
    return letter if letter.isprintable() else f"\\U{ord(letter):08X}"


class _Names:
    """Gives each rule a name of its own."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def free(self, *words: str) -> str:
        plain = re.sub(r"[^a-z0-9]+", "-", "-".join(words).lower()).strip("-")
        is_name = plain[:1].isalpha() and plain not in _YAML_WORDS
        name = wanted = plain if is_name else f"app-{plain}".rstrip("-")
        number = 1
        while name in self._taken:
            number += 1
            name = f"{wanted}-{number}"
        self._taken.add(name)
        return name
