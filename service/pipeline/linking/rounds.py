"""One round of fetching linked records: level by level, until no more can be learnt now."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from service.changes.types import Fields
from service.links.claims import ClaimedExpansion
from service.links.repository import Finished, Seen, read_schemas, read_seen
from service.links.resolving import Known, LinkReader, RecordKey, Resolved, resolve
from service.pipeline.linking.accounts import LinkedAccount, Targets
from service.pipeline.linking.fetching import Fetched, fetch_linked, stops
from service.pipeline.linking.verdicts import Verdict

Match = tuple[UUID, str]


class LinkRound:
    """What one round knows. Each record is read once, and asked for at most once."""

    def __init__(
        self, engine: AsyncEngine, account: str, linked_account: LinkedAccount, *, at: datetime
    ) -> None:
        """`at`: a moment before anybody is asked."""
        self._engine, self._name, self._account, self._at = engine, account, linked_account, at
        self._stored: dict[RecordKey, Seen] = {}
        self._read: set[RecordKey] = set()
        self._schemas: Targets = {}
        self._unclear = False
        """Whether a path led to a field of which it is not known where it leads."""
        self._learnt = False
        self.fetched = Fetched()

    async def resolve(self, claimed: Sequence[ClaimedExpansion]) -> Mapping[Match, Resolved]:
        """Fetch what is needed, as far as that is possible now."""
        async with self._engine.connect() as connection:
            schemas = await read_schemas(connection, self._name)
        self._schemas = {app_id: self._account.targets_in(schema) for app_id, schema in schemas.items()}
        while True:
            resolved = {each.match: self._resolve(each) for each in claimed}
            if await self._learn_targets():
                continue
            needed = {key for each in resolved.values() for key in each.needed}
            if unread := sorted(needed - self._read):
                async with self._engine.connect() as connection:
                    self._stored |= await read_seen(connection, self._name, unread)
                self._read |= needed
                continue
            wanted = sorted(filter(self.fetched.is_open, needed))
            if not wanted or self.fetched.stopped is not None:
                return resolved
            await fetch_linked(self._account, wanted, self.fetched, at=self._at)

    def lasting(
        self, resolved: Mapping[Match, Resolved], verdicts: Mapping[Match, Verdict]
    ) -> dict[RecordKey, Seen]:
        """What of this round others may use: what was found, and what was given up after all its looks."""
        gone = {
            key
            for match, each in resolved.items()
            if isinstance(verdicts[match], Finished)
            for key in each.needed
            if key in self.fetched.absent
        }
        return {**dict.fromkeys(sorted(gone), Seen(None, self._at)), **self.fetched.seen}

    def _resolve(self, expansion: ClaimedExpansion) -> Resolved:
        reader = LinkReader(self._target, self._account.ids_in)
        return resolve(
            expansion.record, expansion.change.record, expansion.paths, self._known_to(expansion), reader
        )

    def _known_to(self, expansion: ClaimedExpansion) -> Known:
        """What counts as known for one change: the past only as far as it may be old."""

        def known(key: RecordKey) -> Fields | None:
            if key in self.fetched.seen:
                return self.fetched.seen[key].fields
            seen = self._stored[key]
            # That a record was not there some time ago does not mean that it is not there now.
            oldest = expansion.change.created_at - (
                self._account.link_age if seen.fields is not None else timedelta(0)
            )
            if seen.at < oldest:
                raise KeyError(key)
            return seen.fields

        return known

    def _target(self, app_id: str, field_id: str) -> str | None:
        found = self._schemas.get(app_id, {}).get(field_id) or self._account.learnt_target(app_id, field_id)
        self._unclear = self._unclear or found is None
        return found

    async def _learn_targets(self) -> bool:
        """Ask where links lead, if that is not clear; True: something was learnt."""
        if not self._unclear or self._learnt or self.fetched.stopped is not None:
            return False
        self._learnt = True
        try:
            asked = await self._account.learn_targets()
        except Exception as error:
            if not stops(error):
                raise
            self.fetched.stopped, self.fetched.unlearnt = error, True
            return False
        self.fetched.calls += asked
        return asked
