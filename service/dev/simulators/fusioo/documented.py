"""The company that the samples of Fusioo's API v3 page were taken from, as far as they agree with each other.

Every id on the page is there. Where samples contradict each other, or the page's own text:
* `GET /apps` lists no field of the other apps, nor `notes`, `status` and `approved`, which records show.
* The filter's records show `approved`; the same records show none elsewhere: `approved_shown`.
* User and webhook `i59adb` can be asked for, but stand in no list.
* Discussions come newest first in the sample, whose request names no order; the default is said to be `asc`.
* The record and discussion that the samples create have ids that others have already: see `coming_ids`.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from service.dev.simulators.contents import Content
from service.dev.simulators.fusioo.access import User
from service.dev.simulators.fusioo.conversations import Comment, Discussion
from service.dev.simulators.fusioo.example_apps import CLIENTS_ID, PEOPLE, TASKS_ID, clients_app, tasks_app
from service.dev.simulators.fusioo.files import StoredFile
from service.dev.simulators.fusioo.members import Member
from service.dev.simulators.fusioo.records import Record, Version
from service.dev.simulators.fusioo.schema import App, Field, FieldType
from service.dev.simulators.fusioo.state import FusiooState
from service.dev.simulators.fusioo.webhooks import Webhook

LISTED_APP = "id5dcd"
"""The app of the page's lists of records."""
FILES_APP = "i5hs4"
_NAMED_APPS = (LISTED_APP, "id5db", "id5dba", FILES_APP)
"""Apps that the page names without a schema."""
_RYAN, _PENELOPE, _CHRIS = "Ryan Smith", "Penelope Cruz", "Chris Mason"
_COUNT, _FITTING = 1205, 25
_BEFORE_THE_PAGE = 30
_SECRET = "d5cf019f"  # noqa: S105 (the page's)
_URL = "https://yourwebhookurl.com"


def documented_state(
    *,
    token: str,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    approved_shown: bool = False,
) -> FusiooState:
    """Make the company; `token` is the administrator's "Ryan Smith"."""
    state = FusiooState(clock=clock)
    state.users[token] = User(_RYAN, admin=True)
    state.apps = {app.id: app for app in _apps()}
    state.members = {member.id: member for member in _members()}
    approved = {"approved": True} if approved_shown else {}
    state.records.by_id = {record.id: record for record in _records(approved)}
    state.conversations.by_id = {discussion.id: discussion for discussion in _discussions()}
    state.files.by_id = {stored.id: stored for stored in _files(clock())}
    state.webhooks = {webhook.id: webhook for webhook in _webhooks()}
    return state


def _apps() -> Iterable[App]:
    yield clients_app()
    yield _tasks(TASKS_ID, "Tasks")
    for number, app_id in enumerate(_NAMED_APPS, start=2):
        yield _tasks(app_id, f"Tasks {number}")


def _tasks(app_id: str, name: str) -> App:
    shown = tasks_app()
    names = ("title", "notes", "priority", "due_date", "responsible", "status", "approved")
    fields = [field for field in shown.fields if field.id in names]
    if app_id == FILES_APP:
        fields.append(Field("files", "Files", FieldType.FILE, options={"allow_multiple": True}))
    return App(app_id, name, shown.single_record_name, fields)


def _members() -> Iterable[Member]:
    for member_id in ("i547e", "i59adb"):
        yield Member(member_id, "Ryan", "Smith", "ryan@fusioo.com")
    yield Member("ibe8e", "Penelope", "Cruz", "penelope@fusioo.com")


def _records(approved: dict[str, Any]) -> Iterable[Record]:
    yield _task("i5d3b0", "2023-09-19T20:09:34", _another_task() | approved, changed="2023-09-22T22:02:17")
    yield _task("i59adb", "2023-09-23T20:07:12", _start_using_the_api() | approved)
    for number in range(_BEFORE_THE_PAGE):
        before = {"title": f"A task before {number:02d}", "status": ["In progress"], "approved": True}
        yield _task(f"i1{number:04x}", "2023-09-01T00:00:00", before)
    for record_id in ("ia4f42", "id5dcd"):  # those with discussions
        yield _task(record_id, "2023-08-20T00:00:00", {"title": "Talked about"}, app_id=TASKS_ID)
    for number in range(_COUNT - 2):
        fitting = {"title": "Test record", "approved": True, "status": ["In progress"]}
        values = fitting if number < _FITTING else {"title": f"Task {number}", "status": ["To do"]}
        yield _task(f"i2{number:04x}", "2023-09-01T00:00:00", values, app_id=TASKS_ID)
    yield _task("i30000", "2023-08-01T08:30:00", {"title": "With a file", "files": ["ia4f42"]}, FILES_APP)
    acme = {"name": "Acme Foods", "website": "https://acme.example"}
    yield _task("i30001", "2023-08-01T08:30:00", acme, CLIENTS_ID)


def _task(
    record_id: str, made: str, values: dict[str, Any], app_id: str = LISTED_APP, *, changed: str = ""
) -> Record:
    modified = _moment(changed or made)
    version = Version(modified, values, modified, PEOPLE[0])
    return Record(record_id, app_id, _moment(made), PEOPLE[0], [version])


def _start_using_the_api() -> dict[str, Any]:
    notes = "Go through the Fusioo API documentation to get familiar with what can be achieved."
    return {
        "title": "Start using the API",
        "notes": notes,
        "priority": ["High"],
        "due_date": "2024-09-30",
        "responsible": ["Lauren Moss"],
        "status": ["In progress"],
    }


def _another_task() -> dict[str, Any]:
    return {
        "title": "Another Task",
        "notes": "Notes on this important Task.",
        "priority": ["Critical"],
        "due_date": "2024-09-24",
        "responsible": ["Charlotte Smith"],
        "status": ["In progress"],
    }


def _discussions() -> Iterable[Discussion]:
    one, another = "This is a comment on this discussion", "This is another comment on this discussion"
    first = Comment("i7543", one, [], _moment("2023-08-27T13:42:51"), _CHRIS)
    second = Comment("i50cb", another, [], _moment("2023-08-27T14:47:54"), _PENELOPE)
    content = "This is the content of the discussion"
    began = _moment("2023-08-25T14:43:52")
    yield Discussion("i59adb", "ia4f42", content, [], began, _CHRIS, [first, second])
    yield Discussion("ia4f42", "ia4f42", "The discussion of the sample comment", [], began, _RYAN)
    on = "id5dcd"
    yield Discussion("i5740", on, "The newest", [], _moment("2023-08-28T09:00:00"), _RYAN)
    yield Discussion("i5739", on, "Discussion content", [], _moment("2023-08-27T15:57:33"), "Matt Smith")
    yield Discussion("id69f", on, "Another discussion", [], _moment("2023-08-25T23:43:52"), _PENELOPE)


def _files(now: datetime) -> Iterable[StoredFile]:
    image = Content(bytes(1228))
    made = _moment("2023-08-01T08:30:35")
    yield StoredFile("ia4f42", "image.png", "image/png", image, made, _RYAN, "i30000", "files")
    for file_id in ("i2b614", "i59adb"):
        yield StoredFile(file_id, "notes.txt", "text/plain", Content(b"Temporary."), now, _RYAN)


def _webhooks() -> Iterable[Webhook]:
    yield Webhook("i08bd", _URL, _SECRET, "id5dba", on_update=True, on_delete=True)
    yield Webhook("i4314", _URL, _SECRET, FILES_APP, on_create=True, on_update=True)
    yield Webhook("i59adb", _URL, _SECRET, FILES_APP, on_create=True, on_update=True)


def _moment(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp).replace(tzinfo=UTC)
