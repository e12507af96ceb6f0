import pytest

from service.dev.simulators.fusioo.example_apps import CLIENTS_ID, tasks_app
from service.fusioo.link_targets import targets_in_schema


def schema(**options: object) -> dict[str, object]:
    return {"id": "itasks", "fields": [{"id": "client", "type": "app_link", "options": options}]}


@pytest.mark.parametrize(
    "options", [{"app_id": "iclients"}, {"appId": "iclients"}, {"app": {"id": "iclients", "name": "Clients"}}]
)
def test_the_other_app_is_found_whatever_its_key_is_called(options: dict[str, object]) -> None:
    assert targets_in_schema(schema(**options)) == {"client": "iclients"}


@pytest.mark.parametrize("options", [{}, {"items": ["a"]}, {"app_id": ""}, {"app_id": 5}, {"app": "no id"}])
def test_a_schema_that_does_not_say_says_nothing(options: dict[str, object]) -> None:
    assert targets_in_schema(schema(**options)) == {}


def test_a_schema_that_can_not_be_read_says_nothing() -> None:
    assert targets_in_schema({"fields": "none"}) == {}


def test_the_simulated_schema_says_it() -> None:
    assert targets_in_schema(tasks_app().to_json()) == {"client": CLIENTS_ID}
