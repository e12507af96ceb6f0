"""What `relay up` decides before it starts anything."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.config import LogFormat, Settings, to_environment
from service.dev.environment import ServiceUrls
from service.dev.up.plan import EXAMPLE, Plan, make_plan
from service.dev.up.simulated import check_accounts
from service.errors import ConfigurationError
from service.handlers.kinds import HandlerDeps
from service.handlers.registry import build_handlers
from service.rules.loader import load, parse


def settings(**values: Any) -> Settings:
    return Settings.model_validate({"PORT": 0, **values})


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


def test_alone_it_simulates_and_makes_its_secrets_once(tmp_path: Path) -> None:
    first = make_plan(settings(), {}, tmp_path)
    second = make_plan(settings(), {}, tmp_path)
    assert first.simulator is not None
    assert first.simulator == second.simulator
    assert first.settings.secret_key == second.settings.secret_key
    assert first.settings.admin_token == second.settings.admin_token
    assert first.own_admin_token
    assert first.settings.config == EXAMPLE
    assert first.settings.public_url == first.web_url == f"http://127.0.0.1:{first.settings.port}"
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.name for path in files} == {"secret_key", "admin_token", "token", "port"}
    assert {path.stat().st_mode & 0o077 for path in files} == {0}


def test_no_secret_shows_in_its_repr(tmp_path: Path) -> None:
    plan = make_plan(settings(), {}, tmp_path)
    secrets = [(tmp_path / name).read_text() for name in ("secret_key", "admin_token", "simulator/token")]
    assert not any(secret in repr(plan) for secret in secrets)


def test_the_processes_see_the_servers_the_simulator_and_json_logs(tmp_path: Path) -> None:
    plan = make_plan(settings(RELAY_LOG_FORMAT="console"), {}, tmp_path)
    assert plan.simulator is not None
    urls = ServiceUrls("postgresql://here", "unix:///there")
    seen = plan.environment({"DATABASE_URL": "postgresql://elsewhere", "OTHER": "kept"}, urls)
    assert seen["DATABASE_URL"] == "postgresql://here"
    assert seen["REDIS_URL"] == "unix:///there"
    assert seen["OTHER"] == "kept"
    assert seen["FUSIOO_BASE_URL"] == plan.simulator.url
    assert seen["FUSIOO_TOKEN"] == plan.simulator.token.get_secret_value()
    assert seen["RELAY_LOG_FORMAT"] == LogFormat.JSON
    assert {name: seen[name] for name in to_environment(plan.on(urls))} == to_environment(plan.on(urls))


def test_a_taken_port_of_the_web_is_an_error_that_names_it(tmp_path: Path, taken: int) -> None:
    with pytest.raises(ConfigurationError, match=rf"PORT: can't listen on port {taken} of 127\.0\.0\.1"):
        make_plan(settings(PORT=taken), {}, tmp_path)


def test_a_taken_port_of_the_simulator_is_replaced(tmp_path: Path, taken: int) -> None:
    (tmp_path / "simulator").mkdir()
    (tmp_path / "simulator" / "port").write_text(str(taken))
    plan = make_plan(settings(), {}, tmp_path)
    assert plan.simulator is not None
    assert plan.simulator.port != taken
    assert (tmp_path / "simulator" / "port").read_text() == str(plan.simulator.port)


def test_the_url_is_one_that_this_machine_reaches(tmp_path: Path) -> None:
    everywhere = settings(HOST="0.0.0.0")  # noqa: S104  free for a moment only
    assert make_plan(everywhere, {}, tmp_path).web_url.startswith("http://127.0.0.1:")


def real(config: Path, **values: Any) -> Settings:
    return settings(RELAY_PUBLIC_URL="https://relay.example.com/in", RELAY_CONFIG=config, **values)


def test_with_a_token_and_a_public_url_it_is_the_real_fusioo(tmp_path: Path) -> None:
    config = tmp_path / "relay.yaml"
    config.touch()
    given = real(config, RELAY_ADMIN_TOKEN="mine")
    plan = make_plan(given, {"FUSIOO_TOKEN": "real"}, tmp_path / "data")
    assert plan.simulator is None
    assert plan.settings.config == config
    assert plan.settings.public_url == "https://relay.example.com/in"
    assert not plan.own_admin_token
    assert plan.environment({"FUSIOO_TOKEN": "real"}, ServiceUrls("a", "b"))["FUSIOO_TOKEN"] == "real"
    assert set(plan.attachment) == {"RELAY_CONFIG", "RELAY_PUBLIC_URL"}
    assert _plain(plan) is None


def _plain(plan: Plan) -> str | None:
    return plan.provider_variables.get("FUSIOO_TOKEN")


def test_the_real_fusioo_needs_a_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"there is no such file.*`relay init` writes a first one"):
        make_plan(real(tmp_path / "relay.yaml"), {"FUSIOO_TOKEN": "real"}, tmp_path)


def test_half_of_what_the_real_fusioo_needs_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="RELAY_PUBLIC_URL is not set"):
        make_plan(settings(), {"FUSIOO_TOKEN": "real"}, tmp_path)
    with pytest.raises(ConfigurationError, match="FUSIOO_TOKEN is not set"):
        make_plan(real(tmp_path / "relay.yaml"), {}, tmp_path)


def test_rules_of_ones_own_run_on_the_simulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "relay.yaml"
    own.touch()
    monkeypatch.chdir(tmp_path)
    for given in (settings(), settings(RELAY_CONFIG=own)):
        plan = make_plan(given, {}, tmp_path / "data")
        assert plan.simulator is not None
        assert plan.settings.config == own
        assert plan.attachment["RELAY_CONFIG"] == str(own)


def test_a_file_that_is_named_and_missing_is_an_error_on_the_simulator_too(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"mine\.yaml: there is no such file \("):
        make_plan(settings(RELAY_CONFIG=tmp_path / "mine.yaml"), {}, tmp_path)


def test_the_simulators_token_goes_to_the_simulator_only() -> None:
    text = """\
version: 1
accounts:
  main: {provider: fusioo, token: "${T}", base_url: "http://127.0.0.1:8010/v3"}
  real: {provider: fusioo, token: "${T}", base_url: "https://me:${PASSWORD}@api.fusioo.com/v3"}
"""
    variables = {"T": "t", "PASSWORD": "s3cret"}
    simulated = parse(text[: text.index("  real")], "relay.yaml", variables)
    check_accounts(simulated, "http://127.0.0.1:8010/v3")
    with pytest.raises(ConfigurationError, match=r"relay\.yaml:4:9: account real is not at the") as refused:
        check_accounts(parse(text, "relay.yaml", variables), "http://127.0.0.1:8010/v3")
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "is_simulated"),
    [
        ("http://127.0.0.1:8020", True),
        ("http://localhost:8020", True),
        ("http://[::1]:8020", True),
        ("https://api.onspring.com", False),
        ("https://127.0.0.1.example.com", False),
    ],
)
def test_an_account_at_onspring_must_be_on_this_machine(url: str, is_simulated: bool) -> None:
    text = f'version: 1\naccounts:\n  grc: {{provider: onspring, token: "${{T}}", base_url: "{url}"}}\n'
    configuration = parse(text, "relay.yaml", {"T": "t"})
    if is_simulated:
        check_accounts(configuration, "http://127.0.0.1:8010/v3")
        return
    with pytest.raises(ConfigurationError, match="relay simulate onspring"):
        check_accounts(configuration, "http://127.0.0.1:8010/v3")


def test_the_example_is_right(tmp_path: Path) -> None:
    plan = make_plan(settings(), {}, tmp_path)
    configuration = load(EXAMPLE, plan.provider_variables)
    assert set(build_handlers(configuration, HandlerDeps(directory=EXAMPLE.parent))) == {
        "console",
        "urgent",
        "announce",
    }
    assert {rule.app for rule in configuration.rules} == {"Tasks", "Clients"}
    assert {rule.expand for rule in configuration.rules} == {(), ("client",)}
    assert configuration.alarms == ("console",)
