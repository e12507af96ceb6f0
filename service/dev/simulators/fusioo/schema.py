"""Apps and their fields, as `GET /apps` shows them.

The names `text`, `list`, `date`, `user_link` and `web_url` stand on Fusioo's page; the names of the other
types are guesses after its captions.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class FieldType(StrEnum):
    """The field types that this simulator knows."""

    TEXT = "text"
    MULTILINE_TEXT = "multiline_text"
    WEB_URL = "web_url"
    EMAIL = "email"
    NUMBER = "number"
    DATE = "date"
    DATE_TIME = "date_time"
    BOOLEAN = "boolean"
    LIST = "list"
    USER_LINK = "user_link"
    APP_LINK = "app_link"


TEXTS = frozenset({FieldType.TEXT, FieldType.MULTILINE_TEXT, FieldType.WEB_URL, FieldType.EMAIL})
MOMENTS = frozenset({FieldType.DATE, FieldType.DATE_TIME})
ARRAYS = frozenset({FieldType.LIST, FieldType.USER_LINK, FieldType.APP_LINK})
UNSORTABLE = frozenset({FieldType.APP_LINK})


@dataclass(frozen=True)
class Field:
    """One field. `options` may hold `items`, `default`, `allow_multiple`, `app_id`, `help_message`."""

    id: str
    name: str
    type: FieldType
    is_required: bool = False
    can_update: bool = True
    options: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "type": self.type.value,
            "is_required": self.is_required,
            "can_update": self.can_update,
            "options": self.options,
        }


SYSTEM_FIELDS = (
    Field("created", "Created", FieldType.DATE_TIME, can_update=False),
    Field("last_modified", "Last modified", FieldType.DATE_TIME, can_update=False),
    Field("created_by", "Created by", FieldType.USER_LINK, can_update=False),
    Field("last_modified_by", "Last modified by", FieldType.USER_LINK, can_update=False),
)
"""Every record has them; `GET /apps` does not list them."""


@dataclass
class App:
    """One app. Its first field is the key field: lists are sorted by it, a create answers it as `title`."""

    id: str
    name: str
    single_record_name: str
    fields: list[Field]

    @property
    def key_field(self) -> Field:
        return self.fields[0]

    def field(self, field_id: str) -> Field | None:
        """Find one of the app's own or of the system's fields."""
        return next((known for known in (*self.fields, *SYSTEM_FIELDS) if known.id == field_id), None)

    def to_json(self, hidden: frozenset[str]) -> dict[str, Any]:
        """Show the app without the `hidden` field ids."""
        return {
            "name": self.name,
            "id": self.id,
            "single_record_name": self.single_record_name,
            "fields": [known.to_json() for known in self.fields if known.id not in hidden],
        }
