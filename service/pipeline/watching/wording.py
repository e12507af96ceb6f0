"""What alarms say of webhooks that differ, are silent or quiet. Pure."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from service.clock import format_duration, iso
from service.pipeline.probes.wording import named
from service.registrations.liveness import Line, Missed
from service.registrations.steps import (
    Adopt,
    Create,
    Finish,
    Patch,
    Recreate,
    Remove,
    Step,
    served_by,
)

_WHAT: Mapping[type[Step], str] = {
    Create: "is missing",
    Finish: "was never finished",
    Adopt: "has another id or secret than we knew",
    Recreate: "is gone at the provider",
    Patch: "calls another URL, or at other events",
}


def drift_among(steps: Sequence[Step]) -> list[Step]:
    """Pick the steps that mend what differs at the provider; others follow from what people did here."""
    return [step for step in steps if isinstance(step, Remove) or type(step) in _WHAT]


def has_moved(steps: Sequence[Step]) -> bool:
    """Tell whether the relay's own address is another one than the provider was told.

    Perhaps this is a copy that was taken elsewhere: only a person may turn the deliveries over to it.
    """
    return any(isinstance(step, Patch) and step.ours.url != step.url for step in steps)


def tell_drift(
    account: str, drift: Sequence[Step], names: Mapping[str, str], *, moved: bool, error: str | None = None
) -> str:
    """Say what differs and what to do; `names` are those of the apps, by id."""
    number = "1 webhook differs" if len(drift) == 1 else f"{len(drift)} webhooks differ"
    said = f"account {account}: {number} from what we made: {named([_tell(step, names) for step in drift])}"
    if moved:
        return f"{said}; RELAY_PUBLIC_URL is not what the provider was told: `relay webhooks apply` tells it"
    if error is not None:
        return f"{said}; could not be mended, and is tried again: {error}"
    return f"{said}; `relay webhooks plan` shows more, `relay webhooks apply` mends it"


def _tell(step: Step, names: Mapping[str, str]) -> str:
    place = served_by(step)
    if place is None:
        return "a second one where one is enough"
    return f"{names.get(place.app_id, place.app_id)} ({place.kind}) {_WHAT[type(step)]}"


def tell_silent(line: Line, missed: Missed, name: str, *, heal: bool, period: timedelta) -> str:
    """Say that changes came to light without it, and what is done about that."""
    last = f"it told last at {iso(line.heard[0])}" if line.heard else "it never told of any"
    done = (
        "another one takes its place; if that is silent too, see that RELAY_PUBLIC_URL can be reached from"
        " outside"
        if heal
        else f"see that RELAY_PUBLIC_URL can be reached from outside, then `relay webhooks rotate --account"
        f" {line.account} --app {line.app_id} --kind {line.kind}`"
    )
    return (
        f"the webhook of {name} ({line.kind}) of account {line.account} is silent: {missed.count} changes or"
        f" more came without it, {last}; {done}. Meanwhile reconcile finds changes every"
        f" {format_duration(period)}"
    )


def tell_quiet(line: Line, name: str) -> str:
    """Say that nothing comes any more."""
    whose = "a person's webhook" if line.manual else "the webhook"
    return (
        f"{whose} of {name} ({line.kind or 'any kind'}) of account {line.account} told last at"
        f" {iso(line.heard[0])}, and often before that; if people still edit there, see that it is switched"
        " on and RELAY_PUBLIC_URL can be reached from outside. Nothing shows that a change was missed"
    )
