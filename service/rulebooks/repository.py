"""Every query of rulebooks."""

import json

from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.rules.keeping import KeptRules


async def store_rulebook(connection: AsyncConnection, digest: str, kept: KeptRules) -> None:
    """Keep the rules that changes are judged by from now on; those of a digest are stored once."""
    written = kept.written()
    await connection.execute(
        text(
            """
            INSERT INTO rulebooks (digest, rules, timezones)
            VALUES (:digest, CAST(:rules AS json), CAST(:timezones AS jsonb))
            ON CONFLICT (digest) DO UPDATE SET loaded_at = now()"""
        ),
        {
            "digest": digest,
            "rules": json.dumps(written["rules"], ensure_ascii=False, allow_nan=False),
            "timezones": json.dumps(written["timezones"]),
        },
    )


async def read_rulebook(connection: AsyncConnection, digest: str) -> KeptRules | None:
    """Read the rules of a digest; None: they were never kept, or this version does not understand them."""
    row = (
        await connection.execute(
            text("SELECT rules, timezones FROM rulebooks WHERE digest = :digest"), {"digest": digest}
        )
    ).one_or_none()
    if row is None:
        return None
    try:
        return KeptRules.model_validate({"rules": row.rules, "timezones": row.timezones})
    except ValidationError:
        return None
