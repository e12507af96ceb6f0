"""Onspring's apps in the form in which the relay keeps and checks the apps of every provider. Pure.

That form is Fusioo's description of an app: so what checks rules, follows links and compares listings reads
both. Types get the words of that form; those that have none there keep their own.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from service.fusioo.models import App
from service.onspring.definitions import AppFields
from service.onspring.models import App as OnspringApp
from service.onspring.models import AppField, ListField, ReferenceField

_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "Text": "text",
        "Number": "number",
        "AutoNumber": "auto_number",
        "Date": "date_time",
        "List": "list",
        "Reference": "app_link",
        "SurveyReference": "app_link",
        "Attachment": "file",
        "Image": "file",
        "Formula": "formula",
        "TimeSpan": "time_span",
    }
)
_SET_BY_ONSPRING = frozenset({"AutoNumber", "Formula"})


def describe(app: OnspringApp, fields: AppFields | None, words: Mapping[int, str]) -> App:
    """Describe an app. `fields` None: they are not told. `words`: what the relay calls each field.

    Stamps stand under the relay's words, and nobody may set them.
    """
    told = {} if fields is None else {"fields": list(_described(fields.by_id.values(), words))}
    return App.model_validate({"id": str(app.id), "name": app.name, **told})


def _described(fields: Iterable[AppField], words: Mapping[int, str]) -> Iterable[dict[str, Any]]:
    for field in fields:
        word = words.get(field.id, str(field.id))
        yield {
            "id": word,
            "name": field.name,
            "type": _TYPES.get(field.type, field.type),
            "is_required": field.is_required,
            "can_update": field.type not in _SET_BY_ONSPRING and word == str(field.id),
            "options": _options_of(field),
        }


def _options_of(field: AppField) -> dict[str, Any]:
    match field:
        case ListField():
            names = [value.name for value in field.values]
            return {"items": names, "allow_multiple": field.takes_several}
        case ReferenceField():
            leads_to = field.referenced_app_id
            told = {} if leads_to is None else {"app_id": str(leads_to)}
            return {**told, "allow_multiple": field.takes_several}
    return {}
