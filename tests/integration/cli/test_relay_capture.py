"""`relay capture`: a URL, what came to it, and what to do then."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2
import pytest
from ruamel.yaml import YAML

from service.rules.document import read_document
from service.rules.receiving import id_paths, secret_headers
from service.web.lifespan import WebOptions
from tests.fixtures.command import Relay
from tests.fixtures.database import Database
from tests.fixtures.receiver import SECRET, SECRET_KEY, RunningReceiver, register, running_receiver
from tests.fixtures.waiting import wait_until

COMMAND = str(Path(sys.executable).with_name("relay"))
RECORD = "i" + "0a" * 16


class Capturing:
    """`relay capture` as a process; its lines as they come."""

    def __init__(self, database: Database, web: RunningReceiver, *options: str) -> None:
        variables = {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": database.url,
            "RELAY_SECRET_KEY": SECRET_KEY,
            "RELAY_PUBLIC_URL": web.url,
        }
        self.process = subprocess.Popen(  # noqa: S603  ourselves
            [COMMAND, "capture", *options],
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @property
    def output(self) -> str:
        return "".join(self.lines)

    @property
    def url(self) -> str:
        """Where requests are to be sent."""
        wait_until(lambda: "/capture/" in self.output, what="the URL is printed")
        return next(
            word for word in self.output.replace('"', " ").replace(",", " ").split() if "/capture/" in word
        )

    def ended(self) -> int:
        code = self.process.wait(30)
        self._reader.join(30)
        return code

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.ended()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


@pytest.fixture
def web(web_options: WebOptions) -> Iterator[RunningReceiver]:
    with running_receiver(web_options) as running:
        yield running


@pytest.fixture
def command(relay: Relay, database: Database, web: RunningReceiver, monkeypatch: pytest.MonkeyPatch) -> Relay:
    monkeypatch.setenv("DATABASE_URL", database.url)
    monkeypatch.setenv("RELAY_SECRET_KEY", SECRET_KEY)
    monkeypatch.setenv("RELAY_PUBLIC_URL", web.url)
    return lambda *arguments: relay("capture", *arguments)


def test_it_shows_each_request_as_it_comes_until_it_is_full(database: Database, web: RunningReceiver) -> None:
    with Capturing(database, web, "--requests", "2") as capturing:
        assert capturing.url.startswith(f"{web.url}/capture/")
        body = {"record_id": RECORD, "app_id": "ia4f42", "event": "updated", "secret": "hush-hush"}
        httpx2.post(capturing.url, json=body, headers={"X-Hook-Secret": "0123456789abcdef"})
        wait_until(lambda: "#1" in capturing.output and "add main" in capturing.output)
        for line in (
            "  x-hook-secret    hidden: 16 characters, hexadecimal\n",
            f"  read as          1 record: record_id = {RECORD}\n",
            "  kind             update (event = updated)\n",
            "  settings         accounts:\n                     main:\n",
            "                       secret_header: X-Hook-Secret\n",
            "  then             relay webhooks add main ia4f42 --kind update\n",
        ):
            assert line in capturing.output
        httpx2.put(capturing.url, content=b"nothing that is JSON")
        assert capturing.ended() == 0
    assert "#2" in capturing.output
    assert "refused: the body is not JSON (line 1, column 1)" in capturing.output
    assert capturing.lines[-1] == "The capture is over: 2 requests.\n"
    assert "hush-hush" not in capturing.output
    assert "0123456789abcdef" not in capturing.output


def test_interrupted_it_lets_nothing_in_any_more(database: Database, web: RunningReceiver) -> None:
    with Capturing(database, web) as capturing:
        assert httpx2.post(capturing.url, json={"id": "a"}).json() == {"captured": 1}
        wait_until(lambda: "#1" in capturing.output)
        capturing.process.send_signal(signal.SIGINT)
        assert capturing.ended() == 0
        assert httpx2.post(capturing.url, json={"id": "b"}).status_code == 404
        assert capturing.process.stderr is not None
        assert capturing.process.stderr.read() == ""
    assert capturing.lines[-1] == "The capture is over: 1 request.\n"


def test_it_ends_when_its_time_is_over(database: Database, web: RunningReceiver) -> None:
    with Capturing(database, web, "--for", "1s", "--json") as capturing:
        assert capturing.ended() == 0
    (begun,) = map(json.loads, capturing.lines)
    assert begun["url"] == f"{web.url}/capture/{begun['key']}"
    assert (begun["left"], begun["requests"]) == (100, 0)


def test_programs_get_an_object_a_line_and_the_same_again(
    database: Database, web: RunningReceiver, command: Relay
) -> None:
    with Capturing(database, web, "--requests", "1", "--json", "--account", "grc") as capturing:
        httpx2.post(capturing.url, json=[{"RecordId": "16", "AppId": "100"}])
        assert capturing.ended() == 0
    begun, request = map(json.loads, capturing.lines)
    assert json.loads(request["body"]) == [{"RecordId": "16", "AppId": "100"}]
    assert request["proposal"] == {
        "settings": {"provider": "onspring"},
        "command": "relay webhooks add grc 100",
    }
    shown = json.loads(command("show", begun["key"], "--account", "grc", "--json").stdout)
    assert shown["captured"] == [request]
    assert (shown["is_open"], shown["left"], shown["requests"]) == (False, 0, 1)
    (listed,) = json.loads(command("list", "--json").stdout)
    assert listed == {name: shown[name] for name in listed}
    assert begun["key"] in command("list").stdout
    assert "relay webhooks add main 100" in command("show", begun["key"]).stdout


ODD = [
    ({"X-Hook-Secret": SECRET}, {"id": "event-7", "payload": {"record": RECORD}}),
    ({"Authorization": SECRET}, {"rows": [{"recordRef": "r1"}, {"recordRef": "r2"}]}),
    ({"X-Fusioo-Secret": SECRET}, RECORD),
    ({"X-Fusioo-Secret": SECRET}, {"domestic record id": "r1"}),
    ({"X-Fusioo-Secret": SECRET}, {"data": {"id": "r1"}}),
]


@pytest.mark.parametrize(("headers", "body"), ODD)
def test_with_the_proposed_settings_the_same_request_is_accepted(
    database: Database, web_options: WebOptions, command: Relay, headers: dict[str, str], body: Any
) -> None:
    register(database)
    database.execute("INSERT INTO captures VALUES ('k', now(), now() + interval '1 h', 5)")
    with running_receiver(web_options) as web:
        web.http.post("/capture/k", headers=headers, json=body).raise_for_status()
    told = command("show", "k").stdout
    settings = told.partition("  settings")[2].partition("  then ")[0]
    lines = [line[19:] for line in f"  settings{settings}".splitlines()]
    text = "\n".join(lines) if "accounts:" in settings else "accounts: {main: {}}"
    assert YAML().load(text)["accounts"].keys() == {"main"}
    document = read_document(text, "relay.yaml")
    options = replace(
        web_options, secret_headers=secret_headers(document, {}), id_paths=id_paths(document, {})
    )
    with running_receiver(options) as web:
        answer = web.http.post("/webhooks/fusioo/key", headers=headers, json=body)
        assert answer.status_code == 202, (told, answer.text)


def test_what_is_missing_or_wrong_is_said(command: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = command("show", "nothing")
    assert (unknown.exit_code, "relay capture list" in unknown.stderr) == (1, True)
    assert "Nothing is captured" in command("list").stdout
    for span in ("soon", "0s", "8d"):
        assert command("--for", span).exit_code == 2
    assert command("--requests", "0").exit_code == 2
    monkeypatch.delenv("RELAY_PUBLIC_URL")
    missing = command()
    assert (missing.exit_code, "RELAY_PUBLIC_URL is not set" in missing.stderr) == (1, True)
