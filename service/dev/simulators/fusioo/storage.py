"""Keeps records and webhooks in a file, so that a restarted simulator is still the same provider."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from service.dev.simulators.fusioo.records import Record, Version
from service.dev.simulators.fusioo.state import FusiooState
from service.dev.simulators.fusioo.webhooks import Webhook
from service.errors import ConfigurationError

_PAUSE_SECONDS = 0.5


def dump(state: FusiooState) -> str:
    """Write records (their last versions) and webhooks as JSON."""
    records = [_record_to_json(record) for record in list(state.records.by_id.values())]
    webhooks = [asdict(webhook) for webhook in list(state.webhooks.values())]
    return json.dumps({"records": records, "webhooks": webhooks})


def restore(state: FusiooState, dumped: str) -> None:
    """Replace records and webhooks by those of a dump. Raises ValueError, KeyError or TypeError."""
    content = json.loads(dumped)
    records = [_record_from_json(record) for record in content["records"]]
    webhooks = [Webhook(**webhook) for webhook in content["webhooks"]]
    state.records.by_id = {record.id: record for record in records}
    state.webhooks = {webhook.id: webhook for webhook in webhooks}
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
    saving = asyncio.create_task(_save_changes(path, state))
    try:
        yield
    finally:
        saving.cancel()
        await asyncio.gather(saving, return_exceptions=True)
        await asyncio.to_thread(_write, path, dump(state))


async def _save_changes(path: Path, state: FusiooState) -> None:
    saved = ""
    while True:
        content = dump(state)
        if content != saved:
            await asyncio.to_thread(_write, path, content)
            saved = content
        await asyncio.sleep(_PAUSE_SECONDS)


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
