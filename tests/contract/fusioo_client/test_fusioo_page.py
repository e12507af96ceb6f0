"""The vendor's page against our table of endpoints: paths, codes and sample answers, copied from the page."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from service.fusioo import endpoints
from service.fusioo.client import FusiooClient
from service.fusioo.endpoints import Endpoint
from tests.fixtures.fusioo_client import Recorder, client_over

SAMPLES = Path(__file__).parent / "samples"

LISTING = {30000, 30001, 30100, 30101, 30102, 30103, 30104, 30105}
FILE = {30000, 30001, 30250, 30256}
ON_THE_PAGE: dict[str, tuple[str, set[int]]] = {
    "PING": ("GET /ping", set()),
    "COUNT_RECORDS": ("GET /records/apps/{app}/count", {30000, 30001}),
    "COUNT_FILTERED_RECORDS": ("POST /records/apps/{app}/count/filter", {30000, 30001}),
    "CREATE_RECORD": ("POST /records/apps/{app}", {30000, 30001, 30002, 30050, 30054}),
    "GET_RECORD": ("GET /records/{record}", {30001, 30051, 30052}),
    "LIST_RECORDS": ("GET /records/apps/{app}", LISTING),
    "FILTER_RECORDS": ("POST /records/apps/{app}/filter", LISTING),
    "RECORDS_BY_IDS": ("POST /records/apps/{app}/filter", LISTING),
    "UPDATE_RECORD": ("PATCH /records/{record}", {30001, 30003, 30050, 30051, 30052}),
    "DELETE_RECORD": ("DELETE /records/{record}", {30001, 30004, 30051, 30052}),
    "GET_DELETED_RECORD": ("GET /trash/records/{record}", {30051}),
    "CREATE_DISCUSSION": ("POST /discussions/records/{record}", {30001, 30051, 30057, 30058}),
    "LIST_DISCUSSIONS": ("GET /discussions/records/{record}", {30001, 30051, 30103, 30104, 30105}),
    "GET_DISCUSSION": ("GET /discussions/{discussion}", {30001, 30056}),
    "DELETE_DISCUSSION": ("DELETE /discussions/{discussion}", {30001, 30056}),
    "CREATE_COMMENT": ("POST /comments/discussions/{discussion}", {30001, 30056, 30057, 30058}),
    "LIST_USERS": ("GET /users", set()),
    "GET_USER": ("GET /users/{user}", {30105}),
    "GET_FILE": ("GET /files/{file}", FILE),
    "DOWNLOAD_FILE": ("GET /files/download/{file}", FILE),
    "CREATE_FILE": ("POST /files", {30251, 30252, 30253, 30254}),
    "DELETE_FILE": ("DELETE /files/{file}", FILE | {30003, 30051}),
    "LIST_APPS": ("GET /apps", set()),
    "GET_APP": ("GET /apps/{app}", {30000, 30001}),
    "LIST_WEBHOOKS": ("GET /webhooks", set()),
    "GET_WEBHOOK": ("GET /webhooks/{webhook}", {30200}),
    "CREATE_WEBHOOK": ("POST /webhooks", set()),
    "UPDATE_WEBHOOK": ("PATCH /webhooks/{webhook}", {30200}),
    "DELETE_WEBHOOK": ("DELETE /webhooks/{webhook}", {30200}),
}
FLAGS = {"on_create": True, "on_update": False, "on_delete": False}


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text())


def client_answering(name: str) -> FusiooClient:
    return client_over(Recorder(httpx2.Response(200, content=(SAMPLES / f"{name}.json").read_bytes())))


def test_the_table_has_the_paths_and_codes_of_the_page() -> None:
    table = {
        name: (endpoint.label, {error.code for error in endpoint.errors})
        for name, endpoint in vars(endpoints).items()
        if isinstance(endpoint, Endpoint)
    }
    assert table == ON_THE_PAGE


def test_only_a_ping_is_free() -> None:
    every = [endpoint for endpoint in vars(endpoints).values() if isinstance(endpoint, Endpoint)]
    assert [endpoint.label for endpoint in every if not endpoint.metered] == ["GET /ping"]


@pytest.mark.parametrize(
    ("name", "doing"),
    [
        ("get_record", lambda client: client.records.get("i59adb")),
        ("list_records", lambda client: client.records.list("id5dcd", sort_by="title", offset=30, limit=100)),
        ("filter_records", lambda client: client.records.filter("id5dcd", {"approved": {"equal": True}})),
        ("filter_records", lambda client: client.records.by_ids("id5dcd", ["i5d3b0", "i59adb"])),
        ("create_record", lambda client: client.records.create("ia4f42", {"title": "Start using the API"})),
        ("update_record", lambda client: client.records.update("i59adb", {"status": ["Done"]})),
    ],
)
async def test_records_come_as_the_page_shows_them(
    name: str, doing: Callable[[FusiooClient], Awaitable[Any]]
) -> None:
    async with client_answering(name) as client:
        assert await doing(client) == sample(name)["data"]


async def test_counts_come_as_the_page_shows_them() -> None:
    async with client_answering("count_records") as client:
        assert await client.records.count("ia4f42") == 1205
    async with client_answering("count_filtered_records") as client:
        assert await client.records.count("ia4f42", {"approved": {"equal": True}}) == 25


@pytest.mark.parametrize(
    ("name", "doing"),
    [
        ("ping", lambda client: client.ping()),
        ("delete_record", lambda client: client.records.delete("i59adb")),
        ("delete_webhook", lambda client: client.webhooks.delete("i59adb")),
    ],
)
async def test_what_gives_nothing_is_accepted(
    name: str, doing: Callable[[FusiooClient], Awaitable[None]]
) -> None:
    async with client_answering(name) as client:
        await doing(client)


async def test_apps_lose_nothing_of_the_page() -> None:
    async with client_answering("list_apps") as client:
        apps = await client.apps.list()
    assert [app.model_dump(mode="json") for app in apps] == sample("list_apps")["data"]
    async with client_answering("get_app") as client:
        tasks = await client.apps.get("ia4f42")
    assert tasks == apps[1]
    assert [(field.id, field.type, field.is_required) for field in tasks.fields][:2] == [
        ("title", "text", True),
        ("priority", "list", False),
    ]
    assert tasks.fields[1].options["items"] == ["Low", "Normal", "High", "Critical"]


@pytest.mark.parametrize(
    ("name", "doing"),
    [
        ("get_webhook", lambda client: client.webhooks.get("i59adb")),
        ("create_webhook", lambda client: client.webhooks.create(url="https://u.test", app_id="ia", **FLAGS)),
        ("update_webhook", lambda client: client.webhooks.update("i59adb", on_create=True)),
    ],
)
async def test_webhooks_lose_nothing_of_the_page(
    name: str, doing: Callable[[FusiooClient], Awaitable[Any]]
) -> None:
    async with client_answering(name) as client:
        webhook = await doing(client)
    shown = webhook.model_dump() | {"secret": webhook.secret.get_secret_value()}
    assert shown == sample(name)["data"]


async def test_two_webhooks_of_the_page_share_a_secret() -> None:
    async with client_answering("list_webhooks") as client:
        webhooks = await client.webhooks.list()
    assert [webhook.id for webhook in webhooks] == ["i08bd", "i4314"]
    assert len({webhook.secret.get_secret_value() for webhook in webhooks}) == 1
