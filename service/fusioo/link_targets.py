"""Which app a link field leads to, as the app's schema says. Pure.

The vendor's page shows no link field in a schema, so how it names the other app is a guess: all that an id
could be called is tried.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from service.fusioo.links import is_id
from service.fusioo.models import App, AppField

_NAMES = ("app_id", "appId", "linked_app_id", "linkedAppId", "related_app_id", "app", "linked_app")


def linked_app(field: AppField) -> str | None:
    """The id of the app that a field links to; None: it is no link, or the schema does not say."""
    for name in _NAMES:
        told = field.options.get(name)
        found = told.get("id") if isinstance(told, Mapping) else told
        if isinstance(found, str) and is_id(found):
            return found
    return None


def link_targets(app: App) -> dict[str, str]:
    """The app's link fields, each with the id of the app that it leads to."""
    targets = {field.id: linked_app(field) for field in app.fields}
    return {field_id: target for field_id, target in targets.items() if target is not None}


def targets_in_schema(schema: Mapping[str, Any]) -> dict[str, str]:
    """Do the same for an app as the provider described it; what can't be read says nothing."""
    try:
        return link_targets(App.model_validate(schema))
    except ValidationError:
        return {}
