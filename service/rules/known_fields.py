"""What is known of the apps that rules name, as a check needs it: their fields, kinds and options. Pure.

No provider is known here: the pipeline makes these of what the provider said of its apps.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from service.rules.expand import split_path
from service.rules.problems import nearest


class FieldKind(StrEnum):
    """What a field's values are, as far as conditions care; the words are those of messages."""

    TEXT = "text"
    NUMBER = "numbers"
    TIME = "dates"
    FLAG = "true or false"
    OPTIONS = "options of a list"
    NAMES = "names of people or roles"
    LINKS = "ids of linked records"
    FILES = "ids of files"
    ANY = "values of any kind"
    """Not told, or computed: every condition may be right."""


LISTS = frozenset({FieldKind.OPTIONS, FieldKind.NAMES, FieldKind.LINKS, FieldKind.FILES})
"""Kinds whose values come as lists, those of one element too."""


@dataclass(frozen=True, slots=True)
class KnownField:
    """A field of an app."""

    id: str
    name: str = ""
    """How people call it; not what rules name it by."""
    kind: FieldKind = FieldKind.ANY
    options: tuple[str, ...] = ()
    """Of a list, the texts that it takes; empty: not told."""
    several: bool | None = None
    """Whether it takes several values at once; None: not told."""
    leads_to: str | None = None
    """Of a link, the id of the app of the linked records; None: not told."""
    settable: bool | None = None
    """Whether it can be written; None: not told."""


@dataclass(frozen=True, slots=True)
class AppFields:
    """An app, and the fields of it that the token sees."""

    id: str
    name: str
    fields: Mapping[str, KnownField]
    """By their ids; what every record has (`created` and the like) is among them. None: they are not told."""

    def missing(self, field_id: str) -> tuple[str, str | None]:
        """What to say of a field that it does not have: message and remedy."""
        named = [each.id for each in self.fields.values() if each.name.casefold() == field_id.casefold()]
        if named:
            message = f"`{field_id}` is the name of a field of {self.name}, and rules name fields by ids"
            return message, f"write {' or '.join(f'`{each}`' for each in named)}"
        remedy = nearest(field_id, self.fields) or f"`relay apps {self.id}` lists its fields"
        return f"app {self.name} has no field `{field_id}` that the token may see", remedy


@dataclass(frozen=True, slots=True)
class AccountApps:
    """The apps of one account."""

    apps: Mapping[str, AppFields] = field(default_factory=dict)
    """By their ids."""
    applied: Mapping[str, str] = field(default_factory=dict)
    """The names that `webhooks apply` stored, by app id: rules mean them, also after a rename."""
    complete: bool = False
    """Whether `apps` holds all that the token sees, or only those applied."""

    def meant(self, reference: str) -> tuple[str, ...]:
        """The ids of the apps that a rule may mean by an id or an exact name. One: it is that app."""
        if reference in self.apps or reference in self.applied:
            return (reference,)
        stored = tuple(app_id for app_id, name in self.applied.items() if name == reference)
        now = tuple(app.id for app in self.apps.values() if app.name == reference)
        return tuple(dict.fromkeys((*stored, *now))) if len(now) > 1 else (stored or now)

    def follow(self, app: AppFields, path: str) -> "tuple[AppFields, str] | None":
        """The app and the field at the end of a path (`client.country`). None: where it leads is not told.

        A path that is a field's id as it stands is that field. Raises NotALinkError for a step that leads
        nowhere.
        """
        if path in app.fields:
            return app, path
        *steps, last = split_path(path)
        for step in steps:
            known = app.fields.get(step)
            if known is None:
                raise NotALinkError(*app.missing(step))
            if known.kind not in {FieldKind.LINKS, FieldKind.ANY}:
                message = f"field `{step}` of {app.name} holds {known.kind}: it leads to no other record"
                raise NotALinkError(message, "the part before a dot must be a field that links to an app")
            target = self.apps.get(known.leads_to or "")
            if target is None or not target.fields:
                return None
            app = target
        return app, last


class NotALinkError(Exception):
    """A path goes through what is no link, or no field."""

    def __init__(self, message: str, remedy: str | None) -> None:
        self.message, self.remedy = message, remedy
        super().__init__(message)
