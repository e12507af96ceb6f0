"""Fusioo's things as typed values that keep what they don't know.

Shapes: the sample answers of the vendor's page of API version 3. Records stay plain dicts: their fields are
the user's own.
"""

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

Record: TypeAlias = dict[str, Any]
"""A record as the API gave it: field id → JSON value, untouched. `id` is among them."""


class _Tolerant(BaseModel):
    """Unknown keys are kept (`model_extra`), numbers are taken for ids, values never change."""

    model_config = ConfigDict(extra="allow", frozen=True, coerce_numbers_to_str=True)


def _nothing_as_empty(value: object) -> object:
    return {} if value is None else value


def _nothing_as_none_listed(value: object) -> object:
    return () if value is None else value


class AppField(_Tolerant):
    """A field of an app. `id` is a slug that may hold blanks; `type` may be one that no page names."""

    id: str
    name: str = ""
    type: str = ""
    is_required: bool = False
    can_update: bool = True
    options: Annotated[Mapping[str, Any], BeforeValidator(_nothing_as_empty)] = Field(default_factory=dict)
    """Type-dependent: `items`, `default`, `allow_multiple`, `help_message` …"""


class App(_Tolerant):
    """An app, with the fields that the token may see."""

    id: str
    name: str = ""
    single_record_name: str = ""
    fields: Annotated[tuple[AppField, ...], BeforeValidator(_nothing_as_none_listed)] = ()


class Webhook(_Tolerant):
    """An API webhook: exactly one app, three flags. Fusioo makes the secret; it can't be set."""

    id: str
    url: str = Field(repr=False)  # it carries our key
    app_id: str
    secret: SecretStr
    on_create: bool = False
    on_update: bool = False
    on_delete: bool = False
