"""The control routes of the simulator, for its page."""

from typing import NamedTuple


class Control(NamedTuple):
    """One path below `/_sim`, and what its methods do."""

    methods: tuple[str, ...]
    path: str
    meaning: str


CONTROLS = (
    Control(("GET",), "/state", "shows everything; `?records=false` leaves the records out"),
    Control(("GET", "POST", "DELETE"), "/switches", "shows the switches, sets those named, puts all back"),
    Control(("GET", "POST", "DELETE"), "/faults", "shows the faults, replaces sections named, clears all"),
    Control(("GET",), "/held", "lists the calls that are held"),
    Control(("POST",), "/release", 'lets the oldest `{"count": 1}` of them go, or all'),
    Control(("POST",), "/edits", 'starts a stream of edits: `{"rate": 2, "seed": 1}`; a rate of 0 stops it'),
    Control(
        ("POST",),
        "/records/{app_id}",
        "creates a record as a person would, or as `?origin=bulk`, `import` or `formula` says",
    ),
    Control(
        ("PATCH", "DELETE"),
        "/records/{record_id}",
        "updates a record, or moves it to the trash; `?permanently=true` leaves nothing there",
    ),
    Control(("POST",), "/records/{record_id}/restore", "brings a record back from the trash"),
    Control(
        ("POST",),
        "/bulk/{app_id}",
        'imports `{"records": [{…}]}`, or `{"count": 1000, "values": {"title": "Task {number}"}}`',
    ),
    Control(
        ("PATCH", "DELETE"),
        "/bulk/{app_id}",
        "sets `values` in many, or deletes them: those of `ids`, or that fit `filter`, `count` at most",
    ),
    Control(
        ("POST",),
        "/shifts",
        'what happens after each page of a list: `{"ia4f42": {"creates": 1, "deletes": 1, "moves": 1}}`',
    ),
    Control(
        ("PUT", "DELETE"),
        "/tokens/{token}",
        "lets a token stand for a user (`name`, `admin`, `hidden_apps`, …), or takes it away",
    ),
    Control(
        ("PUT",),
        "/applications/{client_id}",
        "registers an OAuth application (`client_secret`, a user as for a token); gives a refresh token",
    ),
    Control(("PUT", "DELETE"), "/apps/{app_id}", "sets or removes an app, as `GET /apps/{id}` shows it"),
    Control(("PUT", "DELETE"), "/members/{user_id}", "sets or removes a user, as `GET /users/{id}` shows it"),
    Control(
        ("GET", "POST"),
        "/workflows",
        "lists workflows, or makes one that sends a webhook: `app_id`, `url`, `on`, `conditions`",
    ),
    Control(("DELETE",), "/workflows/{workflow_id}", "removes a workflow"),
    Control(("POST",), "/webhooks/{webhook_id}/enable", "sends to a webhook again that was disabled"),
    Control(("PATCH",), "/quotas", "changes the sizes that discussions, comments and files may have"),
)

ONSPRING_CONTROLS = (
    Control(("GET",), "/state", "shows everything; `?records=false` leaves the records out"),
    Control(("GET", "POST", "DELETE"), "/switches", "shows the switches, sets those named, puts all back"),
    Control(("GET", "POST", "DELETE"), "/faults", "shows the faults, replaces sections named, clears all"),
    Control(("GET",), "/held", "lists the calls that are held"),
    Control(("POST",), "/release", 'lets the oldest `{"count": 1}` of them go, or all'),
    Control(
        ("PUT", "DELETE"),
        "/keys/{key}",
        'lets a key stand for a role (`name`, `admin`, `apps`: `{"195": ["read"]}`, …), or takes it away',
    ),
    Control(("PUT", "DELETE"), "/apps/{id}", 'sets or removes an app: `{"name": "Tasks"}`'),
    Control(
        ("PUT", "DELETE"),
        "/fields/{id}",
        'sets or removes a field: `{"app_id": 195, "name": "Notes", "type": "Text"}`',
    ),
    Control(("PUT",), "/lists/{id}", 'replaces the values of a list: `{"values": [{"id": …, "name": …}]}`'),
    Control(
        ("PUT", "DELETE"),
        "/reports/{id}",
        "sets or removes a report (`app_id`, `name`, `field_ids`, `filter`, `chart_field_id`)",
    ),
    Control(
        ("PUT", "DELETE"),
        "/outcomes/{id}",
        "sets or removes a REST API outcome (`app_id`, `url`, `on`, `filter`, `body`, `headers`, `auth`, …)",
    ),
    Control(
        ("POST",),
        "/records/{app_id}",
        'creates a record as a person would: `{"6983": "A name"}`, values by the ids of fields',
    ),
    Control(
        ("PATCH", "DELETE"),
        "/records/{app_id}/{record_id}",
        "updates or deletes a record, as a person",
    ),
    Control(
        ("POST",),
        "/bulk/{app_id}",
        'creates many, told to nobody: `{"count": 1000, "values": {"6983": "Task {number}"}}`',
    ),
    Control(
        ("POST",),
        "/attachments/{app_id}/{record_id}/{field_id}",
        "attaches a file that is stored elsewhere (`name`, `storage_location`, both links)",
    ),
)
