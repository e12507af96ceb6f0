"""From a captured request to what a person does next: settings of an account, and a command. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ANY_APP = "APP"
"""Stands for the app where the request names none."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What would let an account's webhooks be read like this request."""

    settings: Mapping[str, str]
    """Of the account in `relay.yaml`. None are needed where all is usual."""
    command: str
    """Makes the webhook's URL, and takes its secret."""


def propose(reading: Mapping[str, Any], account: str) -> Proposal:
    """Propose from a stored `Reading`."""
    names = ("secret_header", "id_path")
    at_onspring = reading.get("provider") == "onspring"  # an older reading does not say
    settings = {"provider": "onspring"} if at_onspring else {}
    settings |= {name: str(reading[name]) for name in names if reading[name] is not None}
    app = reading["apps"][0]["value"] if reading["apps"] else ANY_APP
    kind = f" --kind {reading['kind']}" if reading["kind"] and not at_onspring else ""
    return Proposal(settings, f"relay webhooks add {account} {app}{kind}")
