"""The protocol of DESIGN §5 under any interleaving: sights, slots, leases, budgets, links, lost doorbells.

A machine edits records at two companies, loses some of the hints, begins looks, runs and rounds of linked
records in several processes, holds each at the provider or in the handler, loses processes that go on without
knowing it, lets strangers use up calls and tokens be refused, lets time pass, and lets things end in any
order. Left alone afterwards, the relay must have caught up with the truth.
"""

from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from service.budget.lanes import Lane
from service.changes.types import Origin
from service.pipeline.settling.sights import Sights, store_sights
from service.records.repository import next_sight
from tests.fixtures.database import Database
from tests.fixtures.protocol_ground import CREATE_LAG, LAG, Ground, one_of
from tests.fixtures.protocol_handlers import Ending
from tests.fixtures.protocol_relay import (
    APPS,
    CLIENT_IDS,
    CLIENTS,
    IN_ORDER,
    MAIN,
    OTHER,
    PLACES,
    TASKS,
    Place,
)
from tests.fixtures.protocol_time import MovableDatabase
from tests.fixtures.tiers import Scale

HANDLERS = [*IN_ORDER, "free"]

anyone = st.integers(0, 9)
accounts = st.sampled_from([MAIN, MAIN, OTHER])


@dataclass
class LooseLook:
    """A look outside the slot, as reconcile and backfill make them: it may be stored at any time."""

    started: int
    seen: dict[str, Any]


class Protocol(Ground):
    """One relay under every interleaving that hypothesis can think of.

    No rule has a precondition: what there is to go on with depends on the machine's speed, and what
    hypothesis draws must not.
    """

    def __init__(self) -> None:
        super().__init__()
        self.loose: list[LooseLook] = []
        self.revision = 0

    @initialize(
        workers=st.integers(1, 3),
        main=st.sampled_from([8, 20, 60]),
        other=st.sampled_from([6, 20]),
        knows_links=st.booleans(),
    )
    def start(self, workers: int, main: int, other: int, knows_links: bool) -> None:
        self.found(workers=workers, calls_of_main=main, calls_of_other=other)
        if knows_links:
            self.relay.know_links()
        for record_id in CLIENT_IDS:
            self.edit_client(record_id, there=True)

    # What happens at the companies

    @rule(
        place=st.sampled_from(PLACES),
        told=st.sampled_from([0, 1, 1, 3]),
        clients=st.sampled_from([(), CLIENT_IDS[:1], CLIENT_IDS]),
        late=st.booleans(),
    )
    def edit(self, place: Place, told: int, clients: tuple[str, ...], late: bool) -> None:
        """Change a record, or restore it; `told` hints come of it (none: the webhook is lost)."""
        company = self.companies[place.account]
        before = company.written(place.app_id, place.record_id)
        self.revision += 1
        fields = {"id": place.record_id, "rev": self.revision, "client": list(clients)}
        lag = LAG if before else CREATE_LAG
        company.write(place.app_id, place.record_id, fields, lag=lag if late else 0.0)
        self._tell(place, "update" if before else "create", told)

    @rule(place=st.sampled_from(PLACES), times=st.integers(1, 3), each=st.booleans(), late=st.booleans())
    def edit_and_settle(self, place: Place, times: int, each: bool, late: bool) -> None:
        """Several changes of one record, settled one by one, or with one look that may not show the last."""
        for number in range(times):
            self.edit(place, told=1, clients=(), late=late and number == times - 1)
            if each or number == times - 1:
                self.settle(0, place[:2], hold=False, wait=True)

    @rule(place=st.sampled_from(PLACES), told=st.sampled_from(["no", "delete", "update"]), late=st.booleans())
    def delete(self, place: Place, told: str, late: bool) -> None:
        company = self.companies[place.account]
        if company.written(place.app_id, place.record_id) is not None:
            company.write(place.app_id, place.record_id, None, lag=LAG if late else 0.0)
            self._tell(place, told, times=told != "no")

    def _tell(self, place: Place, kind: str, times: int) -> None:
        for _ in range(times):
            self.relay.hint(place, kind)
        if not times:
            self.untold.add(place)

    @rule(record_id=st.sampled_from(CLIENT_IDS), there=st.booleans())
    def edit_client(self, record_id: str, there: bool) -> None:
        """Change a linked record, of which nobody tells us, or let it be absent for a while."""
        self.revision += 1
        fields = {"id": record_id, "rev": self.revision} if there else None
        self.companies[MAIN].write(CLIENTS, record_id, fields)

    @rule(account=accounts, calls=st.sampled_from([1, 5, 60]))
    def strangers_call(self, account: str, calls: int) -> None:
        """Another client of the company uses up some of its calls, unseen."""
        self.companies[account].let_strangers_call(calls)

    @rule(account=accounts, revoked=st.booleans())
    def replace_token(self, account: str, revoked: bool) -> None:
        self.companies[account].revoked = revoked

    @rule(account=accounts, at_once=st.sampled_from([1, 200]))
    def limit_batches(self, account: str, at_once: int) -> None:
        self.companies[account].at_once = at_once

    # What processes of ours do

    @rule(which=anyone, app=st.sampled_from(APPS), hold=st.booleans(), wait=st.booleans())
    def settle(self, which: int, app: tuple[str, str], hold: bool, wait: bool) -> None:
        """A doorbell is answered (where it waits: when its app is due). Those that nobody rings are lost."""
        if wait:
            self.let_pass(self.relay.settles_in(*app) or 0.0)
        self.hold(hold)
        self.tasks.begin(self.relay.settler(one_of(self.processes, which)).settle(*app))

    @rule(which=anyone, handler=st.sampled_from(HANDLERS), end=st.sampled_from(Ending))
    def run(self, which: int, handler: str, end: Ending) -> None:
        self.handlers.do = end
        self.hold(end is Ending.HOLD)
        self.tasks.begin(self.relay.runner(one_of(self.processes, which)).run(handler))

    @rule(which=anyone, hold=st.booleans(), wait=st.booleans())
    def expand(self, which: int, hold: bool, wait: bool) -> None:
        if wait:
            self.let_pass(self.relay.expands_in(MAIN) or 0.0)
        self.hold(hold)
        self.tasks.begin(self.relay.expander(one_of(self.processes, which)).expand(MAIN))

    @rule(which=anyone, account=accounts, hold=st.booleans())
    def people_ask(self, which: int, account: str, hold: bool) -> None:
        self.hold(hold)
        self.tasks.begin(self.touch(account, Lane.PEOPLE, one_of(self.processes, which)))

    @rule(which=anyone, then=st.sampled_from(["reads", "answers", "answers", "fails"]))
    def company_goes_on(self, which: int, then: str) -> None:
        """A company takes a held request, and does not answer it yet; or answers it; or never will."""
        if then == "reads" and (unread := self.unread()):
            one_of(unread, which).take()
        elif then != "reads" and (held := self.held()):
            request = one_of(held, which)
            (request.answer if then == "answers" else request.give_up)()
            self.tasks.go_on()

    @rule(which=anyone, well=st.booleans())
    def handler_ends(self, which: int, well: bool) -> None:
        if unended := self.handlers.unended():
            one_of(unended, which).set_result(well)
            self.tasks.go_on()

    @rule(which=anyone)
    def lose_process(self, which: int) -> None:
        """A process is lost, and another one starts. What the lost one had begun goes on, as a zombie."""
        lost = self.processes.pop(which % len(self.processes))
        self.relay.lose(lost)
        self.processes.append(self.relay.process())

    @rule(handler=st.sampled_from(IN_ORDER), end=st.sampled_from(Ending), zombies_end=st.booleans())
    def take_over(self, handler: str, end: Ending, zombies_end: bool) -> None:
        """Every process is lost in the middle of what it does; new ones sweep, settle, expand and run."""
        for process_id in self.processes:
            self.relay.lose(process_id)
        self.processes = [self.relay.process() for _ in self.processes]
        zombies = self.handlers.unended()
        self.sweep()
        self.settle(0, (MAIN, TASKS), hold=False, wait=False)
        self.expand(0, hold=False, wait=False)
        self.run(0, handler, end)
        if zombies_end:
            for zombie in zombies:
                zombie.set_result(True)
            self.tasks.go_on()
            self.run(0, handler, Ending.WELL)

    @rule()
    def sweep(self) -> None:
        self.tasks.begin(self.relay.sweep().sweep())

    @rule(seconds=st.sampled_from([1.0, 4.5, 6.0, 31.0, 61.0, 301.0, 700.0]))
    def pass_time(self, seconds: float) -> None:
        self.let_pass(seconds)

    # Looks that no slot serialises

    @rule()
    def begin_loose_look(self) -> None:
        started = self.tasks.loop.run_until_complete(self._sight())
        records = [place.record_id for place in PLACES if place[:2] == (MAIN, TASKS)]
        shown = {one: self.companies[MAIN].shown(TASKS, one) for one in records}
        self.loose.append(LooseLook(started, {one: fields for one, fields in shown.items() if fields}))

    @rule(place=st.sampled_from(PLACES[:2]), times=st.integers(1, 2))
    def overtake_loose_look(self, place: Place, times: int) -> None:
        """What a look outside the slot saw is old before it is stored."""
        self.begin_loose_look()
        self.edit_and_settle(place, times, each=True, late=False)

    @rule(which=anyone)
    def store_loose_look(self, which: int) -> None:
        if self.loose:
            self.tasks.begin(self._store(self.loose.pop(which % len(self.loose))))

    async def _sight(self) -> int:
        async with self.engine.begin() as connection:
            return await next_sight(connection)

    async def _store(self, look: LooseLook) -> None:
        sights = Sights(MAIN, "fusioo", TASKS, look.started, look.seen, origin=Origin.RECONCILE)
        async with self.engine.begin() as connection:
            await store_sights(connection, sights, self.relay.rulebook, self.relay.recheck)

    # What must hold

    @invariant()
    def nobody_overtakes(self) -> None:
        assert self.handlers.complaints == []

    @invariant()
    def no_call_too_many(self) -> None:
        self.audit.check()


@pytest.mark.timeout(4 * 3600)  # a failure takes long to shrink, and the full size takes hours
def test_any_interleaving_ends_in_the_truth(database: Database, scale: Scale) -> None:
    movable = MovableDatabase(database.url)
    machine = type("BoundProtocol", (Protocol,), {"database": movable})
    with closing(movable):
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=scale.pick(small=16, full=2000),
                stateful_step_count=scale.pick(small=30, full=60),
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
