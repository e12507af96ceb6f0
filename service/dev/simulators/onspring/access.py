"""API keys, each with one role: what it may see and do."""

from typing import Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from service.dev.simulators.onspring.answers import denied
from service.dev.simulators.onspring.schema import AppField

Act = Literal["read", "create", "update", "delete"]


@dataclass(config=ConfigDict(extra="forbid"))
class ApiKey:
    """A key and its role. An administrator's role may do everything."""

    name: str
    admin: bool = False
    enabled: bool = True
    role_active: bool = True
    apps: dict[int, set[Act]] = Field(default_factory=dict)
    """What it may do in which app."""
    hidden_fields: set[int] = Field(default_factory=set)
    locked_fields: set[int] = Field(default_factory=set)
    """Seen, but not to be set."""
    edits_lists: bool = False
    """Whether it may save and delete the values of lists."""
    person: int | None = None
    """The record in the app of users that its edits are signed with."""

    def may(self, act: Act, app_id: int) -> bool:
        """Say whether it may do so in an app."""
        return self.role_active and (self.admin or act in self.apps.get(app_id, ()))

    def sees(self, field: AppField) -> bool:
        """Say whether it may read a field of an app that it may read."""
        return self.admin or field.id not in self.hidden_fields

    def must(self, act: Act, app_id: int) -> None:
        """Raise RefusedCallError (403) if it may not do so."""
        if not self.may(act, app_id):
            raise denied(act, f"app: {app_id}")

    def must_see(self, field: AppField) -> None:
        """Raise RefusedCallError (403) if it may not read the field."""
        self.must("read", field.app_id)
        if not self.sees(field):
            raise denied("read", f"field: {field.id}")

    def must_set(self, field: AppField) -> None:
        """Raise RefusedCallError (403) if it may not write the field."""
        if not self.sees(field) or (not self.admin and field.id in self.locked_fields):
            raise denied("update", f"field: {field.id}")

    def must_edit_lists(self, list_id: int) -> None:
        """Raise RefusedCallError (403) if it may not change lists."""
        if not self.role_active or not (self.admin or self.edits_lists):
            raise denied("update", f"list: {list_id}")
