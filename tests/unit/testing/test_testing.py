"""What tests of users' handlers are written with: it behaves as the relay does."""

from typing import Any

import pytest

from service.changes.types import FieldDiff, Kind, Origin
from service.errors import NotFoundError, RefusedError
from service.fusioo.errors import RecordNotFoundError, ValidationFailedError
from service.handlers import Alarm, AlarmContext, Change, Context, Discard, alarm_handler, handler
from service.handlers.payload import build_payload, encode_payload
from service.handlers.template_values import values_of
from service.testing import (
    FakeFusioo,
    FusiooCall,
    RecordingDatabase,
    Statement,
    make_alarm,
    make_alarm_context,
    make_change,
    make_context,
)


def test_a_change_is_a_create_until_it_says_what_was_before() -> None:
    change = make_change({"title": "Bolts"})
    assert (change.kind, change.version, change.diff) == (Kind.CREATE, 1, None)
    assert change.record == {"id": "i59adb", "title": "Bolts"}


def test_what_was_before_makes_an_update_with_a_diff() -> None:
    change = make_change({"id": "i1", "status": ["Done"]}, before={"status": ["Open"], "note": "x"})
    assert (change.kind, change.record_id) == (Kind.UPDATE, "i1")
    assert change.diff == {"status": FieldDiff(["Open"], ["Done"]), "note": FieldDiff("x", None)}


def test_a_delete_has_the_last_known_record_or_none() -> None:
    assert make_change({"title": "Bolts"}, kind="delete").kind is Kind.DELETE
    gone = make_change(None, kind="delete", record_id="i7", origin="reconcile")
    assert (gone.record, gone.record_id, gone.origin) == (None, "i7", Origin.RECONCILE)


@pytest.mark.parametrize("kind", ["create", "delete", "vanish"])
def test_what_can_not_be_is_refused(kind: str) -> None:
    with pytest.raises(ValueError, match=r"Kind|diff"):
        make_change({"a": 1}, before={"a": 0}, kind=kind)


def test_it_is_fit_for_bodies_and_templates() -> None:
    change = make_change({"a": 1}, before={"a": None}, linked={"client": [{"id": "c1"}]})
    assert encode_payload(build_payload(change, make_context(change)))
    assert values_of(change)["linked"] == {"client": [{"id": "c1"}]}


@handler
async def assign(change: Change, ctx: Context) -> None:
    """A handler as users write them: it looks, it writes, it keeps."""
    client = await ctx.fusioo("main").records.get((change.record or {})["client"][0])
    if not client.get("owner"):
        raise Discard("the client has no owner")
    await ctx.fusioo("main").records.update(change.record_id, {"responsible": client["owner"]})
    await ctx.db.execute("INSERT INTO assigned VALUES (:record)", {"record": change.record_id})


async def test_a_handler_is_tried_without_network_and_database() -> None:
    fusioo, database = FakeFusioo({"c1": {"owner": ["Lauren Moss"]}}), RecordingDatabase()
    change = make_change({"client": ["c1"]})
    await assign(change, make_context(change, fusioo={"main": fusioo}, database=database))
    assert fusioo.calls == (
        FusiooCall("GET", "/records/c1"),
        FusiooCall("PATCH", "/records/i59adb", {"responsible": ["Lauren Moss"]}),
    )
    assert database.statements == (Statement("INSERT INTO assigned VALUES (:record)", {"record": "i59adb"}),)


async def test_what_it_raises_is_the_tests_to_see() -> None:
    change = make_change({"client": ["c1"]})
    with pytest.raises(Discard, match="no owner"):
        await assign(change, make_context(change, fusioo={"main": FakeFusioo({"c1": {}})}))


async def test_an_unknown_record_and_an_error_come_as_fusioos_own() -> None:
    change = make_change({"client": ["c2"]})
    fusioo = FakeFusioo({"c1": {}})
    with pytest.raises(RecordNotFoundError):
        await assign(change, make_context(change, fusioo={"main": fusioo}))
    fusioo.answer("PATCH", "/records/i59adb", code=30050)
    client = make_context(change, fusioo={"main": fusioo}).fusioo("main")
    with pytest.raises(ValidationFailedError):
        await client.records.update("i59adb", {"a": 1})
    fusioo.answer("GET", "/records/a b/c", {"id": "a b/c"})
    assert await client.records.get("a b/c") == {"id": "a b/c"}


async def test_what_fusioo_is_asked_beyond_records_needs_an_answer() -> None:
    fusioo = FakeFusioo()
    client = make_context(make_change(None), fusioo={"main": fusioo}).fusioo("main")
    with pytest.raises(AssertionError, match=r"answer\('GET', '/records/apps/a/count', \.\.\.\)"):
        await client.records.count("a")
    fusioo.answer("GET", "/records/apps/a/count", {"count": 3})
    assert await client.records.count("a") == 3
    assert (await client.discussions.create("i1", "hello")).id == "new-1"


def test_an_account_that_was_not_given_is_not_there() -> None:
    context = make_context(make_change(None))
    with pytest.raises(NotFoundError, match="there is no account other"):
        context.fusioo("other")


async def test_the_order_of_calls_and_statements_is_watched_as_in_the_relay() -> None:
    context = make_context(make_change(None), fusioo={"main": FakeFusioo({"c1": {}})})
    await context.db.execute("SELECT 1")
    with pytest.raises(RefusedError, match=r"while ctx\.db is open"):
        await context.fusioo("main").records.get("c1")
    with pytest.raises(RefusedError, match=r"while ctx\.db is open"):
        await context.fusioo("main").ping()  # which costs no call


async def test_rows_come_as_the_test_says() -> None:
    database = RecordingDatabase()
    database.answer({"id": 1, "name": "a"}, {"id": 2, "name": "b"})
    database.answer(rowcount=3)
    context = make_context(make_change(None), database=database)
    assert [(row.id, row.name) for row in await context.db.fetch("SELECT id, name FROM t")] == [
        (1, "a"),
        (2, "b"),
    ]
    assert (await context.db.execute("UPDATE t SET x = 1")).rowcount == 3
    assert list(await context.db.fetch("SELECT 1")) == []


async def test_alarms_too() -> None:
    told: list[Any] = []

    @alarm_handler
    async def page(alarm: Alarm, ctx: AlarmContext) -> None:
        told.append((alarm.name, alarm.is_over, ctx.idempotency_key))

    await page(make_alarm("app_halted"), make_alarm_context())
    await page(make_alarm(cleared_at=make_alarm().since), make_alarm_context())
    assert [(name, over) for name, over, _ in told] == [("app_halted", False), ("app_halted", True)]
