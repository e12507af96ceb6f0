"""Models keep what they don't know, and don't fall over what is missing."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from service.fusioo.models import App, AppField, Comment, CreatedFile, Discussion, FileInfo, User, Webhook


def test_unknown_keys_are_kept() -> None:
    app = App.model_validate(
        {"id": "ia", "colour": "red", "fields": [{"id": "a b", "type": "orb", "odd": 1}]}
    )
    assert app.model_extra == {"colour": "red"}
    assert (app.fields[0].type, app.fields[0].model_extra) == ("orb", {"odd": 1})


def test_missing_and_null_parts_are_empty() -> None:
    app = App.model_validate(
        {"id": 12, "name": None, "fields": [{"id": "a", "type": None, "options": None}, {"id": "b"}]}
    )
    assert (app.id, app.name) == ("12", "")
    assert [(field.type, field.options) for field in app.fields] == [("", {}), ("", {})]
    assert App.model_validate({"id": "ia", "fields": None}).fields == ()


def test_absent_and_null_can_be_told_apart() -> None:
    user = User.model_validate({"id": "iu", "email": None, "badge": None})
    assert (user.email, user.surname) == (None, None)
    assert [user.came(key) for key in ("id", "email", "badge", "surname", "hat")] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_models_do_not_change_under_their_readers() -> None:
    user = User.model_validate({"id": "iu"})
    with pytest.raises(ValidationError):
        user.name = "Ryan"  # type: ignore[misc]  # that it can't be set is the point


def test_a_thing_without_an_id_is_none() -> None:
    for model in (App, AppField, User, Discussion, Comment, FileInfo, CreatedFile, Webhook):
        with pytest.raises(ValidationError):
            model.model_validate({"name": "x"})


def test_users_have_the_names_by_which_records_call_them() -> None:
    assert User.model_validate({"id": "i", "name": "Ryan", "surname": "Smith"}).display_name == "Ryan Smith"
    assert User.model_validate({"id": "i", "name": "Ryan", "surname": None}).display_name == "Ryan"
    assert User.model_validate({"id": "i"}).display_name == ""


def test_a_discussion_holds_its_comments() -> None:
    discussion = Discussion.model_validate(
        {
            "id": "id",
            "content": "Look <b>here</b>",
            "comments": [{"id": "ic", "files": None, "created_on": "2023-08-27T13:42:51"}],
            "files": ["if"],
            "created_on": None,
        }
    )
    assert (discussion.files, discussion.created_at) == (("if",), None)
    assert (discussion.comments[0].id, discussion.comments[0].files) == ("ic", ())
    assert discussion.comments[0].created_at == datetime(2023, 8, 27, 13, 42, 51, tzinfo=UTC)
    assert discussion.comments[0].created_on == "2023-08-27T13:42:51"


def test_a_file_says_when_it_was_made() -> None:
    info = FileInfo.model_validate({"id": "if", "size": 1228, "created_on": "2023-08-01T08:30:35"})
    assert (info.size, info.created_at) == (1228, datetime(2023, 8, 1, 8, 30, 35, tzinfo=UTC))
    assert FileInfo.model_validate({"id": "if", "created_on": "soon"}).created_at is None


@pytest.mark.parametrize(
    ("options", "items", "several", "default"),
    [
        (
            {"items": ["Low", "High"], "allow_multiple": False, "default": "Low"},
            ("Low", "High"),
            False,
            "Low",
        ),
        ({"items": []}, (), None, None),
        ({"items": [{"id": 1}], "allow_multiple": "yes"}, None, None, None),
        ({}, None, None, None),
    ],
)
def test_a_field_tells_of_its_options_what_it_can(
    options: dict[str, object], items: object, several: object, default: object
) -> None:
    field = AppField.model_validate({"id": "priority", "type": "list", "options": options})
    assert (field.items, field.allow_multiple, field.default) == (items, several, default)
    assert field.options == options


def test_the_key_field_is_the_first() -> None:
    app = App.model_validate({"id": "ia", "fields": [{"id": "title"}, {"id": "notes"}]})
    assert app.key_field == app.fields[0]
    assert (app.field("notes"), app.field("nothing")) == (app.fields[1], None)
    assert App.model_validate({"id": "ia"}).key_field is None


def test_a_webhook_shows_neither_its_secret_nor_its_url() -> None:
    webhook = Webhook.model_validate(
        {"id": "iw", "url": "https://relay.test/k3y", "secret": "d5cf019f", "app_id": "ia"}
    )
    assert "d5cf019f" not in repr(webhook) + str(webhook) + webhook.model_dump_json()
    assert "k3y" not in repr(webhook)
