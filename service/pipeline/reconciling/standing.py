"""How reconciling of an account stands, in words."""

from sqlalchemy.ext.asyncio import AsyncConnection

from service.pipeline.probes.checks import Status
from service.pipeline.probes.expected import Expected
from service.pipeline.probes.figures import DAY
from service.pipeline.probes.reconciles import judge_reconciles
from service.reconciles.listing import list_reconciles
from service.records.origins import count_origins


async def tell_reconciling(connection: AsyncConnection, account: str, expected: Expected) -> tuple[bool, str]:
    """Say whether all is well, and how often what no webhook told of is looked for."""
    reconciles = await list_reconciles(connection, account=account)
    for check in judge_reconciles(reconciles, await count_origins(connection, within=DAY), expected):
        return check.status is Status.PASS, check.output or ""
    if not expected.apps.get(account):
        return True, "no rule needs it"
    return True, "not yet: a worker that works by these rules does it within a minute"
