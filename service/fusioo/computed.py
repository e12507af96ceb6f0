"""Which fields of an app Fusioo sets by itself, as the app's schema says. Pure."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from service.fusioo.kinds import SET_BY_FUSIOO, FieldKinds
from service.fusioo.models import App


def computed_in_schema(schema: Mapping[str, Any]) -> frozenset[str]:
    """The ids of formulas, roll-ups, auto-numbers and stamps; none where the schema can't be read."""
    try:
        app = App.model_validate(schema)
    except ValidationError:
        return frozenset()
    kinds = FieldKinds()
    return frozenset(field.id for field in app.fields if kinds.of(field.id, app) in SET_BY_FUSIOO)
