"""Which apps the rules mean."""

import pytest

from service.changes.types import App
from service.errors import ConfigurationError
from service.registrations.resolving import AppReference, resolve_apps

TASKS, CLIENTS = App("ia4f42", "Tasks"), App("i502fb", "Clients")


@pytest.mark.parametrize("text", ["Tasks", "ia4f42"])
def test_id_or_exact_name(text: str) -> None:
    assert resolve_apps([AppReference(text)], [TASKS, CLIENTS]) == {text: TASKS}


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("tasks", "did you mean `Tasks`"),
        ("TASKS", "did you mean `Tasks`"),
        ("Task", "did you mean `Tasks`"),
        ("i502f", "did you mean `i502fb`"),
        ("Bookings", "it sees `Clients`, `Tasks`"),
    ],
)
def test_unknown_names_what_is_near(text: str, suggestion: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        resolve_apps([AppReference(text, "relay.yaml:14:10")], [TASKS, CLIENTS])
    assert str(caught.value).startswith("relay.yaml:14:10: ")
    assert suggestion in str(caught.value)


def test_ambiguous_names_the_candidates() -> None:
    twins = [TASKS, App("i9", "Tasks")]
    with pytest.raises(ConfigurationError, match=r"`ia4f42` \(Tasks\), `i9` \(Tasks\)"):
        resolve_apps([AppReference("Tasks")], twins)


def test_the_name_of_one_that_is_the_id_of_another_is_ambiguous() -> None:
    with pytest.raises(ConfigurationError, match="more than one app"):
        resolve_apps([AppReference("ia4f42")], [TASKS, App("i9", "ia4f42")])


def test_no_app_at_all_blames_the_permissions() -> None:
    with pytest.raises(ConfigurationError, match="permissions"):
        resolve_apps([AppReference("Tasks")], [])
