"""How much work the inbox holds. Every query reads an index of unfinished or dead deliveries, and stops."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.db.base import status_in
from service.db.counting import count_up_to
from service.lifecycle import DELIVERY_UNFINISHED

_UNFINISHED = status_in(DELIVERY_UNFINISHED)
_APPS_AT_MOST = 1000

# From app to app along the index, then to the first due delivery of each.
_OLDEST_DUE = text(f"""
    WITH RECURSIVE app AS (
        (SELECT account, app_id FROM deliveries WHERE {_UNFINISHED} ORDER BY account, app_id LIMIT 1)
        UNION ALL SELECT next.account, next.app_id FROM app CROSS JOIN LATERAL (
            SELECT account, app_id FROM deliveries WHERE {_UNFINISHED}
            AND (account, app_id) > (app.account, app.app_id) ORDER BY account, app_id LIMIT 1) AS next)
    SELECT few.account, few.app_id, now() - oldest.due_at AS age
    FROM (SELECT account, app_id FROM app LIMIT {_APPS_AT_MOST}) AS few CROSS JOIN LATERAL (
        SELECT due_at FROM deliveries WHERE deliveries.account = few.account
        AND deliveries.app_id = few.app_id AND {_UNFINISHED} AND due_at <= now()
        ORDER BY account, app_id, due_at LIMIT 1) AS oldest
    ORDER BY age DESC""")


@dataclass(frozen=True, slots=True)
class DueApp:
    """An app with a delivery that is due, and since when the oldest of them is."""

    account: str
    app_id: str
    age: timedelta


@dataclass(frozen=True, slots=True)
class DeliveryBacklog:
    """What is not finished, and what never will be by itself. Counts stop at `COUNTED_AT_MOST`."""

    unfinished: int
    dead: int
    due: tuple[DueApp, ...]
    """The apps with due deliveries, the longest due first."""


async def read_delivery_backlog(connection: AsyncConnection) -> DeliveryBacklog:
    """Measure the inbox."""
    rows = await connection.execute(_OLDEST_DUE)
    return DeliveryBacklog(
        unfinished=await count_up_to(
            connection, f"deliveries WHERE {_UNFINISHED} ORDER BY account, app_id, due_at, id"
        ),
        dead=await count_up_to(connection, "deliveries WHERE status = 'dead' ORDER BY id"),
        due=tuple(DueApp(row.account, row.app_id, row.age) for row in rows),
    )
