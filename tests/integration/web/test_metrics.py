"""`GET /metrics` over HTTP: who may read it, and that Prometheus can."""

from collections.abc import Iterator
from dataclasses import replace

import httpx2
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text
from pydantic import SecretStr

from service.lifecycle import RunStatus
from service.web.lifespan import WebOptions
from tests.fixtures.database import Database
from tests.fixtures.probing import EXPECTED, store_healthy
from tests.fixtures.receiver import RunningReceiver, register, running_receiver
from tests.fixtures.rows import Rows

TOKEN = "the-admin-token"


@pytest.fixture
def measured(database: Database, web_options: WebOptions) -> Iterator[RunningReceiver]:
    store_healthy(database)
    options = replace(web_options, admin_token=SecretStr(TOKEN), expected=EXPECTED)
    with running_receiver(options) as running:
        yield running


def scrape(receiver: RunningReceiver, **headers: str) -> httpx2.Response:
    return receiver.http.get("/metrics", headers={"authorization": f"Bearer {TOKEN}", **headers})


def values(answer: httpx2.Response) -> dict[str, float]:
    """Every sample, by its name and the values of its labels."""
    found = {}
    for family in parse_text(answer.text):
        for sample in family.samples:
            labels = [value for label, value in sorted(sample.labels.items()) if label != "pid"]
            found[" ".join([sample.name, *labels])] = sample.value
    return found


def test_the_figures_of_the_relay(database: Database, measured: RunningReceiver) -> None:
    rows = Rows(database)
    rows.run(RunStatus.DEAD)
    rows.delivery(status="pending")
    answer = scrape(measured)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    found = values(answer)
    assert found["relay_postgres_up"] == found["relay_redis_up"] == 1
    assert found["relay_runs_dead"] == 1
    assert found["relay_deliveries_unfinished"] == 1
    assert found["relay_calls_limit main"] == 10
    assert found["relay_registrations_active main"] == 3
    assert found["relay_check_status runs warn"] == 1


def test_what_the_process_did_is_counted(database: Database, measured: RunningReceiver) -> None:
    register(database)
    assert measured.deliver([{"id": "a"}, {"id": "b"}]).status_code == 202
    assert measured.deliver({"id": "a"}, secret="wrong").status_code == 401
    assert measured.http.get("/nothing/at/all").status_code == 404
    found = values(scrape(measured))
    route = "/webhooks/{provider}/{key}"
    assert found[f"relay_http_requests_total {route} 202"] == 1
    assert found[f"relay_http_requests_total {route} 401"] == 1
    assert found["relay_http_requests_total none 404"] == 1
    assert found[f"relay_http_request_seconds_count {route}"] == 2
    assert found["relay_inbox_groups_committed_total"] == 1
    assert found["relay_inbox_rows_committed_total"] == 2
    assert found["relay_inbox_commit_seconds_count"] == 1


def test_openmetrics_is_spoken_to_those_who_ask(measured: RunningReceiver) -> None:
    answer = scrape(measured, accept="application/openmetrics-text; version=1.0.0")
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    parsed = parse_openmetrics(answer.text)  # type: ignore[no-untyped-call]  # it has no types
    names = {family.name for family in parsed}
    assert {"relay_runs_dead", "relay_http_requests"} <= names
    assert {name.partition("_")[0] for name in names} == {"relay"}


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}, {"authorization": TOKEN}])
def test_a_wrong_token_is_401(measured: RunningReceiver, headers: dict[str, str]) -> None:
    answer = measured.http.get("/metrics", headers=headers)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert "relay_" not in answer.text


@pytest.mark.parametrize("token", [None, SecretStr("")])
def test_without_a_token_there_is_no_such_page(web_options: WebOptions, token: SecretStr | None) -> None:
    with running_receiver(replace(web_options, admin_token=token)) as receiver:
        for value in (f"Bearer {TOKEN}", "Bearer", "Bearer None"):
            answer = receiver.http.get("/metrics", headers={"authorization": value})
            assert (answer.status_code, answer.json()) == (404, {"error": "Not Found"})
