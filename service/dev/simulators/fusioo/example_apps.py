"""The two apps of Fusioo's own page, Tasks and Clients, with a few fields and records more."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from service.dev.simulators.fusioo.access import User
from service.dev.simulators.fusioo.members import members_named
from service.dev.simulators.fusioo.schema import App, Field, FieldType
from service.dev.simulators.fusioo.settings import FusiooSettings
from service.dev.simulators.fusioo.state import FusiooState

TASKS_ID = "ia4f42"
CLIENTS_ID = "i502fb"
PEOPLE = ("John Doe", "Sarah May", "Charlotte Smith", "Lauren Moss", "Ellie Brooks")
PRIORITIES = ("Low", "Normal", "High", "Critical")
STATUSES = ("To do", "In progress", "Done")

_CLIENTS = ("Acme Foods", "Birch & Partners", "Northlight Studio")
_TASKS = (
    ("Start using the API", "Go through the Fusioo API documentation.", "High", "In progress"),
    ("Another Task", "Notes on this important Task.", "Critical", "In progress"),
    ("Send the offer", "The client waits for it.", "Normal", "To do"),
    ("Close the books", "Everything of last month.", "Low", "Done"),
)


def tasks_app() -> App:
    """The app Tasks; title, priority, due date and responsible stand on the page as here."""
    one_of = {"allow_multiple": False}
    people = {"items": list(PEOPLE), "allow_multiple": False, "auto_subscribe": True}
    title = {"help_message": "Insert the Task title"}
    priority = {"items": list(PRIORITIES), "default": "Normal", **one_of}
    status = {"items": list(STATUSES), "default": "To do", **one_of}
    return App(
        TASKS_ID,
        "Tasks",
        "Task",
        [
            Field("title", "Title", FieldType.TEXT, is_required=True, options=title),
            Field("notes", "Notes", FieldType.MULTILINE_TEXT),
            Field("priority", "Priority", FieldType.LIST, options=priority),
            Field("due_date", "Due date", FieldType.DATE),
            Field("responsible", "Responsible", FieldType.USER_LINK, options=people),
            Field("status", "Status", FieldType.LIST, options=status),
            Field("approved", "Approved", FieldType.BOOLEAN),
            Field("estimate", "Estimate", FieldType.NUMBER),
            Field("client", "Client", FieldType.APP_LINK, options={"app_id": CLIENTS_ID, **one_of}),
        ],
    )


def clients_app() -> App:
    """The app Clients, as on the page."""
    return App(
        CLIENTS_ID,
        "Clients",
        "Client",
        [
            Field("name", "Name", FieldType.TEXT, is_required=True),
            Field("website", "Website", FieldType.WEB_URL),
            Field("contact_info", "Contact info", FieldType.TEXT),
        ],
    )


def example_state(
    *,
    token: str,
    admin: bool = True,
    seed: int = 0,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    settings: FusiooSettings | None = None,
    with_records: bool = True,
) -> FusiooState:
    """Make a company with the two apps and one user, "John Doe", who holds `token`.

    The same seed gives the same records under the same ids.
    """
    state = FusiooState(seed=seed, clock=clock, settings=settings)
    state.users[token] = User(PEOPLE[0], admin=admin)
    state.apps = {app.id: app for app in (clients_app(), tasks_app())}
    state.members = members_named(PEOPLE, seed)
    if with_records:
        _add_records(state)
    return state


def _add_records(state: FusiooState) -> None:
    clients = [
        state.records.create(CLIENTS_ID, _client(name), person=PEOPLE[0], age=timedelta(days=60 - number))
        for number, name in enumerate(_CLIENTS)
    ]
    for number, (title, notes, priority, status) in enumerate(_TASKS):
        due = state.clock().date() + timedelta(days=7 * number)
        values: dict[str, Any] = {
            "title": title,
            "notes": notes,
            "priority": [priority],
            "due_date": due.isoformat(),
            "responsible": [PEOPLE[number]],
            "status": [status],
            "client": [clients[number % len(clients)].id],
        }
        person = PEOPLE[number % 2]
        state.records.create(TASKS_ID, values, person=person, age=timedelta(days=30 - number))


def _client(name: str) -> dict[str, Any]:
    host = "".join(letter for letter in name.lower() if letter.isalpha())
    return {"name": name, "website": f"https://{host}.example", "contact_info": f"office@{host}.example"}
