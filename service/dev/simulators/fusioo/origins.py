"""Ways in which records are written at the provider; which of them webhooks are told of is not known."""

from enum import StrEnum


class Origin(StrEnum):
    """Who or what writes."""

    PERSON = "person"
    API = "api"
    BULK = "bulk"
    IMPORT = "import"
    FORMULA = "formula"
