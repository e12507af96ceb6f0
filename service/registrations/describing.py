"""Steps of a plan in words: what, why, and what differs. For people, programs and alarms. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from service.clock import iso
from service.registrations.steps import (
    Adopt,
    Create,
    Expire,
    Finish,
    Foreign,
    Keep,
    Ours,
    Overlap,
    Patch,
    Prune,
    Recreate,
    Remove,
    Retire,
    Rotate,
    Step,
    Theirs,
    destination,
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is to be another at the provider."""

    what: str
    """`url`, `kinds` or `app`."""
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class StepView:
    """What is to be done, or was done, about one webhook."""

    account: str
    app_id: str
    app_name: str | None
    kind: str
    """`create`, `update` or `delete`; several, with commas, where a webhook of no row has them."""
    step: str
    """`create`, `finish`, `recreate`, `adopt`, `patch`, `rotate`, `expire`, `prune`, `remove`: a change.

    No change: `retire` (no rule wants it: `--prune` deletes it), `overlap`, `keep`, `foreign`.
    """
    why: str
    differences: tuple[Difference, ...]
    webhook_id: str | None
    """The provider's id of it; None where there is none yet."""


def view_step(step: Step | Foreign, account: str, names: Mapping[str, str]) -> StepView:
    """Describe a step, or a webhook that is not ours. `names`: what the apps are called, by id."""
    app_id, kind = _subject(step)
    return StepView(
        account=account,
        app_id=app_id,
        app_name=names.get(app_id),
        kind=kind,
        step=type(step).__name__.lower(),
        why=_why(step),
        differences=_differences(step) if isinstance(step, Patch) else (),
        webhook_id=_webhook_id(step),
    )


_REASONS: Mapping[type[Step], str] = {
    Create: "no webhook tells of it yet",
    Finish: "an apply was cut short before the provider made it",
    Recreate: "its webhook has vanished at the provider",
    Rotate: "a new key and a new secret were asked for",
    Expire: "another one took its place, and was active long enough",
    Prune: "no rule wants it",
    Remove: "it is one too many: another one of ours does its work",
    Retire: "no rule wants it, yet it still delivers; --prune deletes it",
    Keep: "as it should be",
}


_NOT_OURS_BUT_HERE = (
    "not ours, but it leads to this relay, which knows no such key: perhaps a relay with another database"
    " made it"
)


def _why(step: Step | Foreign) -> str:
    match step:
        case Adopt():
            return _why_adopted(step)
        case Patch():
            return "; ".join(_reasons(step))
        case Overlap(ours):
            return _until(ours)
        case Foreign(_, here):
            return _NOT_OURS_BUT_HERE if here else "not ours: nothing is done to it"
        case _:
            return _REASONS[type(step)]


def _why_adopted(step: Adopt) -> str:
    if step.ours.webhook_id is None:
        return "an apply was cut short when the provider had made it"
    if step.ours.webhook_id == step.theirs.id:
        return "its secret is not what is stored here, or RELAY_SECRET_KEY does not open that"
    return "its webhook has vanished at the provider, and another one there has its key"


def _until(ours: Ours) -> str:
    if ours.retire_at is None:
        return "its deliveries count until the one that takes its place is active, and a while after"
    return f"another one took its place; its deliveries count until {iso(ours.retire_at)}"


def _reasons(step: Patch) -> list[str]:
    ours, theirs, url = step.ours, step.theirs, step.url
    there, here = (destination(each) != destination(url) for each in (theirs.url, ours.url))
    found = {
        "this relay's address has changed": there and here,
        "its URL was changed at the provider": there and not here,
        "an apply was cut short when the provider had changed it": here and not there,
        "it is called at other events than it should": theirs.kinds != {ours.kind},
        "it belongs to another app": theirs.app_id != ours.app_id,
    }
    return [reason for reason, holds in found.items() if holds]


def _differences(step: Patch) -> tuple[Difference, ...]:
    ours, theirs = step.ours, step.theirs
    found = (
        Difference("url", theirs.url, step.url),
        Difference("kinds", _kinds(theirs), ours.kind.value),
        Difference("app", theirs.app_id, ours.app_id),
    )
    return tuple(
        each
        for each in found
        if each.before != each.after
        and (each.what != "url" or destination(each.before) != destination(each.after))
    )


def _subject(step: Step | Foreign) -> tuple[str, str]:
    match step:
        case Create(wanted):
            return wanted.app_id, wanted.kind.value
        case Remove(theirs) | Foreign(theirs, _):
            return theirs.app_id, _kinds(theirs)
        case _:
            return step.ours.app_id, step.ours.kind.value


def _webhook_id(step: Step | Foreign) -> str | None:
    match step:
        case Create() | Finish():
            return None
        case Remove(theirs) | Foreign(theirs, _) | Adopt(_, theirs) | Patch(_, theirs, _):
            return theirs.id
        case _:
            return step.ours.webhook_id


def _kinds(theirs: Theirs) -> str:
    return ",".join(sorted(theirs.kinds)) or "none"
