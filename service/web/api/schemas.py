"""The objects of the API as JSON Schema, from the types that the commands show. Pure."""

import re
from collections.abc import Mapping, Sequence
from types import GenericAlias
from typing import Any, get_args

from pydantic import ConfigDict, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

COMPONENTS = "#/components/schemas/"

Schema = dict[str, Any]

_CONFIG = ConfigDict(use_attribute_docstrings=True)
_NONE = re.compile(r"\bNone\b")


class _Generator(GenerateJsonSchema):
    """Writes what is told, not what is asked: every field is there, and its name is title enough."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  that of the library
        return False

    def field_is_required(self, field: Any, total: bool) -> bool:  # noqa: ARG002  as above
        return True


def view_schemas(views: Sequence[Any]) -> tuple[list[Schema], dict[str, Schema]]:
    """Describe each view, and by its name each object that they are made of (`components.schemas`)."""
    # As lists: of a dataclass alone the library takes no configuration.
    lists: list[Any] = [GenericAlias(list, (view,)) for view in views]
    adapters: list[TypeAdapter[Any]] = [TypeAdapter(each, config=_CONFIG) for each in lists]
    named = [(number, "serialization", adapter) for number, adapter in enumerate(adapters)]
    found, described = TypeAdapter.json_schemas(
        named,  # type: ignore[arg-type]  # it names the modes one by one
        ref_template=f"{COMPONENTS}{{model}}",
        schema_generator=_Generator,
    )
    components = described.get("$defs", {})
    for view in views:
        for each in get_args(view) or (view,):
            _inherit(each, components)
    schemas = [found[number, "serialization"]["items"] for number, _ in enumerate(views)]
    return _spelt(schemas), _spelt(components)


def _inherit(view: type, components: Mapping[str, Schema]) -> None:
    """Take over what is said of a field where it was first declared: the library looks nowhere else."""
    own = components[view.__name__]["properties"]
    for base in view.__mro__[1:]:
        for name, schema in components.get(base.__name__, {}).get("properties", {}).items():
            if "description" in schema:
                own[name].setdefault("description", schema["description"])


def _spelt(value: Any) -> Any:
    """Say null for None in what people read, and sort nothing."""
    if isinstance(value, dict):
        return {
            name: _NONE.sub("null", each) if name == "description" and isinstance(each, str) else _spelt(each)
            for name, each in value.items()
        }
    return [_spelt(each) for each in value] if isinstance(value, list) else value
