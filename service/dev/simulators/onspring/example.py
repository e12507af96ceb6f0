"""What `relay simulate onspring` starts with: the Tasks of Onspring's page, its Users and Groups."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from service.dev.simulators.onspring.access import ApiKey
from service.dev.simulators.onspring.schema import App, AppField, ListValue, Report
from service.dev.simulators.onspring.settings import OnspringSettings
from service.dev.simulators.onspring.state import OnspringState

USERS, GROUPS, TASKS = 2, 3, 195
NAME, DESCRIPTION, DUE_DATE, STATUS, OWNER, ATTACHMENTS, IMAGES = 6983, 6984, 6985, 6986, 6987, 6989, 6990
RECORD_ID, CREATED, MODIFIED, CREATED_BY, MODIFIED_BY = 6976, 6977, 6978, 6980, 6981
TAGS, ESTIMATE, REMINDER, SUMMARY, WATCHERS, FUSIOO_ID = 6991, 6992, 6993, 6994, 6995, 6996
USERNAME, EMAIL, GROUP_USERS = 36, 33, 21
STATUSES, TAG_VALUES = 906, 907
IN_PROGRESS, COMPLETE, NOT_STARTED = (
    "4118d53a-9121-4345-8682-07f23d606daa",
    "1c1c5f7e-cd03-4b70-9790-0f83b24b5863",
    "42493542-f77c-4298-91a0-18455ba0c764",
)
URGENT, AUDIT = "71afe161-34f9-49d0-b45e-968b764c884c", "d40a74dd-abb5-4fbb-82c0-5766e871e2a4"

_PEOPLE = ("TestUser", "Severus", "Lauren Moss", "John Doe")
_TASKS = (
    ("Test Task 1", "<p>This is a test!</p>", IN_PROGRESS, [URGENT]),
    ("Review the vendor's contract", "<p>Terms &amp; prices</p>", NOT_STARTED, [AUDIT, URGENT]),
    ("Close the finding", "", COMPLETE, [AUDIT]),
)


def example_state(
    *,
    key: str,
    seed: int = 0,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    settings: OnspringSettings | None = None,
    with_records: bool = True,
) -> OnspringState:
    """Make an instance with three apps and one key, an administrator's. The same seed gives the same ids."""
    state = OnspringState(seed=seed, clock=clock, settings=settings)
    state.keys[key] = ApiKey("administrator", admin=True)
    state.apps = {app.id: app for app in (App(USERS, "Users"), App(GROUPS, "Groups"), App(TASKS, "Tasks"))}
    state.lists = {STATUSES: _statuses(), TAG_VALUES: _tags()}
    state.fields = {field.id: field for field in (*_people_fields(), *_system_fields(), *_task_fields())}
    columns = [NAME, OWNER, DUE_DATE, STATUS, DESCRIPTION]
    state.reports[613] = Report(613, TASKS, "Test 1", columns, chart_field_id=STATUS)
    if with_records:
        _add_records(state)
    return state


def _statuses() -> list[ListValue]:
    return [
        ListValue(IN_PROGRESS, "In Progress", 1, 1.0, "#db3e3e"),
        ListValue(COMPLETE, "Complete", 2, 2.0, "#ffffff"),
        ListValue(NOT_STARTED, "Not Started", 3, 0.0, "#ffffff"),
    ]


def _tags() -> list[ListValue]:
    return [
        ListValue(URGENT, "Urgent", 1, 1.0, "#008e8e"),
        ListValue(AUDIT, "Audit", 2, 2.0, "#a186be"),
    ]


def _people_fields() -> list[AppField]:
    return [
        AppField(USERNAME, USERS, "Username", is_required=True, is_unique=True),
        AppField(EMAIL, USERS, "Email Address"),
        AppField(
            GROUP_USERS, GROUPS, "Users", "Reference", multiplicity="MultiSelect", referenced_app_id=USERS
        ),
        AppField(22, GROUPS, "Name", is_required=True),
    ]


def _system_fields() -> list[AppField]:
    return [
        AppField(
            RECORD_ID, TASKS, "Record Id", "AutoNumber", start=2, display="recordId-#", role="record_id"
        ),
        AppField(CREATED, TASKS, "Created Date", "Date", role="created"),
        AppField(MODIFIED, TASKS, "Last Modified Date", "Date", role="modified"),
        AppField(CREATED_BY, TASKS, "Created By", "Reference", referenced_app_id=USERS, role="created_by"),
        AppField(
            MODIFIED_BY, TASKS, "Last Modified By", "Reference", referenced_app_id=USERS, role="modified_by"
        ),
    ]


def _task_fields() -> list[AppField]:
    several: Any = {"multiplicity": "MultiSelect"}
    return [
        AppField(NAME, TASKS, "Name", is_required=True),
        AppField(DESCRIPTION, TASKS, "Description"),
        AppField(DUE_DATE, TASKS, "Due Date", "Date"),
        AppField(STATUS, TASKS, "Status", "List", list_id=STATUSES),
        AppField(OWNER, TASKS, "Owner", "Reference", referenced_app_id=USERS),
        AppField(ATTACHMENTS, TASKS, "Attachments", "Attachment"),
        AppField(IMAGES, TASKS, "Images", "Image"),
        AppField(TAGS, TASKS, "Tags", "List", list_id=TAG_VALUES, **several),
        AppField(ESTIMATE, TASKS, "Estimate", "Number", display="$# dollars"),
        AppField(REMINDER, TASKS, "Reminder", "TimeSpan"),
        AppField(SUMMARY, TASKS, "Summary", "Formula", formula="{:Name} ({:Status})"),
        AppField(WATCHERS, TASKS, "Watchers", "Reference", referenced_app_id=USERS, **several),
        AppField(FUSIOO_ID, TASKS, "Fusioo Id"),
    ]


def _add_records(state: OnspringState) -> None:
    for name in _PEOPLE:
        address = f"{name.lower().replace(' ', '.')}@example.com"
        state.records.create(USERS, {USERNAME: name, EMAIL: address})
    state.records.create(GROUPS, {GROUP_USERS: [1, 2], 22: "Everybody"})
    for number, (name, description, status, tags) in enumerate(_TASKS):
        values: dict[int, Any] = {
            NAME: name,
            DESCRIPTION: description,
            DUE_DATE: datetime(2021, 12, 31 - number, 6, tzinfo=UTC),
            STATUS: [status],
            OWNER: [number + 1],
            TAGS: tags,
            ESTIMATE: 100 * (number + 1),
        }
        state.records.create(TASKS, values, person=1)
