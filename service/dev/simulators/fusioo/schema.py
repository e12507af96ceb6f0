"""Apps and their fields, as `GET /apps` shows them.

The names `text`, `list`, `date`, `user_link` and `web_url` stand on Fusioo's page; the names of the other
types are guesses after its captions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self


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
    DATE_RANGE = "date_range"
    LIST = "list"
    USER_LINK = "user_link"
    ROLE_LINK = "role_link"
    APP_LINK = "app_link"
    FILE = "file"
    AUTO_NUMBER = "auto_number"
    FORMULA = "formula"
    ROLL_UP = "roll_up"
    LOOKUP = "lookup"
    CURRENCY = "currency"
    DURATION = "duration"
    PHONE = "phone"
    RATING = "rating"


TEXTS = frozenset({FieldType.TEXT, FieldType.MULTILINE_TEXT, FieldType.WEB_URL, FieldType.EMAIL})
MOMENTS = frozenset({FieldType.DATE, FieldType.DATE_TIME})
ARRAYS = frozenset(
    {FieldType.LIST, FieldType.USER_LINK, FieldType.ROLE_LINK, FieldType.APP_LINK, FieldType.FILE}
)
UNSORTABLE = frozenset({FieldType.APP_LINK, FieldType.FILE})
COMPUTED = frozenset({FieldType.AUTO_NUMBER, FieldType.FORMULA, FieldType.ROLL_UP, FieldType.LOOKUP})
"""The provider sets them; a create or an update may not."""
RAW = frozenset(
    {FieldType.CURRENCY, FieldType.DURATION, FieldType.PHONE, FieldType.RATING}
    | (COMPUTED - {FieldType.AUTO_NUMBER})
)
"""What they look like in JSON is not published, or depends on the formula: any value passes."""


@dataclass(frozen=True)
class Field:
    """One field.

    `options` may hold `items`, `default`, `allow_multiple`, `app_id`, `help_message`, of an auto-number
    `prefix` and `start`, of a file field `extensions` (all are allowed without).
    """

    id: str
    name: str
    type: FieldType
    is_required: bool = False
    can_update: bool = True
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def settable(self) -> bool:
        """Whether anybody may set it through the API."""
        return self.can_update and self.type not in COMPUTED

    def to_json(self, *, locked: bool = False) -> dict[str, Any]:
        """Show the field to somebody who may not set it (`locked`), or may."""
        return {
            "id": self.id,
            "name": self.name,
            "type": self.type.value,
            "is_required": self.is_required,
            "can_update": self.settable and not locked,
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

    def fields_of(self, *types: FieldType) -> list[Field]:
        """List the app's own fields of some types."""
        return [known for known in self.fields if known.type in types]

    def to_json(
        self, hidden: frozenset[str] = frozenset(), locked: frozenset[str] = frozenset()
    ) -> dict[str, Any]:
        """Show the app without the `hidden` field ids, and with the `locked` ones not to be set."""
        return {
            "name": self.name,
            "id": self.id,
            "single_record_name": self.single_record_name,
            "fields": [
                known.to_json(locked=known.id in locked) for known in self.fields if known.id not in hidden
            ],
        }

    @classmethod
    def from_json(cls, shown: Mapping[str, Any]) -> Self:
        """Read an app as `to_json` shows one; only `id`, `name` and the fields' `id` and `type` are needed.

        Raises ValueError.
        """
        try:
            fields = [
                Field(
                    str(known["id"]),
                    str(known.get("name", known["id"])),
                    FieldType(known["type"]),
                    is_required=bool(known.get("is_required", False)),
                    can_update=bool(known.get("can_update", True)),
                    options=dict(known.get("options", {})),
                )
                for known in shown["fields"]
            ]
            name = str(shown["name"])
            app = cls(str(shown["id"]), name, str(shown.get("single_record_name", name)), fields)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"this is not an app: {error!r}") from error
        if not fields:
            raise ValueError("an app has at least one field, its key field")
        return app
