"""`/api/v1` over HTTP: every operation answers as the document says, and only to those who may ask."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx2
import pytest
from pydantic import SecretStr

from service.web.api.document import PREFIX
from service.web.api.operations import Operation
from service.web.api.table import OPERATIONS
from tests.fixtures.database import Database
from tests.fixtures.json_schema import closed, complaints
from tests.fixtures.one_of_each import SECRET_VALUE, ids_of, store_one_of_each
from tests.fixtures.probing import EXPECTED
from tests.fixtures.receiver import SECRET_KEY, RunningReceiver, options_for, running_receiver

TOKEN = "the-admin-token"
ADMITTED = {"Authorization": f"Bearer {TOKEN}"}
PATHS = [PREFIX + operation.path for operation in OPERATIONS] + [f"{PREFIX}/openapi.json"]


@pytest.fixture(scope="module")
def things(module_database: Database) -> Database:
    store_one_of_each(module_database)
    return module_database


@pytest.fixture(scope="module")
def api(things: Database, module_redis_url: str) -> Iterator[RunningReceiver]:
    expected = replace(EXPECTED, rates={"ops": "10/s"})
    options = options_for(things.url, module_redis_url, admin_token=SecretStr(TOKEN), expected=expected)
    with running_receiver(options) as running:
        yield running


@pytest.fixture(scope="module")
def document(api: RunningReceiver) -> dict[str, Any]:
    answer = ask(api, "/openapi.json")
    assert answer.status_code == 200
    described: dict[str, Any] = answer.json()
    return described


def ask(api: RunningReceiver, path: str, **parameters: Any) -> httpx2.Response:
    return api.http.get(PREFIX + path, headers=ADMITTED, params=parameters)


def items(api: RunningReceiver, path: str, **parameters: Any) -> list[Any]:
    answer = ask(api, path, **parameters)
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json()["items"]
    return found


def problem(answer: httpx2.Response, status: int) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert (answer.status_code, told["status"], told["type"]) == (status, status, "about:blank")
    return told


def whole_path(path: str, ids: Any) -> str:
    """The path with the id of a thing that is there."""
    table = path.removeprefix(PREFIX).split("/")[1]
    return path.replace("{id}", ids.get(table, ""))


def named(operation: Operation) -> str:
    return operation.name


@pytest.mark.parametrize("operation", OPERATIONS, ids=named)
def test_an_answer_is_as_the_document_says(
    api: RunningReceiver, things: Database, document: dict[str, Any], operation: Operation
) -> None:
    described = document["paths"][PREFIX + operation.path]["get"]
    answer = ask(api, whole_path(operation.path, ids_of(things)))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.headers["cache-control"] == "no-store"
    schema = described["responses"]["200"]["content"]["application/json"]["schema"]
    assert list(complaints(answer.json(), closed(schema), closed(document))) == []
    if operation.is_listing:
        assert answer.json()["items"], "there is one of each"


def test_changes_of_a_rule_are_as_the_document_says_too(
    api: RunningReceiver, document: dict[str, Any]
) -> None:
    schema = closed(document["components"]["schemas"]["JudgedChange"])
    missed = items(api, "/changes", rule="third", missed="true")
    matched = items(api, "/changes", rule="all")
    assert len(matched) == len(missed) == 6
    for each in (*missed, *matched):
        assert list(complaints(each, schema, closed(document))) == []
    assert {each["decided_by"] for each in matched} == {None}
    assert {each["decided_by"] for each in missed} == {"kind"}


def test_what_there_is_most_to_tell_of_is_told(api: RunningReceiver, things: Database) -> None:
    ids = ids_of(things)
    explanation = ask(api, f"/changes/{ids['changes']}/explanation").json()
    assert {each["rule"] for each in explanation["rules"]} == {"all", "second", "third"}
    assert any(each["inner"] for rule in explanation["rules"] for each in rule["clauses"])
    assert explanation["fetch"]["call"]["status"] == 200
    assert {run["links"]["gaps"]["client"][0] for run in explanation["runs"]} == {"gone"}
    run = ask(api, f"/runs/{ids['runs']}").json()
    assert [each["outcome"] for each in run["tries"]] == ["failed"] * 3
    assert "503" in run["error"]
    odd = items(api, "/deliveries", status="dead")[0]
    assert ask(api, f"/deliveries/{odd['id']}").json()["body"] == '{"id": "odd", "byte": "\ufffd\x00"}'


def test_handlers_say_whether_their_runs_begin(api: RunningReceiver) -> None:
    found = {each["name"]: each for each in items(api, "/handlers")}
    assert {name: (each["configured"], each["mode"]) for name, each in found.items()} == {
        "ops": (True, "paused"),
        "left": (False, "failing"),
    }
    assert (found["ops"]["rate"], found["ops"]["paused_because"]) == ("10/s", "they move house")
    assert found["left"]["failures_in_row"] == 10
    assert found["left"]["rate"] is None


def test_a_budget_says_what_the_doctor_says(api: RunningReceiver) -> None:
    (found,) = items(api, "/budget")
    assert found["message"].startswith(f"{found['usage']['used']} of 10 used")
    assert found["usage"]["lanes"]["settle"] > 0


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}])
def test_without_the_token_nothing_is_told(
    api: RunningReceiver, path: str, method: str, headers: dict[str, str]
) -> None:
    answer = api.http.request(method, path, headers=headers)
    assert "Authorization: Bearer" in problem(answer, 401)["detail"]
    assert answer.headers["www-authenticate"] == "Bearer"


def test_without_a_token_set_there_is_no_api(things: Database, module_redis_url: str) -> None:
    with running_receiver(options_for(things.url, module_redis_url)) as receiver:
        for path in PATHS:
            for headers in ({}, ADMITTED, {"Authorization": "Bearer"}, {"Authorization": "Bearer None"}):
                problem(receiver.http.get(path, headers=headers), 404)
            problem(receiver.http.post(path), 404)


@pytest.mark.parametrize("path", PATHS)
def test_it_only_reads(api: RunningReceiver, things: Database, path: str) -> None:
    path = whole_path(path, ids_of(things))
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = api.http.request(method, path, headers=ADMITTED)
        assert "only reads" in problem(answer, 405)["detail"]
        assert answer.headers["allow"] == "GET, HEAD"
    head = api.http.head(path, headers=ADMITTED)
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize(
    "path", ["/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v2/runs", "/api/v1/runs/a/b"]
)
def test_an_unknown_path_is_a_problem_too(api: RunningReceiver, path: str) -> None:
    problem(api.http.get(path, headers=ADMITTED), 404)


@pytest.mark.parametrize(
    "path",
    [
        f"/changes/{UUID(int=0)}",
        f"/changes/{UUID(int=0)}/explanation",
        f"/runs/{UUID(int=0)}",
        "/deliveries/999999999",
    ],
)
def test_what_is_not_there_is_404(api: RunningReceiver, path: str) -> None:
    assert "there is no" in problem(ask(api, path), 404)["detail"]


def test_an_unknown_app_is_404(api: RunningReceiver) -> None:
    assert "no app Nothing is known" in problem(ask(api, "/runs", app="Nothing"), 404)["detail"]


@pytest.mark.parametrize(
    ("path", "parameter", "value", "reason"),
    [
        ("/runs", "limit", "0", "greater than or equal to 1"),
        ("/runs", "limit", "201", "less than or equal to 200"),
        ("/runs", "limit", "many", "integer"),
        ("/runs", "status", "broken", "pending_links"),
        ("/runs", "change", "7", "UUID"),
        ("/runs", "since", "last week", "like 7d"),
        ("/runs", "until", "999999d", "a hundred years"),
        ("/runs", "stauts", "dead", "did you mean status?"),
        ("/runs", "handler", "", "at least 1 character"),
        ("/runs", "record", "a\x00b", "pattern"),
        ("/runs", "cursor", "%%%", "`next`"),
        ("/runs", "cursor", "bm9uZQ", "`next`"),
        ("/deliveries", "cursor", "WyJ4Il0", "integer"),
        ("/changes", "missed", "true", "name the rule"),
        ("/changes", "kind", "edit", "create"),
        ("/handlers", "limit", "5", "there is none"),
        ("/openapi.json", "limit", "5", "there is none"),
        ("/runs/7", "id", None, "UUID"),
        ("/deliveries/x", "id", None, "integer"),
        ("/deliveries/99999999999999999999", "id", None, "less than or equal"),
    ],
)
def test_a_wrong_parameter_is_named(
    api: RunningReceiver, path: str, parameter: str, value: str | None, reason: str
) -> None:
    told = problem(ask(api, path, **({} if value is None else {parameter: value})), 400)
    assert told["parameter"] == parameter
    assert told["detail"].startswith(f"{parameter}: ")
    assert reason in told["detail"]


def test_a_parameter_that_is_given_twice_is_wrong(api: RunningReceiver) -> None:
    answer = api.http.get(f"{PREFIX}/runs?limit=5&limit=6", headers=ADMITTED)
    assert problem(answer, 400)["detail"] == "limit: is given twice"


@pytest.mark.parametrize("limit", [1, 2, 5])
@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/deliveries", {}),
        ("/deliveries", {"status": "settled"}),
        ("/changes", {}),
        ("/changes", {"rule": "all"}),
        ("/runs", {}),
        ("/runs", {"handler": "failing"}),
        ("/registrations", {}),
        ("/alarms", {}),
        ("/alarms", {"all": "true"}),
    ],
)
def test_pages_together_are_the_whole(
    api: RunningReceiver, path: str, parameters: dict[str, str], limit: int
) -> None:
    whole = items(api, path, limit=200, **parameters)
    assert len(whole) > 1
    found: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        page = ask(api, path, limit=limit, **cursor, **parameters).json()
        assert 1 <= len(page["items"]) <= limit
        found += page["items"]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert found == whole


def test_a_page_is_not_moved_by_what_comes_in(api: RunningReceiver, things: Database) -> None:
    first = ask(api, "/deliveries", limit=2).json()
    rest = ask(api, "/deliveries", cursor=first["next"]).json()
    ((new,),) = things.execute(
        "INSERT INTO deliveries (registration_id, account, app_id, record_id, request_id)"
        " VALUES (gen_random_uuid(), 'main', 'ia4f42', 'new', gen_random_uuid()) RETURNING id"
    )
    try:
        assert ask(api, "/deliveries", cursor=first["next"]).json() == rest
        assert items(api, "/deliveries", limit=1)[0]["id"] == new
    finally:
        things.execute("DELETE FROM deliveries WHERE id = %s", [new])


def test_no_answer_holds_a_secret(api: RunningReceiver, things: Database) -> None:
    for path in PATHS:
        answer = api.http.get(whole_path(path, ids_of(things)), headers=ADMITTED)
        assert answer.status_code == 200
        for secret in (SECRET_VALUE, SECRET_KEY, TOKEN):
            assert secret not in answer.text


def test_without_a_configuration_its_figures_are_not_known(things: Database, module_redis_url: str) -> None:
    options = options_for(things.url, module_redis_url, admin_token=SecretStr(TOKEN))
    with running_receiver(options) as receiver:
        told = problem(ask(receiver, "/budget"), 503)
        assert "relay rules check" in told["detail"]
        assert {each["configured"] for each in items(receiver, "/handlers")} == {None}


def test_without_postgres_it_says_when_to_ask_again(module_redis_url: str) -> None:
    away = "postgresql://relay@127.0.0.1:1/relay"
    options = options_for(away, module_redis_url, admin_token=SecretStr(TOKEN))
    with running_receiver(options) as receiver:
        answer = ask(receiver, "/runs")
        told = problem(answer, 503)
        assert "127.0.0.1" not in told["detail"]
        assert int(answer.headers["retry-after"]) > 0


def test_the_document_is_whole(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    operations = {path: described["get"] for path, described in document["paths"].items()}
    assert len({each["operationId"] for each in operations.values()}) == len(operations) == len(OPERATIONS)
    for path, operation in operations.items():
        parameters = operation.get("parameters", [])
        in_path = {each["name"] for each in parameters if each["in"] == "path"}
        assert in_path == ({"id"} if "{id}" in path else set())
        assert all(each["description"].endswith(".") for each in parameters)
        assert set(operation["responses"]) == {"200", "400", "401", "404", "503"}
    for reference in _references(document):
        place: Any = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        value = list(value.values())
    for each in value if isinstance(value, list) else ():
        yield from _references(each)
