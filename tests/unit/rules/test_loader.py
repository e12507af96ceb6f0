"""`relay.yaml`: what is accepted, with which defaults, and where it stands."""

import re
from contextlib import suppress
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, ValidationError

from service.changes.types import Kind
from service.errors import ConfigurationError
from service.rules.account import Account
from service.rules.configuration import Configuration
from service.rules.handler import Order
from service.rules.loader import load, parse
from service.rules.problems import InvalidConfigurationError
from tests.fixtures.relay_yaml import ENV, FULL, HEAD, problems_of


@pytest.fixture
def full() -> Configuration:
    return parse(FULL, "relay.yaml", ENV)


def test_the_whole_format_is_read(full: Configuration) -> None:
    account = full.accounts["main"]
    assert account.token is not None
    assert account.token.get_secret_value() == "token-in-the-environment"
    assert account.base_url == "https://api.fusioo.com/v3"
    assert (account.budget.calls, account.budget.window) == (100, timedelta(minutes=30))
    assert account.budget.reserve == 0.25
    assert str(full.timezones["main"]) == "Europe/Berlin"
    ops, assign = full.handlers["ops"], full.handlers["assign"]
    assert (ops.kind, ops.options["secret"]) == ("http", "secret-in-the-environment")
    assert ops.retry == (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2))
    assert (assign.kind, assign.options, assign.order) == ("python", "my_handlers.assign", Order.NONE)
    assert full.handlers["grc"].options["key"] == {"6983": "{{ record.title }}"}
    urgent, everything = full.rules
    assert urgent.on == {Kind.CREATE, Kind.UPDATE}
    assert urgent.when is not None
    assert urgent.when.fields["due"].written() == (("equal", "2024-09-30"),)
    assert urgent.run == ("ops", "grc")
    assert (everything.app, everything.changed) == ("195", ("6984",))
    assert full.alarms == ("ops",)


def test_onspring_has_defaults_of_its_own(full: Configuration) -> None:
    account = full.accounts["grc"]
    assert account.base_url == "https://api.example.com"
    assert account.budget.calls == 10_000
    assert account.secret_header == "X-Relay-Secret"
    assert account.stamps.last_modified == "Last Modified Date"


def test_the_defaults_are_those_of_the_contract(full: Configuration) -> None:
    account, handler = Account.model_validate({"provider": "fusioo", "token": "t"}), full.handlers["grc"]
    assert account.base_url == "https://api.fusioo.com/v3"
    assert (account.budget.calls, account.budget.window) == (500, timedelta(hours=1))
    assert account.budget.reserve == 0.1
    assert account.secret_header == "X-Fusioo-Secret"
    assert not account.admin
    assert account.timezone is UTC
    assert account.reconcile == timedelta(minutes=15)
    delays = [5, 30, 120, 600, 3600, 3 * 3600, 8 * 3600, 24 * 3600]
    assert [delay.total_seconds() for delay in handler.retry] == delays
    assert (handler.timeout, handler.concurrency) == (timedelta(seconds=30), 4)
    assert handler.order is Order.RECORD
    assert full.rules[1].on == set(Kind)
    assert (full.retention.deliveries, full.retention.changes) == (timedelta(days=3), timedelta(days=30))


def test_no_secret_is_shown(full: Configuration) -> None:
    assert "in-the-environment" not in repr(full)


def test_places_are_those_of_the_file(full: Configuration) -> None:
    assert full.place("handlers", "ops", "http", "url") == "relay.yaml:10:24"
    assert full.place("handlers", "ops", "http", "url", at_key=True) == "relay.yaml:10:19"
    assert full.place("rules", 0, "run", 1) == "relay.yaml:20:16"
    assert full.place("handlers", "ops", "http", "headers") == "relay.yaml:10:12", "where it would belong"


def test_the_digest_is_of_the_content_without_secrets(full: Configuration) -> None:
    others = {**ENV, "FUSIOO_TOKEN": "another"}
    assert parse(FULL, "other.yaml", others).digest == full.digest
    assert parse("# a comment\n" + FULL, "relay.yaml", ENV).digest == full.digest
    assert parse(FULL.replace("calls: 100", "calls: 101"), "relay.yaml", ENV).digest != full.digest
    assert re.fullmatch(r"[0-9a-f]{64}", full.digest)


def test_a_reference_is_replaced_within_a_text_and_can_be_escaped() -> None:
    text = FULL.replace("${OPS_SECRET}", "a-${OPS_SECRET}-$${X}-${EMPTY}-$5")
    options = parse(text, "relay.yaml", ENV).handlers["ops"].options
    assert options["secret"] == "a-secret-in-the-environment-${X}--$5"


def test_a_later_check_reports_at_the_place_too(full: Configuration) -> None:
    class Options(BaseModel):
        model_config = ConfigDict(extra="forbid")
        url: int
        secrets: str = ""

    path = ("handlers", "ops", "http")
    with pytest.raises(ValidationError) as caught:
        Options.model_validate(full.handlers["ops"].options)
    error = full.invalid(full.explain(caught.value, Options, under=path))
    assert [str(problem) for problem in error.problems] == [
        "relay.yaml:10:24: `url` should be a whole number",
        "relay.yaml:10:51: unknown key `secret` (did you mean `secrets`?)",
    ]


def test_aliases_are_followed_but_not_without_end() -> None:
    text = HEAD.replace(
        "{ops: {log: {}}}", "{ops: {log: {}, retry: &quick [1s, 2s]}, b: {log: {}, retry: *quick}}"
    )
    assert len(parse(text + "  []", "relay.yaml", ENV).handlers["b"].retry) == 2
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n"
        for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    (problem,) = problems_of(bomb)
    assert "too large" in problem
    (problem,) = problems_of("a: &a [*a]")
    assert "too large" in problem


@given(st.text())
def test_no_text_makes_the_reader_fail(text: str) -> None:
    with pytest.raises(InvalidConfigurationError):
        parse(text, "relay.yaml", {})


@given(st.lists(st.sampled_from([*FULL.splitlines(keepends=True), "? ", "&a ", "*a ", "!!int x", "{", "- "])))
@example(["&a ", "version: 1\n", "&a ", "version: 1\n"])  # ruamel warns of an anchor used twice
def test_no_mixture_of_lines_makes_the_reader_fail(lines: list[str]) -> None:
    with suppress(InvalidConfigurationError):
        parse("".join(lines), "relay.yaml", ENV)


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "relay.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + FULL.encode())
    assert load(path, ENV).place("version") == f"{path}:1:10"


def test_a_missing_file_leads_to_relay_init(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="relay init") as caught:
        load(tmp_path / "relay.yaml", {})
    assert caught.value.place == str(tmp_path / "relay.yaml")


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"#" * (1024 * 1024 + 1), "is larger than 1 MiB"), (b"version: 1\n\xff", "relay.yaml:2: is not UTF-8")],
)
def test_a_file_that_is_no_text_of_ours(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "relay.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=message):
        load(path, {})


def test_a_folder_needs_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"holds no \*\.yaml"):
        load(tmp_path, {})
