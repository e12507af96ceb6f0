"""The configuration as JSON Schema: whole, the same every time, and in the words of the file."""

import json
from typing import Any

import pytest
from pydantic import BaseModel

from service.rules.json_schema import json_schema
from service.rules.schema import RelayFile
from tests.fixtures.schema import filled, sections


def test_it_is_the_same_every_time_and_plain_json() -> None:
    assert json.dumps(json_schema(RelayFile)) == json.dumps(json_schema(RelayFile))


@pytest.mark.parametrize(
    ("section", "key", "default"),
    [
        ("Account", "timezone", "UTC"),
        ("Account", "reconcile", "15m"),
        ("Budget", "reserve", "10%"),
        ("Handler", "retry", ["5s", "30s", "2m", "10m", "1h", "3h", "8h", "1d"]),
        ("Rule", "on", ["create", "delete", "update"]),
    ],
)
def test_defaults_are_written_as_people_write_them(section: str, key: str, default: object) -> None:
    assert json_schema(RelayFile)["$defs"][section]["properties"][key]["default"] == default


@pytest.mark.parametrize("section", sections(), ids=lambda section: section.__name__)
def test_every_key_has_a_meaning_and_examples(section: type[BaseModel]) -> None:
    silent = [name for name, field in section.model_fields.items() if not field.description]
    without = [name for name, field in section.model_fields.items() if not field.examples]
    assert (silent, without) == ([], [])


@pytest.mark.parametrize(
    ("section", "key", "example"),
    [
        pytest.param(section, field.alias or name, example, id=f"{section.__name__}.{field.alias or name}")
        for section in sections()
        for name, field in section.model_fields.items()
        for example in field.examples or ()
    ],
)
def test_examples_are_accepted(section: type[BaseModel], key: str, example: Any) -> None:
    """Each in the smallest section that can hold it."""
    assert section.model_validate(filled(section, key, example)).model_fields_set
