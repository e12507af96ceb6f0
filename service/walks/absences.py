"""Records that we know to live and that a walk through the whole list did not see."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.walks.repository import Walk

# Piece by piece along the key; each record of it is looked up among those that were seen.
_PIECE = text("""
    SELECT record_id, state = 'live' AND seen < :sight AND (SELECT true FROM walked
        WHERE walk_id = :id AND walked.record_id = piece.record_id LIMIT 1) IS NULL AS is_absent
    FROM (SELECT record_id, state, seen FROM records
        WHERE account = :account AND app_id = :app_id AND record_id > :after
        ORDER BY record_id LIMIT :most) AS piece
    ORDER BY record_id""")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of an app's records."""

    absent: tuple[str, ...]
    """Those of them that live as far as we know, were not seen by the walk, nor by anybody since it began."""
    reached: str | None
    """The id to go on from; None: there are no more."""


async def read_piece(connection: AsyncConnection, walk: Walk, *, after: str, most: int) -> Piece:
    """Look through up to `most` of our records of the walk's app, from the one after `after` on."""
    values = {"account": walk.account, "app_id": walk.app_id, "id": walk.id, "sight": walk.sight}
    rows = (await connection.execute(_PIECE, {**values, "after": after, "most": most})).all()
    absent = tuple(row.record_id for row in rows if row.is_absent)
    return Piece(absent, rows[-1].record_id if len(rows) == most else None)
