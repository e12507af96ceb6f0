"""Which fields of an app say when and by whom a record was made, and modified last. Pure.

Onspring keeps these stamps in fields like any other, whose names an instance may change (vendor's page,
samples). The relay calls them by its own words, as Fusioo does.
"""

from collections.abc import Mapping

from service.onspring.definitions import AppFields

CREATED, CREATED_BY = "created", "created_by"
LAST_MODIFIED, LAST_MODIFIED_BY = "last_modified", "last_modified_by"
STAMPS = (CREATED, CREATED_BY, LAST_MODIFIED, LAST_MODIFIED_BY)


def stamp_fields(fields: AppFields, references: Mapping[str, str]) -> dict[int, str]:
    """Give the relay's word for each field that holds a stamp, by field id.

    `references`: by word, the id or exact name of its field. What an app has not, or has twice, is left out.
    """
    found = {word: fields.find(references[word]) for word in STAMPS if word in references}
    return {field.id: word for word, field in found.items() if field is not None}


def stamp_field(fields: AppFields, references: Mapping[str, str], word: str) -> int | None:
    """The id of the field that holds one stamp; None: the app has none."""
    stamps = stamp_fields(fields, references)
    return next((field_id for field_id, each in stamps.items() if each == word), None)
