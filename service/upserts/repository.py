"""Every query of keys in use. A lease is taken before the provider is asked, in a transaction of its own."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# The row is there after this, whoever inserted it: only one of several takes it.
_TAKE = text("""
    INSERT INTO upserts AS known (account, place, key_hash, token, held_until)
    VALUES (:account, :place, :key_hash, :token, clock_timestamp() + :lease)
    ON CONFLICT (account, place, key_hash) DO UPDATE
    SET token = excluded.token, held_until = excluded.held_until, used_at = clock_timestamp()
    WHERE known.token IS NULL OR known.token = excluded.token OR known.held_until <= clock_timestamp()
    RETURNING record_id""")

_LEFT = text("""
    SELECT extract(epoch FROM held_until - clock_timestamp()) AS seconds FROM upserts
    WHERE account = :account AND place = :place AND key_hash = :key_hash AND token IS NOT NULL""")

_GIVE_BACK = text("""
    UPDATE upserts SET token = NULL, held_until = NULL, record_id = :record_id, used_at = clock_timestamp()
    WHERE account = :account AND place = :place AND key_hash = :key_hash AND token = :token""")


@dataclass(frozen=True, slots=True)
class KeyInUse:
    """What is made only once: the key of a record, or the name of a list's value."""

    account: str
    place: str
    key_hash: str

    def values(self) -> dict[str, object]:
        """Give the parameters of a statement."""
        return {"account": self.account, "place": self.place, "key_hash": self.key_hash}


@dataclass(frozen=True, slots=True)
class Taken:
    """It is ours; `record_id`: what was made or found last."""

    record_id: str | None


@dataclass(frozen=True, slots=True)
class Held:
    """Somebody else has it, for so many seconds at most."""

    seconds: float


async def take(connection: AsyncConnection, key: KeyInUse, token: UUID, *, lease: timedelta) -> Taken | Held:
    """Take the right to make what has a key. The same token may take it again: its answer was lost."""
    values = {**key.values(), "token": token, "lease": lease}
    row = (await connection.execute(_TAKE, values)).one_or_none()
    if row is not None:
        return Taken(row.record_id)
    left = (await connection.execute(_LEFT, key.values())).scalar_one_or_none()
    return Held(max(0.0, float(left or 0.0)))


async def give_back(
    connection: AsyncConnection, key: KeyInUse, token: UUID, *, record_id: str | None
) -> None:
    """End a lease, and remember what has the key now; nothing is done where it is somebody else's."""
    await connection.execute(_GIVE_BACK, {**key.values(), "token": token, "record_id": record_id})
