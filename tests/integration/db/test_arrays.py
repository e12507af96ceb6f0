from collections.abc import Sequence

import pytest
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import Format
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.db.arrays import TextArray

ODD = ['{"a": "b\\\\c"}', "{}", "", "NULL", 'say "yes", or no', "Zürich ⚙", "line\nline", None]


@pytest.mark.parametrize("texts", [ODD, [None, None], [], ["one"]], ids=["odd", "nulls", "empty", "one"])
async def test_texts_arrive_as_they_are(engine: AsyncEngine, texts: Sequence[str | None]) -> None:
    async with engine.connect() as connection:
        rows = await connection.execute(
            text("SELECT unnest(CAST(:texts AS text[])) AS arrived"), {"texts": TextArray(texts)}
        )
        assert [row.arrived for row in rows] == list(texts)


async def test_an_array_of_texts_is_sent_in_binary(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        dumper = Transformer(driver).get_dumper(TextArray(["one"]), PyFormat.AUTO)
        assert dumper.format is Format.BINARY


async def test_a_plain_list_is_sent_as_the_driver_sends_it(engine: AsyncEngine) -> None:
    """Users' own SQL on `ctx.db` compares lists of texts with other types: only text form lets it."""
    async with engine.connect() as connection:
        row = await connection.execute(
            text("SELECT CAST('6d1f1c0e-5a0e-4c3c-8c55-0a2f6d1c9b11' AS uuid) = ANY(:ids) AS found"),
            {"ids": ["6d1f1c0e-5a0e-4c3c-8c55-0a2f6d1c9b11"]},
        )
        assert row.one().found is True
