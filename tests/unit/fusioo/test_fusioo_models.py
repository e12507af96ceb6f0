"""Models keep what they don't know, and don't fall over what is missing."""

from service.fusioo.models import App, Webhook


def test_unknown_keys_are_kept() -> None:
    app = App.model_validate(
        {"id": "ia", "colour": "red", "fields": [{"id": "a b", "type": "orb", "odd": 1}]}
    )
    assert app.model_extra == {"colour": "red"}
    assert (app.fields[0].type, app.fields[0].model_extra) == ("orb", {"odd": 1})


def test_missing_and_null_parts_are_empty() -> None:
    app = App.model_validate({"id": 12, "fields": [{"id": "a", "options": None}, {"id": "b"}]})
    assert (app.id, app.name) == ("12", "")
    assert [field.options for field in app.fields] == [{}, {}]
    assert App.model_validate({"id": "ia", "fields": None}).fields == ()


def test_a_webhook_shows_neither_its_secret_nor_its_url() -> None:
    webhook = Webhook.model_validate(
        {"id": "iw", "url": "https://relay.test/k3y", "secret": "d5cf019f", "app_id": "ia"}
    )
    assert "d5cf019f" not in repr(webhook) + str(webhook) + webhook.model_dump_json()
    assert "k3y" not in repr(webhook)
