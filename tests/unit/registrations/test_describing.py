"""Steps of a plan in words."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import get_args
from uuid import UUID

import pytest

from service.changes.types import Kind
from service.lifecycle import RegistrationStatus
from service.registrations.describing import Difference, view_step
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
)

URL = "https://relay.example.com/webhooks/fusioo/k1"
OLD = "https://old.example.com/webhooks/fusioo/k1"
OURS = Ours(UUID(int=1), "i1", Kind.UPDATE, "k1", URL, "w1", RegistrationStatus.ACTIVE)
THEIRS = Theirs("w1", URL, "i1", frozenset({Kind.UPDATE}))
EVERY: list[Step] = [
    Create(OURS.place),
    Finish(OURS),
    Adopt(OURS, THEIRS),
    Recreate(OURS),
    Patch(OURS, replace(THEIRS, url=OLD), URL),
    Rotate(OURS),
    Expire(OURS, THEIRS),
    Prune(OURS, None),
    Remove(THEIRS),
    Retire(OURS),
    Overlap(OURS),
    Keep(OURS),
]


def test_every_step_says_whose_it_is_what_and_why() -> None:
    assert {type(step) for step in EVERY} == set(get_args(Step))
    for step in EVERY:
        view = view_step(step, "main", {"i1": "Tasks"})
        assert (view.account, view.app_id, view.app_name, view.kind) == ("main", "i1", "Tasks", "update")
        assert view.step == type(step).__name__.lower()
        assert view.why
        assert URL not in view.why  # it carries the key
        assert view.webhook_id == (None if isinstance(step, (Create, Finish)) else "w1")


@pytest.mark.parametrize(
    ("ours", "theirs", "why", "differences"),
    [
        (
            replace(OURS, url=OLD),
            replace(THEIRS, url=OLD),
            "this relay's address has changed",
            [Difference("url", OLD, URL)],
        ),
        (
            OURS,
            replace(THEIRS, url=OLD),
            "its URL was changed at the provider",
            [Difference("url", OLD, URL)],
        ),
        (
            replace(OURS, url=OLD),
            THEIRS,
            "an apply was cut short when the provider had changed it",
            [],
        ),
        (
            OURS,
            replace(THEIRS, kinds=frozenset({Kind.UPDATE, Kind.CREATE}), app_id="i2", url=f"{URL}/"),
            "it is called at other events than it should; it belongs to another app",
            [Difference("kinds", "create,update", "update"), Difference("app", "i2", "i1")],
        ),
        (
            OURS,
            replace(THEIRS, kinds=frozenset()),
            "it is called at other events than it should",
            [Difference("kinds", "none", "update")],
        ),
    ],
)
def test_a_change_says_what_from_what(
    ours: Ours, theirs: Theirs, why: str, differences: list[Difference]
) -> None:
    view = view_step(Patch(ours, theirs, URL), "main", {})
    assert (view.why, list(view.differences), view.app_name) == (why, differences, None)


def test_an_overlap_says_until_when() -> None:
    until = datetime(2026, 11, 22, 5, tzinfo=UTC)
    assert view_step(Overlap(replace(OURS, retire_at=until)), "main", {}).why.endswith("2026-11-22T05:00:00Z")
    assert "active" in view_step(Overlap(OURS), "main", {}).why


def test_an_adopted_one_says_whether_one_was_lost() -> None:
    begun = replace(OURS, webhook_id=None)
    assert "cut short" in view_step(Adopt(begun, THEIRS), "main", {}).why
    assert "vanished" in view_step(Adopt(OURS, replace(THEIRS, id="w2")), "main", {}).why
    assert "secret" in view_step(Adopt(OURS, THEIRS), "main", {}).why


def test_others_are_told_apart_by_where_they_lead() -> None:
    far, near = (view_step(Foreign(THEIRS, here=here), "main", {}) for here in (False, True))
    assert (far.step, far.webhook_id, far.why) == ("foreign", "w1", "not ours: nothing is done to it")
    assert "leads to this relay" in near.why
