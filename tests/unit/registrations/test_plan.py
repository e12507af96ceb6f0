"""What a plan of webhooks says, case by case. Plans that are carried out: test_plans_taken.py."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from service.changes.types import Kind
from service.lifecycle import RegistrationStatus
from service.registrations.plan import Chooses, choose_none, delivery_url, find_foreign, make_plan
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
    Wanted,
)

PUBLIC = "https://relay.example.com/base"
WANT = Wanted("i1", Kind.UPDATE)


def ours(
    key: str = "k1",
    *,
    status: RegistrationStatus = RegistrationStatus.ACTIVE,
    webhook_id: str | None = "w1",
    public: str = PUBLIC,
    want: Wanted = WANT,
) -> Ours:
    url = delivery_url(public, "fusioo", key)
    return Ours(UUID(int=1), want.app_id, want.kind, key, url, webhook_id, status)


def theirs(
    webhook_id: str = "w1", key: str = "k1", *, public: str = PUBLIC, kind: Kind = Kind.UPDATE
) -> Theirs:
    return Theirs(webhook_id, delivery_url(public, "fusioo", key), "i1", frozenset({kind}))


def plan(
    rows: list[Ours],
    listed: list[Theirs],
    *,
    wanted: tuple[Wanted, ...] = (WANT,),
    prune: bool = False,
    rotating: Chooses = choose_none,
) -> list[Step]:
    return make_plan(
        wanted, rows, listed, public_url=PUBLIC, provider="fusioo", prune=prune, rotating=rotating
    )


def leaving(*, over: bool = True, due: bool = True) -> Ours:
    """One that was replaced. `due`: its successor became active; `over`: that was long ago."""
    row = ours("old", status=RegistrationStatus.RETIRING, webhook_id="w0")
    return replace(row, retire_at=datetime(2026, 11, 22, tzinfo=UTC) if due else None, overlap_over=over)


def test_url_has_the_public_path_the_provider_and_the_key() -> None:
    assert delivery_url(f"{PUBLIC}/", "fusioo", "abc") == f"{PUBLIC}/webhooks/fusioo/abc"


def test_nothing_there_is_created_once_however_often_it_is_wanted() -> None:
    assert plan([], [], wanted=(WANT, WANT)) == [Create(WANT)]


def test_what_is_right_is_kept() -> None:
    assert plan([ours()], [theirs()]) == [Keep(ours())]


def test_a_committed_key_without_a_webhook_is_finished_under_that_key() -> None:
    begun = ours(status=RegistrationStatus.CREATING, webhook_id=None)
    assert plan([begun], []) == [Finish(begun)]


def test_a_committed_key_that_the_provider_knows_is_adopted() -> None:
    begun = ours(status=RegistrationStatus.CREATING, webhook_id=None)
    assert plan([begun], [theirs("w7")]) == [Adopt(begun, theirs("w7"))]


def test_one_whose_secret_we_lack_takes_it_from_the_list() -> None:
    lost = replace(ours(), secret_known=False)
    assert plan([lost], [theirs()]) == [Adopt(lost, theirs())]
    assert plan([lost], []) == [Recreate(lost)]


def test_adopted_under_an_old_public_url_is_patched_too() -> None:
    begun = ours(status=RegistrationStatus.CREATING, webhook_id=None, public="https://old.example.com")
    found = theirs("w7", public="https://old.example.com")
    assert plan([begun], [found]) == [
        Adopt(begun, found),
        Patch(begun, found, f"{PUBLIC}/webhooks/fusioo/k1"),
    ]


def test_a_changed_public_url_is_patched() -> None:
    row, found = ours(public="https://old.example.com"), theirs(public="https://old.example.com")
    assert plan([row], [found]) == [Patch(row, found, f"{PUBLIC}/webhooks/fusioo/k1")]


def test_a_patch_whose_answer_was_lost_is_repeated() -> None:
    row = ours(public="https://old.example.com")
    assert plan([row], [theirs()]) == [Patch(row, theirs(), f"{PUBLIC}/webhooks/fusioo/k1")]


def test_wrong_events_are_patched() -> None:
    assert plan([ours()], [theirs(kind=Kind.DELETE)]) == [
        Patch(ours(), theirs(kind=Kind.DELETE), f"{PUBLIC}/webhooks/fusioo/k1")
    ]


@pytest.mark.parametrize(
    "url", ["HTTPS://Relay.example.com/base/webhooks/fusioo/k1/", f"{PUBLIC}/webhooks/fusioo/k1"]
)
def test_a_url_that_leads_to_the_same_place_is_no_change(url: str) -> None:
    assert plan([ours()], [replace(theirs(), url=url)]) == [Keep(ours())]


def test_vanished_at_the_provider_is_created_anew() -> None:
    assert plan([ours()], [theirs("w9", key="somebody-elses")]) == [Recreate(ours())]


def test_a_second_webhook_with_our_key_is_removed() -> None:
    assert plan([ours()], [theirs(), theirs("w2")]) == [Keep(ours()), Remove(theirs("w2"))]


def test_of_two_webhooks_with_a_committed_key_one_is_adopted() -> None:
    begun = ours(status=RegistrationStatus.CREATING, webhook_id=None)
    assert plan([begun], [theirs("w3"), theirs("w2")]) == [Adopt(begun, theirs("w2")), Remove(theirs("w3"))]


def test_one_that_we_deleted_and_is_still_there_is_removed() -> None:
    gone = ours("old", status=RegistrationStatus.DELETED, webhook_id="w0")
    assert plan([gone], [theirs("w0", "old")]) == [Create(WANT), Remove(theirs("w0", "old"))]


def test_a_retiring_one_still_delivers() -> None:
    for row in (leaving(over=False), leaving(over=False, due=False)):
        assert plan([row, ours()], [theirs("w0", "old"), theirs()]) == [Keep(ours()), Overlap(row)]


def test_after_the_overlap_it_goes() -> None:
    assert plan([leaving(), ours()], [theirs("w0", "old"), theirs()]) == [
        Keep(ours()),
        Expire(leaving(), theirs("w0", "old")),
    ]


def test_one_that_was_to_go_and_is_gone_is_noted() -> None:
    assert plan([leaving(), ours()], [theirs()]) == [Keep(ours()), Expire(leaving(), None)]


def test_it_stays_while_its_successor_is_being_made() -> None:
    begun = ours(status=RegistrationStatus.CREATING, webhook_id=None)
    assert plan([leaving(), begun], [theirs("w0", "old")]) == [Finish(begun), Overlap(leaving())]


def test_it_stays_while_its_successor_is_gone() -> None:
    assert plan([leaving(), ours()], [theirs("w0", "old")]) == [Recreate(ours()), Overlap(leaving())]


def test_one_without_a_successor_that_nobody_wants_goes_after_the_overlap() -> None:
    assert plan([leaving()], [theirs("w0", "old")], wanted=()) == [Expire(leaving(), theirs("w0", "old"))]


def test_its_second_webhook_is_removed_at_once() -> None:
    row = leaving(over=False)
    assert plan([row, ours()], [theirs("w0", "old"), theirs("w8", "old"), theirs()]) == [
        Keep(ours()),
        Overlap(row),
        Remove(theirs("w8", "old")),
    ]


def test_what_is_chosen_is_rotated_though_it_is_well() -> None:
    other = replace(ours("k2", webhook_id="w2", want=Wanted("i2", Kind.UPDATE)), id=UUID(int=2))
    listed = [theirs(), replace(theirs("w2", "k2"), app_id="i2")]
    assert plan([ours(), other], listed, wanted=(WANT, other.place), rotating=lambda want: want == WANT) == [
        Rotate(ours()),
        Keep(other),
    ]


def test_one_that_is_being_made_is_new_enough() -> None:
    begun = ours(status=RegistrationStatus.CREATING, webhook_id=None)
    assert plan([begun], [], rotating=lambda _want: True) == [Finish(begun)]
    assert plan([begun], [theirs("w7")], rotating=lambda _want: True) == [Adopt(begun, theirs("w7"))]


def test_one_that_vanished_is_made_anew_once() -> None:
    assert plan([ours()], [], rotating=lambda _want: True) == [Recreate(ours())]


def test_unwanted_is_only_reported() -> None:
    assert plan([ours()], [theirs()], wanted=()) == [Retire(ours())]


def test_unwanted_goes_when_a_person_says_so_behind_everything_that_builds() -> None:
    new, row = Wanted("i9", Kind.CREATE), leaving(over=False, due=False)
    listed = [theirs("w0", "old"), theirs()]
    assert plan([row, ours()], listed, wanted=(new,), prune=True) == [
        Create(new),
        Prune(ours(), theirs()),
        Prune(row, theirs("w0", "old")),
    ]
    assert plan([ours()], [], wanted=(), prune=True) == [Prune(ours(), None)]


@pytest.mark.parametrize("url", ["https://elsewhere.example/hook", "", "http://[broken", "k1.example.com"])
def test_foreign_webhooks_are_no_concern(url: str) -> None:
    strange = replace(theirs("w5"), url=url)
    assert plan([ours()], [theirs(), strange], prune=True) == [Keep(ours())]
    assert find_foreign([ours()], [theirs(), strange], public_url=PUBLIC) == [Foreign(strange, here=False)]


def test_a_webhook_with_the_url_of_another_row_is_still_the_row_s_whose_id_it_has() -> None:
    begun = ours("k2", status=RegistrationStatus.CREATING, webhook_id=None, want=Wanted("i1", Kind.CREATE))
    altered = theirs("w1", "k2")
    assert plan([ours(), begun], [altered], wanted=(WANT, begun.place)) == [
        Patch(ours(), altered, f"{PUBLIC}/webhooks/fusioo/k1"),
        Finish(begun),
    ]


@pytest.mark.parametrize(
    ("url", "here"),
    [
        (f"{PUBLIC}/webhooks/fusioo/unknown", True),
        ("https://relay.example.com/based/webhooks/fusioo/unknown", False),
        ("https://other.example.com/base/webhooks/fusioo/unknown", False),
    ],
)
def test_a_foreign_webhook_may_lead_to_our_own_address(url: str, here: bool) -> None:
    strange = replace(theirs("w5"), url=url)
    assert find_foreign([ours()], [strange], public_url=PUBLIC) == [Foreign(strange, here=here)]


def test_what_a_person_set_up_is_not_foreign() -> None:
    assert find_foreign([], [theirs("w5", "by-hand")], public_url=PUBLIC, other_keys={"by-hand"}) == []
