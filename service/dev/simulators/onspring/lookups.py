"""Finds what a call names, or refuses it."""

from service.dev.simulators.onspring.access import ApiKey
from service.dev.simulators.onspring.answers import denied, unknown
from service.dev.simulators.onspring.records import Record
from service.dev.simulators.onspring.schema import App, AppField
from service.dev.simulators.onspring.state import OnspringState


def app_in(state: OnspringState, app_id: int) -> App:
    """Find an app. Raises RefusedCallError (404)."""
    if app_id not in state.apps:
        raise unknown(f"App {app_id}")
    return state.apps[app_id]


def field_in(state: OnspringState, field_id: int) -> AppField:
    """Find a field. Raises RefusedCallError (404)."""
    if field_id not in state.fields:
        raise unknown(f"Field {field_id}")
    return state.fields[field_id]


def record_in(state: OnspringState, app_id: int, record_id: int) -> Record:
    """Find a record. Raises RefusedCallError (404)."""
    record = state.records.find(app_id, record_id)
    if record is None:
        raise unknown(f"Record {record_id} of app {app_id}")
    return record


def fields_to_show(
    state: OnspringState, key: ApiKey, app_id: int, wanted: list[int] | None
) -> list[AppField]:
    """List the fields of an app that a read shows: those that are wanted, or all.

    Raises RefusedCallError (403, 404) for others if the settings refuse them; else they are left out.
    """
    seen = {field.id: field for field in state.fields_of(app_id) if key.sees(field)}
    if not wanted:
        return list(seen.values())
    for field_id in wanted if state.settings.hidden_fields == "refused" else ():
        if field_id not in seen:
            field = field_in(state, field_id)
            raise denied("read", f"field: {field.id}")
    return [seen[field_id] for field_id in dict.fromkeys(wanted) if field_id in seen]
