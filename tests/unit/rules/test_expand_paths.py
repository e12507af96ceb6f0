import pytest

from service.rules.expand import split_path, with_beginnings
from service.rules.schema import Rule


@pytest.mark.parametrize(
    ("paths", "all_paths"),
    [
        ((), ()),
        (("client",), ("client",)),
        (("client.owner",), ("client", "client.owner")),
        (("client", "client.owner", "parent"), ("client", "client.owner", "parent")),
        (("a.b.c", "a.d"), ("a", "a.b", "a.b.c", "a.d")),
    ],
)
def test_each_path_stands_after_its_beginnings(paths: tuple[str, ...], all_paths: tuple[str, ...]) -> None:
    assert with_beginnings(paths) == all_paths


def test_a_path_is_its_fields() -> None:
    assert split_path("client.owner") == ("client", "owner")


def test_numbers_and_odd_ids_are_fields_too() -> None:
    values = {"name": "r", "account": "main", "app": "a", "run": ["ops"], "expand": [6983, "my client"]}
    assert Rule.model_validate(values).expand == ("6983", "my client")
