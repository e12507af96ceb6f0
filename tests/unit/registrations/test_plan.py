"""The plan of `webhooks apply`, taken step by step on a table and a provider made of lists."""

from dataclasses import dataclass, field, replace
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.changes.types import Kind
from service.lifecycle import RegistrationStatus
from service.registrations.plan import (
    LIVE,
    Adopt,
    Create,
    Finish,
    Keep,
    Ours,
    Patch,
    Recreate,
    Remove,
    Retire,
    Step,
    Theirs,
    Wanted,
    delivery_url,
    make_plan,
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


def plan(rows: list[Ours], listed: list[Theirs], *, wanted: tuple[Wanted, ...] = (WANT,)) -> list[Step]:
    return make_plan(wanted, rows, listed, public_url=PUBLIC, provider="fusioo")


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
    leaving = ours("old", status=RegistrationStatus.RETIRING, webhook_id="w0")
    assert plan([leaving, ours()], [theirs("w0", "old"), theirs()]) == [Keep(ours())]


def test_unwanted_is_only_reported() -> None:
    assert plan([ours()], [theirs()], wanted=()) == [Retire(ours())]


@pytest.mark.parametrize("url", ["https://elsewhere.example/hook", "", "http://[broken", "k1.example.com"])
def test_foreign_webhooks_are_no_concern(url: str) -> None:
    assert plan([ours()], [theirs(), replace(theirs("w5"), url=url)]) == [Keep(ours())]


@dataclass
class World:
    """A table and a provider, on which plans are carried out."""

    rows: list[Ours]
    listed: list[Theirs]
    made: int = 0
    foreign: list[Theirs] = field(default_factory=list)

    def take(self, step: Step) -> None:
        match step:
            case Create(wanted):
                self._create(self._begin(wanted))
            case Finish(row):
                self._create(row)
            case Recreate(row):
                self._replace(row, status=RegistrationStatus.DELETED)
                self._create(self._begin(Wanted(row.app_id, row.kind)))
            case Adopt(row, webhook):
                self._replace(row, status=RegistrationStatus.ACTIVE, webhook_id=webhook.id)
            case Patch(row, webhook, url):
                self.listed[self.listed.index(webhook)] = Theirs(
                    webhook.id, url, row.app_id, frozenset({row.kind})
                )
                self._replace(row, url=url)
            case Remove(webhook):
                self.listed.remove(webhook)
            case Keep() | Retire():
                pass

    def _begin(self, wanted: Wanted) -> Ours:
        self.made += 1
        key = f"new-{self.made}"
        url = delivery_url(PUBLIC, "fusioo", key)
        row = Ours(uuid4(), wanted.app_id, wanted.kind, key, url, None, RegistrationStatus.CREATING)
        self.rows.append(row)
        return row

    def _create(self, row: Ours) -> None:
        url = delivery_url(PUBLIC, "fusioo", row.key)
        webhook = Theirs(f"made-{row.key}", url, row.app_id, frozenset({row.kind}))
        self.listed.append(webhook)
        self._replace(row, status=RegistrationStatus.ACTIVE, webhook_id=webhook.id, url=url)

    def _replace(self, row: Ours, **values: object) -> None:
        index = next(index for index, each in enumerate(self.rows) if each.id == row.id)
        self.rows[index] = replace(self.rows[index], **values)  # type: ignore[arg-type]  # a test's shorthand


WANTED = st.builds(Wanted, st.sampled_from(["i1", "i2"]), st.sampled_from(Kind))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A table as its rules allow it (one live row per app and kind), and a provider in any state."""
    publics = st.sampled_from([PUBLIC, "https://old.example.com"])
    rows: list[Ours] = []
    for index, want in enumerate(draw(st.lists(WANTED, max_size=6))):
        status = draw(st.sampled_from(RegistrationStatus))
        taken = {Wanted(row.app_id, row.kind) for row in rows if row.status in LIVE}
        if status in LIVE and want in taken:
            status = RegistrationStatus.DELETED
        webhook_id = None if status is RegistrationStatus.CREATING else f"w{index}"
        url = delivery_url(draw(publics), "fusioo", f"k{index}")
        rows.append(Ours(uuid4(), want.app_id, want.kind, f"k{index}", url, webhook_id, status))
    world = World(rows, [])
    for number, row in enumerate(rows):
        for twin in range(draw(st.integers(0, 2))):
            webhook_id = row.webhook_id if twin == 0 and row.webhook_id else f"x{number}-{twin}"
            kinds = frozenset(draw(st.sets(st.sampled_from(Kind))))
            url = delivery_url(draw(publics), "fusioo", row.key)
            world.listed.append(Theirs(webhook_id, url, draw(st.sampled_from(["i1", "i2"])), kinds))
    for number in range(draw(st.integers(0, 3))):
        foreign = Theirs(f"f{number}", f"https://elsewhere.example/{number}", "i1", frozenset(Kind))
        world.foreign.append(foreign)
        world.listed.append(foreign)
    return world


@given(world=worlds(), wanted=st.lists(WANTED))
def test_a_plan_that_was_carried_out_leaves_nothing_to_do(world: World, wanted: list[Wanted]) -> None:
    for step in make_plan(wanted, world.rows, world.listed, public_url=PUBLIC, provider="fusioo"):
        world.take(step)
    again = make_plan(wanted, world.rows, world.listed, public_url=PUBLIC, provider="fusioo")
    assert all(isinstance(step, (Keep, Retire)) for step in again)
    assert sum(isinstance(step, Keep) for step in again) == len(set(wanted))
    assert [webhook for webhook in world.listed if webhook.id.startswith("f")] == world.foreign


@given(world=worlds(), wanted=st.lists(WANTED), cut=st.integers(0, 8))
def test_a_plan_that_was_cut_short_is_completed_by_the_next(
    world: World, wanted: list[Wanted], cut: int
) -> None:
    for step in make_plan(wanted, world.rows, world.listed, public_url=PUBLIC, provider="fusioo")[:cut]:
        world.take(step)
    for step in make_plan(wanted, world.rows, world.listed, public_url=PUBLIC, provider="fusioo"):
        world.take(step)
    live = [row for row in world.rows if row.status in LIVE]
    assert {Wanted(row.app_id, row.kind) for row in live} >= set(wanted)
    for want in set(wanted):
        serving = [
            webhook
            for webhook in world.listed
            for row in live
            if Wanted(row.app_id, row.kind) == want and webhook.key == row.key
        ]
        assert len(serving) == 1
