"""Handler kind `onspring.attach`: which files are copied where, and how an attempt ends."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.changes.types import Change, FieldDiff, Kind
from service.errors import RelayError
from service.handlers.builtin.onspring_attach import ONSPRING_ATTACH
from service.handlers.builtin.onspring_attachments import ids_marked, marked
from service.handlers.builtin.onspring_targets import NotInAppError
from service.handlers.kinds import HandlerDeps, OptionError
from service.handlers.outcomes import outcome_of
from service.handlers.types import Discarded, Done, Failed, Outcome
from service.testing import FakeOnspring
from tests.fixtures.changes import a_change
from tests.fixtures.fusioo_client import client_over, enveloped
from tests.fixtures.handling import context, settings

ACCOUNTS = {"main": "fusioo", "grc": "onspring"}
TASKS, NAME, FUSIOO_ID, FILES, IMAGES, STATUS = 195, 6983, 6996, 6989, 6990, 6986
FIELDS: dict[int, dict[int, Any]] = {
    TASKS: {
        NAME: "Name",
        FUSIOO_ID: "Fusioo Id",
        FILES: {"name": "Attachments", "type": "Attachment"},
        IMAGES: {"name": "Images", "type": "Image"},
        STATUS: {"name": "Status", "type": "List", "values": ["Open"]},
    }
}
OPTIONS: dict[str, Any] = {
    "account": "grc",
    "app": TASKS,
    "key": {FUSIOO_ID: "{{ record.id }}"},
    "field": "Attachments",
    "files": "{{ record.contracts }}",
}


class FusiooFiles:
    """Answers for the files that it holds, by id: name and content."""

    def __init__(self, **files: tuple[str, bytes]) -> None:
        self.files = files
        self.asked: list[str] = []
        self.sizes: dict[str, int] = {}
        """What is told of a size, where it is not that of the content."""

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path.removeprefix("/v3/files/")
        self.asked.append(path)
        file_id = path.rpartition("/")[2]
        if file_id not in self.files:
            return enveloped(code=30250, message="File not found")
        name, content = self.files[file_id]
        if path.startswith("download/"):
            return httpx2.Response(200, content=content, headers={"content-type": "application/pdf"})
        size = self.sizes.get(file_id, len(content))
        told = {"id": file_id, "name": name, "content_type": "application/pdf", "size": size}
        return enveloped({**told, "created_on": "2023-08-01T08:30:35"})


def an_onspring(**values: Any) -> FakeOnspring:
    held = {FUSIOO_ID: "i59adb"} | {int(key.removeprefix("f")): value for key, value in values.items()}
    return FakeOnspring({TASKS: {1: {FUSIOO_ID: "other"}, 16: held}}, fields=FIELDS)


def a_create(*file_ids: str, **different: Any) -> Change:
    record = {"id": "i59adb", "title": "Ünïcode", "contracts": list(file_ids)}
    return a_change(**({"kind": Kind.CREATE, "diff": None, "record": record} | different))


async def attempt(
    fusioo: FusiooFiles, onspring: FakeOnspring, of: Change, options: dict[str, Any] | None = None
) -> Outcome:
    """One attempt as it ends: what was raised is judged as always."""
    given_options = ONSPRING_ATTACH.options.model_validate(OPTIONS if options is None else options)
    built = ONSPRING_ATTACH.build(
        given_options, settings("onspring.attach"), HandlerDeps(Path(), accounts=ACCOUNTS)
    )
    at = context(
        of=of, fusioo=lambda *_: client_over(fusioo), onspring=lambda _, database: onspring.client(database)
    )
    try:
        return await built.call(of, at)
    except RelayError as error:
        return outcome_of(error, timeout=timedelta(seconds=1))


def attachments(onspring: FakeOnspring, field_id: int = FILES) -> list[tuple[str, str]]:
    held = onspring.records[TASKS][16].get(field_id, ())
    return [(each["fileName"], each["notes"]) for each in held]


async def test_all_files_of_a_record_are_copied_with_their_names() -> None:
    fusioo = FusiooFiles(if1=("Vertrag ü.pdf", b"one"), if2=("b.pdf", b"\r\n--two"))
    onspring = an_onspring()
    options = {**OPTIONS, "notes": "Of {{ record.title }}"}
    outcome = await attempt(fusioo, onspring, a_create("if1", "if2", "if1"), options)
    assert outcome == Done({"record": "16", "attached": ["if1", "if2"]})
    assert attachments(onspring) == [
        ("Vertrag ü.pdf", "Of Ünïcode [Fusioo if1]"),
        ("b.pdf", "Of Ünïcode [Fusioo if2]"),
    ]
    assert onspring.files == {1: b"one", 2: b"\r\n--two"}
    sent = [call.body for call in onspring.calls if call.path == "/Files"]
    assert [each["ModifiedDate"] for each in sent] == ["2023-08-01T08:30:35Z"] * 2


async def test_a_second_attempt_copies_what_the_first_did_not_reach() -> None:
    fusioo, onspring = FusiooFiles(if1=("a.pdf", b"1"), if2=("b.pdf", b"2")), an_onspring()
    await attempt(fusioo, onspring, a_create("if1"))
    fusioo.asked.clear()
    assert await attempt(fusioo, onspring, a_create("if1", "if2")) == Done(
        {"record": "16", "attached": ["if2"]}
    )
    assert fusioo.asked == ["if2", "download/if2"]
    assert [name for name, _ in attachments(onspring)] == ["a.pdf", "b.pdf"]


async def test_a_file_of_the_same_name_that_somebody_else_added_is_another_file() -> None:
    theirs = {"fileId": 9, "fileName": "a.pdf", "notes": "mine", "storageLocation": "Internal"}
    onspring = an_onspring(f6989=[theirs])
    outcome = await attempt(FusiooFiles(if1=("a.pdf", b"1")), onspring, a_create("if1"))
    assert outcome == Done({"record": "16", "attached": ["if1"]})
    assert len(attachments(onspring)) == 2


async def test_images_are_known_by_what_is_told_of_each() -> None:
    onspring = an_onspring(f6990=[7])
    onspring.answer("GET", f"/Files/recordId/16/fieldId/{IMAGES}/fileId/7", {"notes": "x [Fusioo if1]"})
    outcome = await attempt(
        FusiooFiles(if1=("a.png", b"1")), onspring, a_create("if1"), {**OPTIONS, "field": "Images"}
    )
    assert outcome == Done({"record": "16", "attached": []})


@pytest.mark.parametrize(
    ("diff", "only_added", "attached"),
    [
        ({"contracts": FieldDiff(["if1"], ["if1", "if2"])}, True, ["if2"]),
        ({"contracts": FieldDiff(None, ["if1", "if2"])}, True, ["if1", "if2"]),
        ({"contracts": FieldDiff({"?": 1}, ["if1", "if2"])}, True, ["if1", "if2"]),
        ({"title": FieldDiff("a", "Ünïcode")}, True, []),
        ({"title": FieldDiff("a", "Ünïcode")}, False, ["if1", "if2"]),
        (None, True, ["if1", "if2"]),
    ],
)
async def test_of_an_update_the_files_that_it_added(
    diff: dict[str, FieldDiff] | None, only_added: bool, attached: list[str]
) -> None:
    fusioo, onspring = FusiooFiles(if1=("a.pdf", b"1"), if2=("b.pdf", b"2")), an_onspring()
    change = a_create("if1", "if2", kind=Kind.UPDATE, diff=diff)
    outcome = await attempt(fusioo, onspring, change, {**OPTIONS, "only_added": only_added})
    assert isinstance(outcome, Done)
    assert outcome.detail is not None
    assert outcome.detail["attached"] == attached
    if not attached:
        assert onspring.calls == ()


async def test_a_template_that_reads_the_diff_says_itself_what_was_added() -> None:
    fusioo, onspring = FusiooFiles(if1=("a.pdf", b"1"), if2=("b.pdf", b"2")), an_onspring()
    diff = {"contracts": FieldDiff(["if1"], ["if2"])}
    change = a_create("if2", kind=Kind.UPDATE, diff=diff)
    outcome = await attempt(fusioo, onspring, change, {**OPTIONS, "files": "{{ diff.contracts.after }}"})
    assert outcome == Done({"record": "16", "attached": ["if2"]})


@pytest.mark.parametrize("files", [None, [], ""])
async def test_no_file_costs_no_call(files: Any) -> None:
    fusioo, onspring = FusiooFiles(), an_onspring()
    change = a_create(record={"id": "i59adb", "contracts": files})
    assert await attempt(fusioo, onspring, change) == Done({"attached": []})
    assert (fusioo.asked, onspring.calls) == ([], ())


async def test_what_is_larger_than_onspring_takes_is_reported_behind_the_others() -> None:
    fusioo = FusiooFiles(if1=("film.mp4", b"1"), if2=("b.pdf", b"2"))
    fusioo.sizes["if1"] = 61_000_000
    onspring = an_onspring()
    outcome = await attempt(fusioo, onspring, a_create("if1", "if2"))
    assert outcome == Discarded(
        "Onspring takes files of up to 50 MB, and not film.mp4 (61.0 MB); 1 others are there"
    )
    assert fusioo.asked == ["if1", "if2", "download/if2"], "it is not even fetched"
    assert [name for name, _ in attachments(onspring)] == ["b.pdf"]


async def test_what_onspring_itself_finds_too_large_is_reported_with_its_size() -> None:
    onspring = an_onspring()
    onspring.answer("POST", "/Files", "The file is too large.", status=413)
    outcome = await attempt(FusiooFiles(if1=("film.mp4", b"x" * 1_500_000)), onspring, a_create("if1"))
    assert outcome == Discarded(
        "Onspring takes files of up to 50 MB, and not film.mp4 (1.5 MB); 0 others are there"
    )


async def test_a_file_that_is_gone_holds_up_no_other() -> None:
    fusioo, onspring = FusiooFiles(if2=("b.pdf", b"2")), an_onspring()
    outcome = await attempt(fusioo, onspring, a_create("if1", "if2"))
    assert outcome == Done({"record": "16", "attached": ["if2"], "gone": ["if1"]})


async def test_a_failed_upload_is_tried_again_and_finds_what_is_there() -> None:
    fusioo, onspring = FusiooFiles(if1=("a.pdf", b"1")), an_onspring()
    onspring.answer("POST", "/Files", "busy", status=500)
    outcome = await attempt(fusioo, onspring, a_create("if1"))
    assert isinstance(outcome, Failed)
    assert not outcome.dead


@pytest.mark.parametrize(
    ("options", "outcome"),
    [
        (
            {"key": {FUSIOO_ID: "nobody"}},
            Failed('no record of app 195 has the key {"Fusioo Id": "nobody"} yet'),
        ),
        ({"key": {"Fusioo Id": "{{ record.id }}"}}, Done({"record": "16", "attached": ["if1"]})),
        (
            {"key": {FUSIOO_ID: ""}},
            Failed("RefusedError: `key.6996`: it gives nothing to look for, or several values", dead=True),
        ),
        ({"key": None, "record": "16"}, Done({"record": "16", "attached": ["if1"]})),
        ({"key": None, "record": "{{ record.title[:0] }}"}, Discarded("`record` gives nothing")),
        (
            {"key": None, "record": "{{ record.id }}"},
            Failed(
                "RefusedError: `record` gives 'i59adb'; the ids of Onspring's records are numbers",
                dead=True,
            ),
        ),
        (
            {"field": "Name"},
            Failed("RefusedError: field 'Name' of app 195 holds no files: its type is Text", dead=True),
        ),
        (
            {"field": "Attachmnets"},
            Failed(
                "NotInAppError: app 195 has no field of the id, or (one only) of the name 'Attachmnets'; "
                "did you mean `Attachments`?",
                dead=True,
            ),
        ),
        (
            {"files": "{{ record }}{{ record }}"},
            Failed("RefusedError: `files` is a text that is neither an id nor JSON", dead=True),
        ),
    ],
)
async def test_where_the_files_go(options: dict[str, Any], outcome: Outcome) -> None:
    fusioo, onspring = FusiooFiles(if1=("a.pdf", b"1")), an_onspring()
    assert await attempt(fusioo, onspring, a_create("if1"), {**OPTIONS, **options}) == outcome


async def test_several_records_of_one_key_are_refused() -> None:
    onspring = an_onspring()
    onspring.records[TASKS][17] = {FUSIOO_ID: "i59adb"}
    outcome = await attempt(FusiooFiles(if1=("a.pdf", b"1")), onspring, a_create("if1"))
    assert outcome == Failed(
        'RefusedError: several records of app 195 have the key {"Fusioo Id": "i59adb"}: 16, 17', dead=True
    )


async def test_a_field_that_is_newer_than_what_is_remembered_is_found() -> None:
    fusioo, onspring = FusiooFiles(if1=("a.pdf", b"1")), an_onspring()
    options = ONSPRING_ATTACH.options.model_validate({**OPTIONS, "field": "Contracts"})
    deps = HandlerDeps(Path(), accounts=ACCOUNTS)
    built = ONSPRING_ATTACH.build(options, settings("onspring.attach"), deps)
    change = a_create("if1")
    seen = context(
        of=change,
        fusioo=lambda *_: client_over(fusioo),
        onspring=lambda _, database: onspring.client(database),
    )
    for _ in range(2):
        with pytest.raises(NotInAppError):
            await built.call(change, seen)
    newer = {**FIELDS[TASKS], 7000: {"name": "Contracts", "type": "Attachment"}}
    onspring = FakeOnspring(onspring.records, fields={TASKS: newer})
    again = context(
        of=change,
        fusioo=lambda *_: client_over(fusioo),
        onspring=lambda _, database: onspring.client(database),
    )
    assert await built.call(change, again) == Done({"record": "16", "attached": ["if1"]})
    assert attachments(onspring, 7000) == [("a.pdf", "[Fusioo if1]")]


async def test_an_app_by_its_name() -> None:
    onspring = an_onspring()
    page = {"items": [{"id": TASKS, "name": "Tasks"}, {"id": 2, "name": "Users"}, {"id": 3, "name": "Users"}]}
    onspring.answer("GET", "/Apps", page)
    fusioo = FusiooFiles(if1=("a.pdf", b"1"))
    named = {**OPTIONS, "app": "Tasks"}
    assert await attempt(fusioo, onspring, a_create("if1"), named) == Done(
        {"record": "16", "attached": ["if1"]}
    )
    outcomes = [
        await attempt(fusioo, onspring, a_create("if1"), {**OPTIONS, "app": name})
        for name in ("Users", "Taks")
    ]
    assert outcomes == [
        Failed("RefusedError: 2 apps are called 'Users'; write the id of one: [2, 3]", dead=True),
        Failed("NotFoundError: the key sees no app 'Taks'; did you mean `Tasks`?", dead=True),
    ]


async def test_a_deleted_record_and_one_of_onspring_have_no_files_to_copy() -> None:
    fusioo, onspring = FusiooFiles(), an_onspring()
    gone = a_create("if1", kind=Kind.DELETE)
    assert await attempt(fusioo, onspring, gone) == Discarded("the record was deleted")
    theirs = a_create("if1", account="grc", provider="onspring")
    assert await attempt(fusioo, onspring, theirs) == Failed(
        "RefusedError: files come from Fusioo, and account grc is at onspring", dead=True
    )
    assert onspring.calls == ()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"account": "gcr"}, "there is no account `gcr`"),
        ({"account": "main"}, "the account `main` is one of fusioo, not of Onspring"),
        ({"record": "16"}, "write one of `record` and `key`"),
        ({"key": None}, "write one of `record` and `key`"),
        ({"files": "{{ record.contracts"}, "the template"),
    ],
)
def test_options_that_can_not_be_used(options: dict[str, Any], message: str) -> None:
    given_options = ONSPRING_ATTACH.options.model_validate({**OPTIONS, **options})
    with pytest.raises(OptionError, match=message):
        ONSPRING_ATTACH.build(
            given_options, settings("onspring.attach"), HandlerDeps(Path(), accounts=ACCOUNTS)
        )


def test_the_fields_that_it_reads_are_known() -> None:
    options = ONSPRING_ATTACH.options.model_validate({**OPTIONS, "notes": "{{ record.title }}"})
    built = ONSPRING_ATTACH.build(
        options, settings("onspring.attach"), HandlerDeps(Path(), accounts=ACCOUNTS)
    )
    assert built.fields == {"id", "contracts", "title"}


@given(st.text(), st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True))
def test_a_mark_is_found_behind_any_notes(notes: str, file_id: str) -> None:
    assert ids_marked([marked(notes, file_id), notes.replace("[", ""), None]) == {file_id}
