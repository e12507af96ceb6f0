"""REST outcomes of Onspring, over real HTTP: from the simulator's trigger, and typed by hand."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from service.dev.simulators.onspring.example import TASKS
from service.dev.simulators.onspring.outcomes import BasicAuth, KeyAuth, Outcome
from service.web.lifespan import WebOptions
from tests.fixtures.database import Database
from tests.fixtures.onspring_simulator import RunningOnspring, onspring_in_thread
from tests.fixtures.receiver import SECRET, RunningReceiver, register, running_receiver, stored
from tests.fixtures.waiting import wait_until

PRODUCTION = b'[{"RecordId":"16","AppId":"100"}]'
BASIC = base64.b64encode(f"relay:{SECRET}".encode()).decode()
PROOFS = {
    "a static header": {"X-Relay-Secret": SECRET},
    "a bearer token": {"Authorization": f"Bearer {SECRET}"},
    "Basic": {"Authorization": f"Basic {BASIC}"},
    "a key in Authorization": {"Authorization": SECRET},
}
NO_PROOFS = {
    "nothing": {},
    "another secret": {"X-Relay-Secret": "open"},
    "Fusioo's header": {"X-Fusioo-Secret": SECRET},
    "the secret as user": {"Authorization": "Basic " + base64.b64encode(f"{SECRET}:".encode()).decode()},
    "no base64": {"Authorization": "Basic %%%"},
    "two guesses": {"X-Relay-Secret": SECRET, "Authorization": f"Bearer {SECRET}"},
}


@pytest.fixture
def onspring() -> Iterator[RunningOnspring]:
    with onspring_in_thread() as running:
        yield running


@pytest.fixture
def receiver(database: Database, web_options: WebOptions) -> Iterator[RunningReceiver]:
    """A receiver that knows webhooks of the apps 100 (`key`) and Tasks (`tasks`) of an Onspring account."""
    register(database, provider="onspring", account="grc", kind=None, app_id="100")
    register(database, "tasks", provider="onspring", account="grc", kind=None, app_id=str(TASKS))
    with running_receiver(web_options) as running:
        yield running


def send(
    receiver: RunningReceiver, body: bytes, headers: dict[str, str], *, key: str = "key"
) -> httpx2.Response:
    return receiver.http.post(f"/webhooks/onspring/{key}", content=body, headers=headers)


@pytest.mark.parametrize("proof", PROOFS.values(), ids=PROOFS)
def test_the_body_of_production_is_accepted_with_each_proof(
    receiver: RunningReceiver, database: Database, proof: dict[str, str]
) -> None:
    answer = send(receiver, PRODUCTION, proof)
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1})
    rows = database.execute("SELECT account, app_id, kind, record_id, body FROM deliveries")
    assert [(*row[:4], bytes(row[4])) for row in rows] == [("grc", "100", None, "16", PRODUCTION)]


@pytest.mark.parametrize("proof", NO_PROOFS.values(), ids=NO_PROOFS)
def test_without_exactly_one_right_proof_nothing_is_asked_or_stored(
    receiver: RunningReceiver, database: Database, statements: list[str], proof: dict[str, str]
) -> None:
    send(receiver, PRODUCTION, PROOFS["Basic"])
    statements.clear()
    answer = send(receiver, PRODUCTION, proof)
    assert answer.status_code == 401
    assert SECRET not in answer.text
    assert not [each for each in statements if "registrations" in each or "deliveries" in each]
    assert stored(database) == ["16"]


def test_a_key_belongs_to_its_provider(receiver: RunningReceiver) -> None:
    answer = receiver.http.post("/webhooks/fusioo/key", headers={"X-Fusioo-Secret": SECRET}, json={"id": "1"})
    assert answer.status_code == 404


def test_an_account_may_have_a_header_and_a_path_of_its_own(
    database: Database, web_options: WebOptions
) -> None:
    register(database, provider="onspring", account="grc", kind=None, app_id="100")
    options = replace(web_options, secret_headers={"grc": "X-Own"}, id_paths={"grc": "rows[].key"})
    with running_receiver(options) as receiver:
        body = json.dumps({"rows": [{"key": "2"}, {"key": 1}]}).encode()
        assert send(receiver, body, {"X-Relay-Secret": SECRET}).status_code == 401
        assert send(receiver, body, {"X-Own": SECRET}).json() == {"accepted": 2}
    assert stored(database) == ["2", "1"]


REFUSED: dict[str, tuple[bytes, int, dict[str, Any]]] = {
    "another app": (
        b'[{"RecordId":"16","AppId":"101"}]',
        422,
        {
            "error": "element 0 is of app 101, but this webhook was made for app 100:"
            " `relay webhooks add` makes another one for each app"
        },
    ),
    "broken by substitution": (
        b'[{"Name":"He said "hi"","RecordId":"16"}]',
        400,
        {
            "error": "the body is not JSON (line 1, column 20)",
            "line": 1,
            "column": 20,
            "near": '"He said "hi"","Reco',
        },
    ),
    "an empty id": (
        b'[{"RecordId":""}]',
        422,
        {"error": "element 0 has no record id (looked for RecordId, recordId, record_id, id)"},
    ),
    "none": (b"[]", 422, {"error": "the body is an array of 0; 1 to 1000 records are accepted"}),
}


@pytest.mark.parametrize(("body", "status", "content"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_is_told_in_flat_json(
    receiver: RunningReceiver, database: Database, body: bytes, status: int, content: dict[str, Any]
) -> None:
    answer = send(receiver, body, PROOFS["Basic"])
    assert answer.status_code == status
    assert answer.json() == content
    assert stored(database) == []


def test_more_than_a_thousand_ids_or_a_mebibyte_are_refused(
    receiver: RunningReceiver, database: Database
) -> None:
    ids = json.dumps([{"RecordId": each} for each in range(1, 1002)]).encode()
    assert send(receiver, ids, PROOFS["Basic"]).status_code == 422
    assert send(receiver, b" " * (2**20 + 1), PROOFS["Basic"]).status_code == 413
    assert stored(database) == []


AUTHS = {
    "basic": ({}, BasicAuth("relay", SECRET)),
    "bearer": ({}, KeyAuth("Authorization", f"Bearer {SECRET}")),
    "header": ({"X-Relay-Secret": SECRET}, None),
}


@pytest.mark.parametrize(("headers", "auth"), AUTHS.values(), ids=AUTHS)
def test_a_trigger_of_onspring_delivers(
    receiver: RunningReceiver,
    onspring: RunningOnspring,
    database: Database,
    headers: dict[str, str],
    auth: BasicAuth | KeyAuth | None,
) -> None:
    url = f"{receiver.url}/webhooks/onspring/tasks"
    onspring.state.outcomes[1] = Outcome(1, TASKS, url, headers=headers, auth=auth)
    record_id = save_task(onspring, "A task")
    wait_until(lambda: stored(database) == [str(record_id)])
    (delivery,) = onspring.state.deliveries
    wait_until(lambda: delivery.status == 202)


def test_what_onspring_sends_again_is_a_delivery_more(
    receiver: RunningReceiver, onspring: RunningOnspring, database: Database
) -> None:
    url = f"{receiver.url}/webhooks/onspring/tasks"
    headers = {"X-Relay-Secret": SECRET}
    onspring.state.outcomes[1] = Outcome(1, TASKS, url, headers=headers)
    onspring.state.faults.deliveries.duplicate_share = 1.0
    record_id = save_task(onspring, "A task")
    wait_until(lambda: stored(database) == [str(record_id)] * 2)


def test_a_quote_in_a_field_breaks_the_body_and_the_trigger_sees_where(
    receiver: RunningReceiver, onspring: RunningOnspring, database: Database
) -> None:
    url = f"{receiver.url}/webhooks/onspring/tasks"
    body = '[{"Name":"{:Name}","RecordId":"{:RecordId}"}]'
    onspring.state.outcomes[1] = Outcome(1, TASKS, url, body=body, headers={"X-Relay-Secret": SECRET})
    save_task(onspring, 'He said "hi"')
    wait_until(lambda: [each.status for each in onspring.state.deliveries] == [400])
    assert stored(database) == []


def save_task(onspring: RunningOnspring, name: str) -> int:
    """Save a new record of Tasks over HTTP, as an editor would; gives its id."""
    field = next(each for each in onspring.state.fields_of(TASKS) if each.name == "Name")
    with httpx2.Client(base_url=onspring.url, trust_env=False, timeout=15) as http:
        answer = http.put(
            "/Records",
            headers={"x-apikey": onspring.key, "x-api-version": "2"},
            json={"appId": TASKS, "fields": {str(field.id): name}},
        )
    answer.raise_for_status()
    return int(answer.json()["id"])
