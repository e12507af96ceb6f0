"""The files of deploy/ fit the code that they start: its commands, its settings, its times, its limits."""

import re
import shutil
import subprocess
from configparser import ConfigParser
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from typer.main import get_command

from service.cli.main import app
from service.clock import parse_duration
from service.config import Settings
from service.scheduler.main import ENDS_WITHIN
from service.web import main as web
from service.web.body import BodyLimits
from service.worker.main import FOR_CLOSING, GRACE
from tests.fixtures.source import ROOT

DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")
CADDYFILE = (DEPLOY / "Caddyfile").read_text("utf-8")
COMPOSE_TEXT = (DEPLOY / "compose.yaml").read_text("utf-8")
SERVICES: dict[str, dict[str, Any]] = YAML(typ="safe", pure=True).load(COMPOSE_TEXT)["services"]
UNITS = {
    path.stem.removeprefix("fusioo-relay-"): path for path in sorted((DEPLOY / "systemd").glob("*.service"))
}
PAGE = (ROOT / "docs" / "guide" / "deploying.md").read_text("utf-8")

PROCESSES = ("migrate", "web", "worker", "scheduler")
COMMANDS = get_command(app).commands  # type: ignore[attr-defined]  # typer does not say that it is a group
SETTINGS = {field.alias for field in Settings.model_fields.values()}
OF_OTHERS = {
    *("PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"),
    *("POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD", "RELAY_DOMAIN", "FUSIOO_TOKEN"),
}
"""Variables that no setting reads: of the image, of Postgres, of the proxy, of an example's relay.yaml."""
NEEDS = {
    "web": timedelta(seconds=web.GRACE),
    "worker": GRACE,
    "scheduler": timedelta(seconds=ENDS_WITHIN),
}
CLOSING = timedelta(seconds=5)
"""What a process needs after its grace, to close connections and end."""


def _unit(name: str) -> ConfigParser:
    parser = ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's keys have capitals
    parser.read_string(UNITS[name].read_text("utf-8"))
    return parser


def _values(text: str) -> dict[str, str]:
    """What an environment file sets."""
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", text, re.MULTILINE))


def test_the_image_runs_commands_that_exist() -> None:
    assert 'ENTRYPOINT ["relay"]' in DOCKERFILE
    (command,) = re.findall(r'^CMD \["(\w+)"\]$', DOCKERFILE, re.MULTILINE)
    assert command in COMMANDS


def test_the_image_runs_as_a_normal_user_by_number() -> None:
    (user,) = re.findall(r"^USER (\d+):\d+$", DOCKERFILE, re.MULTILINE)
    assert int(user) >= 1000
    assert f"--uid {user} " in DOCKERFILE


def test_the_image_copies_what_exists_and_is_let_through() -> None:
    sources = [
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
        for source in line.split()[:-1]
    ]
    assert sources
    assert [source for source in sources if not (ROOT / source).exists()] == []
    let_through = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert "*" in let_through
    assert [source for source in sources if f"!{source}" not in let_through] == []


def test_the_image_installs_with_the_resolver_of_the_makefile() -> None:
    pin = re.compile(r"\buv==([\d.]+)")
    assert pin.findall(DOCKERFILE) == pin.findall((ROOT / "Makefile").read_text())


@pytest.mark.parametrize("name", PROCESSES)
def test_compose_runs_each_process(name: str) -> None:
    service = SERVICES[name]
    assert service["command"] == [name]
    assert name in COMMANDS
    assert service["read_only"] is True
    assert service["tmpfs"]
    assert service["cap_drop"] == ["ALL"]
    assert service["networks"]


def test_compose_migrates_once_and_before_all_others() -> None:
    assert SERVICES["migrate"]["restart"] == "no"
    for name in NEEDS:
        after = SERVICES[name]["depends_on"]["migrate"]["condition"]
        assert after == "service_completed_successfully"


def test_compose_keeps_every_doorbell() -> None:
    command = " ".join(SERVICES["valkey"]["command"])
    assert "--maxmemory-policy noeviction" in command
    assert "--appendonly yes" in command


def test_compose_has_no_default_for_anything() -> None:
    """`${VAR}` of a missing variable is empty in compose; only `${VAR:?…}` refuses to start."""
    text = re.sub(r"#.*", "", COMPOSE_TEXT)
    named = re.findall(r"\$\{(\w+)([^}]*)\}", text)
    assert named
    assert [name for name, rest in named if not rest.startswith(":?")] == []
    examples = _values((DEPLOY / "env.example").read_text())
    assert {name for name, _ in named} <= set(examples)


@pytest.mark.parametrize("name", ["env.example", "systemd/environment.example"])
def test_examples_hold_no_secret(name: str) -> None:
    values = _values((DEPLOY / name).read_text())
    assert {key: value for key, value in values.items() if value} in (
        {},
        {"RELAY_CONFIG": "/etc/fusioo-relay/relay.yaml"},
    )


def test_every_variable_is_a_setting_or_somebody_elses() -> None:
    in_image = re.findall(r"^(?:ENV|   ) ([A-Z_]+)=", DOCKERFILE, re.MULTILINE)
    in_compose = [name for service in SERVICES.values() for name in service.get("environment", ())]
    in_examples = [
        name
        for path in (DEPLOY / "env.example", DEPLOY / "systemd" / "environment.example")
        for name in _values(path.read_text())
    ]
    in_units = [
        pair.partition("=")[0]
        for name in UNITS
        for pair in _unit(name)["Service"].get("Environment", "").split()
    ]
    in_page = re.findall(r"\b((?:RELAY|POSTGRES)_[A-Z_]+|DATABASE_URL|REDIS_URL)\b", PAGE)
    for named in (in_image, in_compose, in_examples, in_units, in_page):
        assert named
        assert set(named) - SETTINGS - OF_OTHERS == set()


@pytest.mark.parametrize("name", sorted(NEEDS))
def test_processes_have_their_time_to_stop(name: str) -> None:
    least = NEEDS[name] + CLOSING
    assert parse_duration(SERVICES[name]["stop_grace_period"]) >= least
    assert parse_duration(_unit(name)["Service"]["TimeoutStopSec"]) >= least


def test_the_page_states_these_times() -> None:
    told = {
        name: re.findall(r"(\d+) s", line)
        for name in NEEDS
        for line in re.findall(rf"^\| `relay {name}` .*$", PAGE, re.MULTILINE)
    }
    closing = f"{CLOSING.seconds}"
    assert told["web"] == [f"{NEEDS['web'].seconds}", closing]
    assert told["worker"] == [f"{GRACE.seconds}", f"{(GRACE - FOR_CLOSING).seconds}"]
    assert told["scheduler"] == [f"{NEEDS['scheduler'].seconds}", closing]
    web_waits, worker_waits, scheduler_waits = (
        SERVICES[name]["stop_grace_period"].removesuffix("s") for name in ("web", "worker", "scheduler")
    )
    assert f"({web_waits}, {worker_waits} and {scheduler_waits} s)" in PAGE


@pytest.mark.parametrize("name", PROCESSES)
def test_systemd_runs_each_process(name: str) -> None:
    service = _unit(name)["Service"]
    program, command = service["ExecStart"].split()
    assert program.endswith("/relay")
    assert command == name
    assert command in COMMANDS
    assert service["User"] == "fusioo-relay"
    assert service["NoNewPrivileges"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["Restart"] == ("on-failure" if name == "migrate" else "always")


def test_systemd_signals_the_process_alone() -> None:
    """What a handler started must not be cut off before its handler has ended."""
    assert {_unit(name)["Service"]["KillMode"] for name in NEEDS} == {"mixed"}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    for path in UNITS.values():
        text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", path.read_text(), flags=re.MULTILINE)
        (tmp_path / path.name).write_text(text)
    command = ["systemd-analyze", "verify", "--man=no", *map(str, tmp_path.iterdir())]
    run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  ours
    assert (run.returncode, run.stderr) == (0, "")


def test_the_proxy_has_the_limits_of_the_web_process() -> None:
    limits = BodyLimits()
    (size,) = re.findall(r"max_size (\d+)MiB", CADDYFILE)
    assert int(size) * 2**20 == limits.bytes
    (body,) = re.findall(r"read_body (\w+)", CADDYFILE)
    assert limits.time < parse_duration(body) <= limits.time * 2
    assert re.search(r"read_header \d+s", CADDYFILE)


def test_the_proxy_hangs_up_first() -> None:
    (keep_alive,) = re.findall(r"keepalive (\w+)", CADDYFILE)
    assert parse_duration(keep_alive) < timedelta(seconds=web._KEEP_ALIVE)


def test_the_proxy_leads_to_the_web_process() -> None:
    (target,) = re.findall(r"reverse_proxy (\S+)", CADDYFILE)
    (port,) = re.findall(r"PORT=(\d+)", DOCKERFILE)
    assert target == f"web:{port}"
    assert set(SERVICES["proxy"]["networks"]) & set(SERVICES["web"]["networks"])


def test_the_page_tells_of_files_that_exist() -> None:
    told = set(re.findall(r"\bdeploy/[\w./-]*\w", PAGE))
    assert {"deploy/Dockerfile", "deploy/compose.yaml", "deploy/systemd"} <= told
    made = {"deploy/.env", "deploy/config"}  # by whoever deploys
    assert [name for name in told if name not in made and not (ROOT / name).exists()] == []
