"""What the web process is started with."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service.config import Settings
from service.errors import ConfigurationError
from service.web.main import web_options

NEEDED = {
    "DATABASE_URL": "postgres://relay:a-password@db/relay",
    "REDIS_URL": "redis://queue",
    "RELAY_SECRET_KEY": "a key of thirty-two characters or more",
}


def settings(folder: Path, **environment: str) -> Settings:
    return Settings.model_validate({"RELAY_CONFIG": folder / "relay.yaml", **environment})


@pytest.mark.parametrize("missing", NEEDED)
def test_what_is_missing_is_named(tmp_path: Path, missing: str) -> None:
    environment = {name: value for name, value in NEEDED.items() if name != missing}
    with pytest.raises(ConfigurationError, match=f"{missing} is not set"):
        web_options(settings(tmp_path, **environment), {})


def test_the_configuration_gives_only_headers_and_paths(tmp_path: Path) -> None:
    account = '{token: "${NOT_SET}", secret_header: X-Own, id_path: payload.key}'
    (tmp_path / "relay.yaml").write_text(f"accounts: {{main: {account}}}")
    options = web_options(settings(tmp_path, **NEEDED), {})
    assert (options.secret_headers, options.id_paths) == ({"main": "X-Own"}, {"main": "payload.key"})


def test_without_a_configuration_every_header_and_body_is_the_usual_one(tmp_path: Path) -> None:
    options = web_options(settings(tmp_path, **NEEDED), {})
    assert (options.secret_headers, options.id_paths) == ({}, {})


def test_a_configuration_that_cannot_be_read_is_an_error_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "relay.yaml").write_bytes(b"\xff")
    with pytest.raises(ConfigurationError, match=r"relay\.yaml:1: is not UTF-8"):
        web_options(settings(tmp_path, **NEEDED), {})


@pytest.mark.parametrize(
    ("url", "path"),
    [("https://x.example", ""), ("https://x.example/", ""), ("https://x.example/a/b/", "/a/b")],
)
def test_the_path_of_the_public_url_is_kept(tmp_path: Path, url: str, path: str) -> None:
    assert web_options(settings(tmp_path, RELAY_PUBLIC_URL=url, **NEEDED), {}).public_path == path


def test_its_repr_shows_neither_key_nor_password(tmp_path: Path) -> None:
    shown = repr(web_options(settings(tmp_path, **NEEDED), {}))
    assert NEEDED["RELAY_SECRET_KEY"] not in shown
    assert "a-password" not in shown


def test_health_compares_with_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "relay.yaml").write_text(
        'version: 1\naccounts: {main: {provider: fusioo, token: "${TOKEN}", budget: {calls: 7}}}\n'
    )
    expected = web_options(settings(tmp_path, **NEEDED), {"TOKEN": "sesame"}).expected
    assert expected is not None
    assert expected.limits["main"].calls == 7


@pytest.mark.parametrize("written", [None, "version: 1", 'accounts: {main: {token: "${NOT_SET}"}}'])
def test_a_missing_or_wrong_configuration_is_left_to_health(tmp_path: Path, written: str | None) -> None:
    if written is not None:
        (tmp_path / "relay.yaml").write_text(written)
    with capture_logs() as lines:
        assert web_options(settings(tmp_path, **NEEDED), {}).expected is None
    assert [line["event"] for line in lines] == ["configuration.missed"]


def test_health_gets_the_token_without_showing_it(tmp_path: Path) -> None:
    options = web_options(settings(tmp_path, RELAY_ADMIN_TOKEN="sesame", **NEEDED), {})
    assert options.admin_token is not None
    assert "sesame" not in repr(options)
