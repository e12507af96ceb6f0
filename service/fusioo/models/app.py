"""An app and its fields: the schema that a token may see. Shapes: the vendor's page of API version 3."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from service.fusioo.models.tolerant import EmptyList, EmptyObject, Text, Tolerant


class AppField(Tolerant):
    """A field of an app. `id` is a slug that may hold blanks; `type` may be one that no page names."""

    id: str
    name: Text = ""
    type: Text = ""
    is_required: bool = False
    can_update: bool = True
    options: Annotated[Mapping[str, Any], EmptyObject] = Field(default_factory=dict)
    """Type-dependent, as it came: `items`, `default`, `allow_multiple`, `help_message` …"""

    @property
    def items(self) -> tuple[str, ...] | None:
        """The texts that a list field takes, or the names that a user link takes; None: not told."""
        items = self.options.get("items")
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            return None
        return tuple(items)

    @property
    def default(self) -> Any:
        """The value that a new record gets, as it came; None: none, or not told."""
        return self.options.get("default")

    @property
    def allow_multiple(self) -> bool | None:
        """Whether the field takes several values; None: not told."""
        allowed = self.options.get("allow_multiple")
        return allowed if isinstance(allowed, bool) else None


class App(Tolerant):
    """An app, with the fields that the token may see."""

    id: str
    name: Text = ""
    single_record_name: Text = ""
    fields: Annotated[tuple[AppField, ...], EmptyList] = ()

    @property
    def key_field(self) -> AppField | None:
        """The field that names a record and sorts listings: the first one (the page does not mark it)."""
        return self.fields[0] if self.fields else None

    def field(self, field_id: str) -> AppField | None:
        """The field with this id, or None."""
        return next((field for field in self.fields if field.id == field_id), None)
