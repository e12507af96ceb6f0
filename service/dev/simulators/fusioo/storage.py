"""Keeps what people made in a file, so that a restarted simulator is still the same provider."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from service.dev.simulators.fusioo.records import Record, Version
from service.dev.simulators.fusioo.saved import (
    discussions_from_json,
    discussions_to_json,
    files_from_json,
    files_to_json,
    members_from_json,
)
from service.dev.simulators.fusioo.state import FusiooState
from service.dev.simulators.fusioo.webhooks import Webhook
from service.errors import ConfigurationError

_PAUSE_SECONDS = 0.5


def dump(state: FusiooState) -> str:
    """Write records (their last versions), discussions, files, users and webhooks as JSON."""
    records = [_record_to_json(record) for record in list(state.records.by_id.values())]
    files = files_to_json(list(state.files.by_id.values()))
    return json.dumps({"records": records, "files": files, **_others(state)})


def restore(state: FusiooState, dumped: str) -> None:
    """Replace all that by what a dump holds. Raises ValueError, KeyError or TypeError."""
    content = json.loads(dumped)
    records = [_record_from_json(record) for record in content["records"]]
    webhooks = [Webhook(**webhook) for webhook in content["webhooks"]]
    # What the release before this one saved has none of these.
    discussions = discussions_from_json(content.get("discussions", ()))
    files = files_from_json(content.get("files", ()))
    members = members_from_json(content["members"]) if "members" in content else state.members
    state.records.by_id = {record.id: record for record in records}
    state.webhooks = {webhook.id: webhook for webhook in webhooks}
    state.conversations.by_id, state.files.by_id, state.members = discussions, files, members
    # The seed would make the ids again that these records have.
    state.rng.seed(state.clock().isoformat())


@asynccontextmanager
async def kept_in(path: Path, state: FusiooState) -> AsyncIterator[None]:
    """Take the state from the file if it is there, and save every change within half a second.

    Raises ConfigurationError if the file is not one of ours.
    """
    saved = await asyncio.to_thread(_read, path)
    if saved is not None:
        try:
            restore(state, saved)
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigurationError(
                "this is not what a simulator has saved", place=str(path), remedy="delete the file"
            ) from error
    busy = threading.Lock()
    saving = asyncio.create_task(_save_changes(path, state, busy))
    try:
        yield
    finally:
        saving.cancel()
        await asyncio.gather(saving, return_exceptions=True)
        await asyncio.to_thread(_dump_to, path, state, busy)


async def _save_changes(path: Path, state: FusiooState, busy: threading.Lock) -> None:
    saved: object = None
    while True:
        present = _signature(state)
        if present != saved:
            # In a thread: calls are answered while many records are written.
            await asyncio.to_thread(_dump_to, path, state, busy)
            saved = present
        await asyncio.sleep(_PAUSE_SECONDS)


def _signature(state: FusiooState) -> object:
    """Tell whether something changed, without looking at each record or into a file."""
    files = [(stored.id, stored.record_id, stored.said_in) for stored in list(state.files.by_id.values())]
    return state.records.revision, files, json.dumps(_others(state))


def _others(state: FusiooState) -> dict[str, Any]:
    """Write all but records and files."""
    return {
        "discussions": discussions_to_json(list(state.conversations.by_id.values())),
        "members": [member.to_json() for member in list(state.members.values())],
        "webhooks": [asdict(webhook) for webhook in list(state.webhooks.values())],
    }


def _dump_to(path: Path, state: FusiooState, busy: threading.Lock) -> None:
    with busy:  # a thread outlives the task that was cancelled while it waited for it
        _write(path, dump(state))


def _read(path: Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None


def _write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.draft")
    draft.write_text(content, "utf-8")
    draft.replace(path)  # whole or not at all, also when killed


def _record_to_json(record: Record) -> dict[str, Any]:
    now = record.now
    return {
        "id": record.id,
        "app_id": record.app_id,
        "created": record.created.isoformat(),
        "created_by": record.created_by,
        "at": now.at.isoformat(),
        "values": now.values,
        "last_modified": now.last_modified.isoformat(),
        "last_modified_by": now.last_modified_by,
        "deleted": now.deleted,
    }


def _record_from_json(saved: dict[str, Any]) -> Record:
    version = Version(
        datetime.fromisoformat(saved["at"]),
        saved["values"],
        datetime.fromisoformat(saved["last_modified"]),
        saved["last_modified_by"],
        deleted=saved["deleted"],
    )
    created = datetime.fromisoformat(saved["created"])
    return Record(saved["id"], saved["app_id"], created, saved["created_by"], [version])
