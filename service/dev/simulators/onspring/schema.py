"""Apps, fields, lists and reports of an instance, in the shapes of Onspring's page."""

from typing import Any, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

_STRICT = ConfigDict(extra="forbid")

Kind = Literal["text", "number", "date", "list"]
"""What a field's values are to a filter."""
Role = Literal["", "record_id", "created", "modified", "created_by", "modified_by"]

_OUTPUTS: dict[str, Kind] = {"Text": "text", "Numeric": "number", "DateAndTime": "date", "ListValue": "list"}
_KINDS: dict[str, Kind] = {
    "Text": "text",
    "Number": "number",
    "AutoNumber": "number",
    "Date": "date",
    "List": "list",
}


@dataclass(frozen=True, config=_STRICT)
class App:
    """An app or survey."""

    id: int
    name: str

    def to_json(self, origin: str) -> dict[str, Any]:
        """Show it; the page has `/Apps/195` and `/apps/id/195`, of which the latter can be called."""
        return {"href": f"{origin}/Apps/id/{self.id}", "id": self.id, "name": self.name}


@dataclass(config=_STRICT)
class ListValue:
    """One value of a list."""

    id: str
    name: str
    sort_order: int = 0
    numeric_value: float | None = None
    color: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "sortOrder": self.sort_order,
            "numericValue": self.numeric_value,
            "color": self.color,
        }


@dataclass(frozen=True, config=_STRICT)
class AppField:
    """One field. `type` may be one that the page does not name (`SurveyDelegation` was seen)."""

    id: int
    app_id: int
    name: str
    type: str = "Text"
    status: Literal["Enabled", "Disabled"] = "Enabled"
    is_required: bool = False
    is_unique: bool = False
    multiplicity: Literal["SingleSelect", "MultiSelect"] = "SingleSelect"
    """Of lists and references."""
    list_id: int | None = None
    """Of lists, and of formulas that give list values."""
    referenced_app_id: int | None = None
    output_type: Literal["Text", "Numeric", "DateAndTime", "ListValue"] = "Text"
    """Of formulas."""
    formula: str = ""
    """A text with `{:Name}` in place of other fields; the output type says how it is read."""
    role: Role = ""
    """What the provider itself keeps in this field."""
    start: int = 1
    """The first number of an auto-number: the external record id is not the internal one."""
    display: str = "#"
    """How a number is formatted: `$# dollars`."""
    long_date: bool = False
    """Whether a formatted date has its weekday and month in words."""

    @property
    def is_multiple(self) -> bool:
        return self.multiplicity == "MultiSelect"

    @property
    def kind(self) -> Kind | None:
        """What its values are to a filter; None: it cannot be asked for."""
        return _OUTPUTS[self.output_type] if self.type == "Formula" else _KINDS.get(self.type)

    @property
    def is_computed(self) -> bool:
        """Whether nobody but the provider sets it."""
        return bool(self.role) or self.type in {"Formula", "AutoNumber"}

    def to_json(self, values: list[ListValue]) -> dict[str, Any]:
        """Show it as its type is shown; `values` are its list's."""
        shown: dict[str, Any] = {}
        listed = [value.to_json() for value in values]
        match self.type:
            case "Formula":
                shown = {"outputType": self.output_type, "values": listed}
            case "Reference" | "SurveyReference":
                shown = {"multiplicity": self.multiplicity, "referencedAppId": self.referenced_app_id}
            case "List":
                shown = {"multiplicity": self.multiplicity, "listId": self.list_id, "values": listed}
        return shown | {
            "id": self.id,
            "appId": self.app_id,
            "name": self.name,
            "type": self.type,
            "status": self.status,
            "isRequired": self.is_required,
            "isUnique": self.is_unique,
        }


@dataclass(frozen=True, config=_STRICT)
class Report:
    """A saved report: columns, and which records."""

    id: int
    app_id: int
    name: str
    field_ids: list[int] = Field(default_factory=list)
    filter: str = ""
    """As for Query; empty: all records."""
    chart_field_id: int | None = None
    """The list field whose values its chart counts; none: it has no chart."""

    def to_json(self) -> dict[str, Any]:
        return {"appId": self.app_id, "id": self.id, "name": self.name}
