"""What a rule turned out to say of a change once its linked records were there."""

import json
from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


async def store_late_verdicts(
    connection: AsyncConnection, decided_by: Mapping[UUID, Mapping[str, str]]
) -> None:
    """Note which rules do not apply to some changes after all, and what decided it. Their records are locked.

    By change, then by rule. Changes that tell nothing of any rule are left as they are.
    """
    ordered = sorted(decided_by)
    await connection.execute(
        text(
            """
            UPDATE changes SET verdicts = changes.verdicts || CAST(late.decided AS jsonb)
            FROM unnest(CAST(:change_ids AS uuid[]), CAST(:decided AS text[])) AS late (change_id, decided)
            WHERE changes.id = late.change_id AND changes.verdicts IS NOT NULL"""
        ),
        {
            "change_ids": ordered,
            "decided": [json.dumps(dict(decided_by[change_id])) for change_id in ordered],
        },
    )
