"""What is drift, what is a relay that moved, and what alarms say of them."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from service.changes.types import Kind
from service.lifecycle import RegistrationStatus
from service.pipeline.watching.wording import drift_among, has_moved, tell_drift, tell_quiet, tell_silent
from service.registrations.liveness import Line, Missed
from service.registrations.steps import (
    Adopt,
    Create,
    Expire,
    Finish,
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
    Wanted,
)

MOMENT = datetime(2026, 11, 22, 5, tzinfo=UTC)
OURS = Ours(UUID(int=1), "a", Kind.UPDATE, "key", "https://x/key", "w", RegistrationStatus.ACTIVE)
THEIRS = Theirs("w", "https://elsewhere/key", "a", frozenset({Kind.UPDATE}))
DRIFT: list[Step] = [
    Create(Wanted("a", Kind.CREATE)),
    Finish(OURS),
    Adopt(OURS, THEIRS),
    Recreate(OURS),
    Patch(OURS, THEIRS, OURS.url),
    Remove(THEIRS),
]
NO_DRIFT: list[Step] = [
    Keep(OURS),
    Overlap(OURS),
    Retire(OURS),
    Expire(OURS, None),
    Prune(OURS, None),
    Rotate(OURS),
]
LINE = Line(
    registration_id=UUID(int=1),
    account="main",
    app_id="a",
    kind=Kind.UPDATE,
    manual=False,
    as_it_is_since=MOMENT,
    heard=(MOMENT,),
    silent_since=None,
    replaced=0,
)


def test_drift_is_what_was_done_at_the_provider_not_what_people_did_here() -> None:
    assert drift_among([*NO_DRIFT, *DRIFT]) == DRIFT


def test_a_relay_that_moved_is_told_from_a_webhook_that_was_altered() -> None:
    assert not has_moved(DRIFT)
    assert has_moved([Patch(OURS, THEIRS, "https://y/key")])


def test_an_alarm_says_what_differs_and_what_to_do() -> None:
    told = tell_drift("main", DRIFT, {"a": "Tasks"}, moved=False)
    assert told.startswith("account main: 6 webhooks differ from what we made: Tasks (create) is missing, ")
    assert "Tasks (update) is gone at the provider" in told
    assert "a second one where one is enough" in told
    assert "`relay webhooks apply` mends it" in told
    assert "1 webhook differs" in tell_drift("main", DRIFT[:1], {}, moved=False)
    assert "tried again: no answer" in tell_drift("main", DRIFT, {}, moved=False, error="no answer")
    assert "RELAY_PUBLIC_URL is not what the provider was told" in tell_drift("main", DRIFT, {}, moved=True)


def test_a_silent_one_is_told_with_what_is_done_about_it() -> None:
    missed = Missed(3, MOMENT)
    period = timedelta(minutes=15)
    healed = tell_silent(LINE, missed, "Tasks", heal=True, period=period)
    assert "the webhook of Tasks (update) of account main is silent: 3 changes or more" in healed
    assert "told last at 2026-11-22T05:00:00Z" in healed
    assert "another one takes its place" in healed
    assert healed.endswith("every 15m")
    left = tell_silent(LINE, missed, "Tasks", heal=False, period=period)
    assert "`relay webhooks rotate --account main --app a --kind update`" in left


def test_a_quiet_one_is_told_as_a_warning() -> None:
    told = tell_quiet(LINE, "Tasks")
    assert told.startswith("the webhook of Tasks (update) of account main told last at 2026-11-22T05:00:00Z")
    assert "Nothing shows that a change was missed" in told
