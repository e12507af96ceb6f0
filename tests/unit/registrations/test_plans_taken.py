"""Plans carried out, step by step and moment by moment, on a table and a provider made of lists."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from service.changes.types import Kind
from service.lifecycle import RegistrationStatus
from service.registrations.plan import Chooses, choose_none, delivery_url, make_plan
from service.registrations.steps import (
    LIVE,
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

PUBLIC = "https://relay.example.com/base"
LATER = datetime(2026, 11, 22, tzinfo=UTC)
ACCEPTED = LIVE | {RegistrationStatus.RETIRING}


@dataclass
class World:
    """A table and a provider, on which plans are carried out."""

    rows: list[Ours]
    listed: list[Theirs]
    made: int = 0
    foreign: list[Theirs] = field(default_factory=list)

    def plan(
        self, wanted: Iterable[Wanted], *, prune: bool = False, rotating: Chooses = choose_none
    ) -> list[Step]:
        return make_plan(
            wanted,
            self.rows,
            self.listed,
            public_url=PUBLIC,
            provider="fusioo",
            prune=prune,
            rotating=rotating,
        )

    def take(self, steps: Iterable[Step]) -> Iterator[None]:
        """Take steps, and stop after whatever is stored or done at the provider: any stop may be the last."""
        for step in steps:
            yield from self._take(step)

    def take_all(self, steps: Iterable[Step]) -> None:
        for _ in self.take(steps):
            pass

    def wait(self) -> None:
        """Let every overlap that has begun go by."""
        for row in list(self.rows):
            if row.retire_at is not None:
                self._note(row, overlap_over=True)

    def delivers(self, want: Wanted) -> bool:
        """Whether some webhook tells of what is wanted, and it is accepted."""
        keys = {row.key for row in self.rows if row.place == want and row.status in ACCEPTED}
        return any(
            webhook.key in keys
            and webhook.url == delivery_url(PUBLIC, "fusioo", webhook.key)
            and (webhook.app_id, webhook.kinds) == (want.app_id, frozenset({want.kind}))
            for webhook in self.listed
        )

    def _take(self, step: Step) -> Iterator[None]:
        match step:
            case Create(wanted):
                yield from self._create(self._begin(wanted))
            case Finish(row):
                yield from self._create(row)
            case Recreate(row) | Rotate(row):
                self._note(row, status=RegistrationStatus.RETIRING)
                yield from self._create(self._begin(row.place))
            case Adopt(row, webhook):
                self._activate(row, webhook)
            case Patch(row, webhook, url):
                kinds = frozenset({row.kind})
                self.listed[self.listed.index(webhook)] = Theirs(webhook.id, url, row.app_id, kinds)
                yield
                self._note(row, url=url)
            case Expire(row, theirs) | Prune(row, theirs):
                if theirs is not None:
                    self.listed.remove(theirs)
                    yield
                self._note(row, status=RegistrationStatus.DELETED)
            case Remove(webhook):
                self.listed.remove(webhook)
            case Keep() | Overlap() | Retire():
                return
        yield

    def _begin(self, wanted: Wanted) -> Ours:
        self.made += 1
        key = f"new-{self.made}"
        url = delivery_url(PUBLIC, "fusioo", key)
        row = Ours(uuid4(), wanted.app_id, wanted.kind, key, url, None, RegistrationStatus.CREATING)
        self.rows.append(row)
        return row

    def _create(self, row: Ours) -> Iterator[None]:
        yield
        self.made += 1
        url = delivery_url(PUBLIC, "fusioo", row.key)
        webhook = Theirs(f"made-{self.made}", url, row.app_id, frozenset({row.kind}))
        self.listed.append(webhook)
        yield
        self._note(row, url=url)
        self._activate(row, webhook)

    def _activate(self, row: Ours, webhook: Theirs) -> None:
        self._note(row, status=RegistrationStatus.ACTIVE, webhook_id=webhook.id)
        for old in list(self.rows):
            if old.place == row.place and old.status is RegistrationStatus.RETIRING and not old.retire_at:
                self._note(old, retire_at=LATER)

    def _note(self, row: Ours, **values: object) -> None:
        index = next(index for index, each in enumerate(self.rows) if each.id == row.id)
        self.rows[index] = replace(self.rows[index], **values)  # type: ignore[arg-type]  # a test's shorthand


WANTED = st.builds(Wanted, st.sampled_from(["i1", "i2"]), st.sampled_from(Kind))
WANTS = st.lists(WANTED, max_size=6)


@st.composite
def rows(draw: st.DrawFn) -> list[Ours]:
    """A table as its rules allow it: one live row per app and kind."""
    found: list[Ours] = []
    for index, want in enumerate(draw(st.lists(WANTED, max_size=6))):
        status = draw(st.sampled_from(RegistrationStatus))
        taken = {row.place for row in found if row.status in LIVE}
        if status in LIVE and want in taken:
            status = RegistrationStatus.DELETED
        url = delivery_url(draw(st.sampled_from([PUBLIC, "https://old.example.com"])), "fusioo", f"k{index}")
        found.append(
            Ours(
                UUID(int=index),
                want.app_id,
                want.kind,
                f"k{index}",
                url,
                None if status is RegistrationStatus.CREATING else f"w{index}",
                status,
                retire_at=LATER if status is RegistrationStatus.RETIRING and draw(st.booleans()) else None,
            )
        )
    return found


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Such a table, and a provider in any state."""
    world = World(draw(rows()), [])
    publics = st.sampled_from([PUBLIC, "https://old.example.com"])
    keys = [row.key for row in world.rows]
    for number, row in enumerate(world.rows):
        for twin in range(draw(st.integers(0, 2))):
            webhook_id = row.webhook_id if twin == 0 and row.webhook_id else f"x{number}-{twin}"
            key = draw(st.sampled_from([row.key, row.key, row.key, *keys]))  # sometimes altered to another's
            url = delivery_url(draw(publics), "fusioo", key)
            kinds = frozenset(draw(st.sets(st.sampled_from(Kind))))
            world.listed.append(Theirs(webhook_id, url, draw(st.sampled_from(["i1", "i2"])), kinds))
    for number in range(draw(st.integers(0, 3))):
        foreign = Theirs(f"f{number}", f"https://elsewhere.example/{number}", "i1", frozenset(Kind))
        world.foreign.append(foreign)
        world.listed.append(foreign)
    return world


def settled(world: World, wanted: list[Wanted], *, prune: bool) -> None:
    """Nothing is left to do: one webhook for each that is wanted, and none of ours besides."""
    steps = world.plan(wanted, prune=prune)
    assert all(isinstance(step, (Keep, Overlap) if prune else (Keep, Overlap, Retire)) for step in steps)
    assert sum(isinstance(step, Keep) for step in steps) == len(set(wanted))
    assert [webhook for webhook in world.listed if webhook.id.startswith("f")] == world.foreign
    for want in wanted:
        assert world.delivers(want)
    if prune:
        accepted = {row.webhook_id for row in world.rows if row.status in ACCEPTED}
        assert {webhook.id for webhook in world.listed} <= accepted | {each.id for each in world.foreign}


@given(world=worlds(), wanted=WANTS, prune=st.booleans())
def test_a_plan_that_was_carried_out_leaves_nothing_to_do(
    world: World, wanted: list[Wanted], prune: bool
) -> None:
    world.take_all(world.plan(wanted, prune=prune))
    settled(world, wanted, prune=prune)
    world.wait()
    world.take_all(world.plan(wanted, prune=prune))
    settled(world, wanted, prune=prune)
    retiring = [row for row in world.rows if row.status is RegistrationStatus.RETIRING]
    live = {row.place for row in world.rows if row.status is RegistrationStatus.CREATING}
    # One may be left whose successor nobody wants, so that nobody finishes it: it goes on until it is pruned.
    assert all(row.place in live or row.retire_at is None for row in retiring)
    assert not (prune and retiring)


@given(world=worlds(), wanted=WANTS, cuts=st.lists(st.integers(0, 20), max_size=4), data=st.data())
def test_plans_that_were_cut_short_anywhere_are_completed_by_the_next(
    world: World, wanted: list[Wanted], cuts: list[int], data: st.DataObject
) -> None:
    for cut in cuts:
        chosen = data.draw(st.sets(WANTED))
        steps = world.plan(wanted, prune=data.draw(st.booleans()), rotating=lambda want: want in chosen)  # noqa: B023  taken at once
        for _, _ in zip(range(cut), world.take(steps), strict=False):
            pass
        if data.draw(st.booleans()):
            world.wait()
    for _ in range(2):  # the second lets go of what had to wait for its successor
        world.take_all(world.plan(wanted, prune=True))
    settled(world, wanted, prune=True)


@given(wanted=st.lists(WANTED, min_size=1), data=st.data())
def test_nothing_that_delivers_ever_stops_while_webhooks_are_rotated(
    wanted: list[Wanted], data: st.DataObject
) -> None:
    world = World([], [])
    world.take_all(world.plan(wanted))
    for _ in range(data.draw(st.integers(1, 4))):
        chosen = data.draw(st.sets(st.sampled_from(wanted)))
        cut = data.draw(st.integers(0, 40))
        steps = world.plan(wanted, rotating=lambda want: want in chosen)  # noqa: B023  taken at once
        for _, _ in zip(range(cut), world.take(steps), strict=False):
            assert all(map(world.delivers, wanted))
        if data.draw(st.booleans()):
            world.wait()
    for _ in range(2):
        for _ in world.take(world.plan(wanted)):
            assert all(map(world.delivers, wanted))
        world.wait()
    settled(world, wanted, prune=False)
    assert len(world.listed) == len(set(wanted))
