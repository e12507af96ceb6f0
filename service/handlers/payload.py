"""The body of an outgoing webhook (CONTRACT §6). Pure."""

import json
from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID

from service.changes.types import Change, Kind
from service.clock import iso

_VERBS: Mapping[Kind, str] = {Kind.CREATE: "created", Kind.UPDATE: "updated", Kind.DELETE: "deleted"}


class AttemptFacts(Protocol):
    """What a body says of the run and of the attempt at hand."""

    @property
    def run_id(self) -> UUID: ...
    @property
    def rule(self) -> str: ...
    @property
    def handler(self) -> str: ...
    @property
    def attempt(self) -> int: ...


def build_payload(change: Change, facts: AttemptFacts) -> dict[str, Any]:
    """Say what happened, in the order of keys that the contract shows; record values stay untouched."""
    return {
        "type": f"{change.provider}.record.{_VERBS[change.kind]}",
        "timestamp": iso(change.created_at),
        "data": {
            "change_id": str(change.id),
            "run_id": str(facts.run_id),
            "rule": facts.rule,
            "handler": facts.handler,
            "attempt": facts.attempt,
            "account": change.account,
            "app": {"id": change.app.id, "name": change.app.name},
            "record_id": change.record_id,
            "kind": change.kind.value,
            "origin": change.origin.value,
            "restored": change.restored,
            "version": change.version,
            "deliveries": change.deliveries,
            "record": change.record,
            "diff": None
            if change.diff is None
            else {name: {"before": side.before, "after": side.after} for name, side in change.diff.items()},
            "linked": {path: list(records) for path, records in change.linked.items()},
            **({"gaps": {path: list(ids) for path, ids in change.gaps.items()}} if change.gaps else {}),
        },
    }


def encode_payload(payload: Mapping[str, Any]) -> str:
    """Write the body: compact, keys as given, ASCII only, so that every byte is the same for everybody.

    Raises ValueError for NaN and the infinities, which are no JSON.
    """
    return json.dumps(payload, separators=(",", ":"), allow_nan=False, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):  # a record may come as a read-only mapping
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no JSON value")
