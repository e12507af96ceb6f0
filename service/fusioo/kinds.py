"""How the values of a field are written, by the field's type in the app's schema. Pure.

Source: the value table of the vendor facts. Of the names of types only `text`, `web_url`, `date`, `list` and
`user_link` stand on the vendor's page; the others are guesses after its captions, so the table is a setting.
A type that it does not name is RAW: its values pass through untouched.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from service.fusioo.models import App


class ValueKind(StrEnum):
    """One row of the value table."""

    TEXT = "text"
    """Also HTML (multiline), addresses of pages, email addresses."""
    NUMBER = "number"
    DATE = "date"
    DATE_TIME = "date_time"
    DATE_RANGE = "date_range"
    LIST = "list"
    """Option texts, one or several."""
    NAMES = "names"
    """Display names of users or roles."""
    LINKS = "links"
    """Ids of records."""
    FILES = "files"
    """Ids of files."""
    YES_NO = "yes_no"
    COMPUTED = "computed"
    """Of formulas and roll-ups: whatever JSON type it has; nobody can set it."""
    AUTO_NUMBER = "auto_number"
    """A number or a text with a prefix; Fusioo sets it."""
    STAMP = "stamp"
    """When a record was created or modified; Fusioo sets it."""
    RAW = "raw"


KINDS_BY_TYPE: Mapping[str, ValueKind] = MappingProxyType(
    {
        "text": ValueKind.TEXT,
        "multiline_text": ValueKind.TEXT,
        "web_url": ValueKind.TEXT,
        "email": ValueKind.TEXT,
        "number": ValueKind.NUMBER,
        "date": ValueKind.DATE,
        "date_time": ValueKind.DATE_TIME,
        "date_range": ValueKind.DATE_RANGE,
        "list": ValueKind.LIST,
        "user_link": ValueKind.NAMES,
        "role_link": ValueKind.NAMES,
        "app_link": ValueKind.LINKS,
        "boolean": ValueKind.YES_NO,
        "yes_no": ValueKind.YES_NO,
        "formula": ValueKind.COMPUTED,
        "roll_up": ValueKind.COMPUTED,
        "rollup": ValueKind.COMPUTED,
        "auto_number": ValueKind.AUTO_NUMBER,
        "file": ValueKind.FILES,
    }
)

SYSTEM_KINDS: Mapping[str, ValueKind] = MappingProxyType(
    {
        "id": ValueKind.TEXT,
        "created": ValueKind.STAMP,
        "last_modified": ValueKind.STAMP,
        "created_by": ValueKind.NAMES,
        "last_modified_by": ValueKind.NAMES,
    }
)
"""What every record has although the page's app schemas do not list it."""

SET_BY_FUSIOO = frozenset({ValueKind.COMPUTED, ValueKind.AUTO_NUMBER, ValueKind.STAMP})


@dataclass(frozen=True, slots=True)
class FieldKinds:
    """Says of each field of an app how its values are written.

    `by_type` completes or corrects the table for all fields of a type, `by_field` for single field ids: that
    is how a formula is read as a date, and a currency as a number.
    """

    by_type: Mapping[str, ValueKind] = field(default_factory=dict)
    by_field: Mapping[str, ValueKind] = field(default_factory=dict)

    def of(self, field_id: str, app: App) -> ValueKind:
        """The kind of a field; RAW for one that is neither in the schema nor a system field."""
        if field_id in self.by_field:
            return self.by_field[field_id]
        found = app.field(field_id)
        if found is None:
            return SYSTEM_KINDS.get(field_id, ValueKind.RAW)
        kind = self.by_type.get(found.type) or KINDS_BY_TYPE.get(found.type, ValueKind.RAW)
        is_stamp = kind is ValueKind.DATE_TIME and SYSTEM_KINDS.get(field_id) is ValueKind.STAMP
        return ValueKind.STAMP if is_stamp else kind
