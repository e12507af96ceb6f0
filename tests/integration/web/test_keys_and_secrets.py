"""Whose delivery it is: keys and secrets, what they cost, and registrations that come and go."""

import json
from dataclasses import replace
from datetime import timedelta

from service.web.lifespan import WebOptions
from tests.fixtures.database import Database
from tests.fixtures.receiver import (
    HEADER,
    SECRET,
    RunningReceiver,
    add_secret,
    register,
    running_receiver,
    stored,
)
from tests.fixtures.waiting import wait_until


def test_every_live_secret_opens_and_a_retired_one_does_not(
    database: Database, web_options: WebOptions
) -> None:
    registration = register(database, secrets=["first", "second", "third"], status="retiring")
    database.execute(
        "UPDATE registration_secrets SET retired_at = now() WHERE registration_id = %s AND id ="
        " (SELECT min(id) FROM registration_secrets)",
        [registration],
    )
    with running_receiver(web_options) as receiver:
        statuses = {
            secret: receiver.deliver({"id": "a"}, secret=secret).status_code
            for secret in ("first", "second", "third")
        }
    assert statuses == {"first": 401, "second": 202, "third": 202}


def test_an_account_may_have_its_own_header(database: Database, web_options: WebOptions) -> None:
    register(database)
    register(database, "other", account="other")
    with running_receiver(replace(web_options, secret_headers={"other": "X-Own"})) as receiver:
        assert receiver.deliver({"id": "a"}).status_code == 202
        assert receiver.deliver({"id": "a"}, key="other").status_code == 401
        answer = receiver.http.post("/webhooks/fusioo/other", headers={"x-own": SECRET}, json={"id": "a"})
        assert answer.status_code == 202


def test_an_account_may_keep_its_ids_elsewhere(database: Database, web_options: WebOptions) -> None:
    register(database)
    register(database, "other", account="other")
    body = {"event": "e-1", "rows": [{"key": "b"}, {"key": "a"}]}
    with running_receiver(replace(web_options, id_paths={"other": "rows[].key"})) as receiver:
        assert receiver.deliver(body).status_code == 422
        assert receiver.deliver(body, key="other").json() == {"accepted": 2}
        assert receiver.deliver({"id": "c"}, key="other").json() == {"accepted": 1}
    assert stored(database) == ["b", "a", "c"]


def test_a_deleted_registration_is_unknown_after_a_refresh(
    database: Database, web_options: WebOptions
) -> None:
    register(database)
    options = replace(web_options, refresh_every=timedelta(milliseconds=20))
    with running_receiver(options) as receiver:
        assert receiver.deliver({"id": "a"}).status_code == 202
        database.execute("UPDATE registrations SET status = 'deleted'")
        wait_until(lambda: receiver.deliver({"id": "a"}).status_code == 404)


def test_a_new_registration_is_known_at_once(receiver: RunningReceiver, database: Database) -> None:
    register(database, "new")
    assert receiver.deliver({"id": "a"}, key="new").status_code == 202


def test_a_key_without_its_secret_is_held_until_the_secret_is_there(
    receiver: RunningReceiver, database: Database, statements: list[str]
) -> None:
    registration = register(database, "new", secrets=[], status="creating")
    with receiver.open(f"{HEADER}: {SECRET}", "Content-Length: 10", key="new") as connection:
        connection.sendall(b'{"id":"a"}')
        wait_until(lambda: sum("registrations" in each for each in statements) >= 1)
        assert stored(database) == []
        add_secret(database, registration, SECRET)
        assert connection.recv(1000).startswith(b"HTTP/1.1 202 ")


def test_a_secret_that_does_not_come_is_503(database: Database, web_options: WebOptions) -> None:
    register(database, "new", secrets=[], status="creating")
    options = replace(web_options, key_wait=timedelta(milliseconds=200))
    with running_receiver(options) as receiver:
        answer = receiver.deliver({"id": "a"}, key="new")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1


def test_a_secret_that_our_key_does_not_open_is_our_fault_and_stops_no_other(
    database: Database, web_options: WebOptions
) -> None:
    register(database)
    foreign = register(database, "foreign", secrets=[])
    add_secret(database, foreign, SECRET, sealed_with="another key of thirty-two characters")
    with running_receiver(replace(web_options, key_wait=timedelta(milliseconds=200))) as receiver:
        assert receiver.deliver({"id": "a"}).status_code == 202
        assert receiver.deliver({"id": "a"}, key="foreign").status_code == 503


def test_wrong_secrets_cost_no_query(receiver: RunningReceiver, statements: list[str]) -> None:
    for _ in range(200):
        assert receiver.deliver({"id": "a"}, secret="wrong").status_code == 401
        assert receiver.deliver(b"no json").status_code == 400
    assert len([each for each in statements if "FROM registrations" not in each]) == 0
    assert receiver.deliver({"id": "a"}).status_code == 202
    assert any("INSERT INTO deliveries" in each for each in statements)


def test_unknown_keys_together_cost_at_most_one_query_a_second(
    database: Database, web_options: WebOptions, statements: list[str]
) -> None:
    register(database)
    with running_receiver(replace(web_options, refresh_every=timedelta(hours=1))) as receiver:
        before = len(statements)
        connections = [receiver.open("Content-Length: 0", key=f"unknown-{number}") for number in range(100)]
        for connection in connections:
            with connection:
                assert connection.recv(1000).startswith(b"HTTP/1.1 404 ")
        assert len([each for each in statements[before:] if "FROM registrations" in each]) <= 2
        assert len(statements) - before <= 4  # a pool's ping comes with a query


def test_a_wrong_or_missing_secret_is_401(receiver: RunningReceiver, database: Database) -> None:
    wrong = [None, "", "wrong", SECRET + " x", SECRET.upper(), SECRET[:-1]]
    assert [receiver.deliver({"id": "a"}, secret=secret).status_code for secret in wrong] == [401] * len(
        wrong
    )
    assert stored(database) == []


def test_the_secret_counts_in_its_header_only_and_once(receiver: RunningReceiver, database: Database) -> None:
    path, body = "/webhooks/fusioo/key", json.dumps({"id": "a", "secret": SECRET})
    elsewhere: list[list[tuple[str, str]]] = [
        [],
        [("X-Other", SECRET)],
        [("Authorization", f"Bearer {SECRET}")],
        [(HEADER, "wrong"), (HEADER, SECRET)],
        [(HEADER, SECRET), (HEADER, SECRET)],
    ]
    for headers in elsewhere:
        answer = receiver.http.post(path, params={"secret": SECRET}, content=body, headers=headers)
        assert answer.status_code == 401
    assert stored(database) == []


def test_an_unknown_key_is_404(receiver: RunningReceiver, database: Database) -> None:
    assert receiver.deliver({"id": "a"}, key="unknown").status_code == 404
    assert receiver.http.post("/webhooks/onspring/key", headers={HEADER: SECRET}).status_code == 404
    assert receiver.http.post("/webhooks/fusioo/", headers={HEADER: SECRET}).status_code == 404
    assert stored(database) == []
