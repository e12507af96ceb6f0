"""Apps that only handlers write to are listed by the job, and their mappings checked against them."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.pipeline.accounts.opened import Accounts
from service.pipeline.checking.check import check_stored
from service.pipeline.checking.refresh import AppRefresh
from service.rules.configuration import Configuration
from service.rules.loader import parse
from tests.fixtures.database import Database
from tests.fixtures.onspring_simulator import RunningOnspring, onspring_in_thread
from tests.fixtures.pipeline import Pipeline
from tests.fixtures.simulator import RunningSimulator

Pair = tuple[RunningSimulator, RunningOnspring]


@pytest.fixture
def pair(simulator: RunningSimulator) -> Iterator[Pair]:
    with onspring_in_thread() as onspring:
        yield simulator, onspring


def configured(pair: Pair, handler: str) -> Configuration:
    fusioo, onspring = pair
    text = (
        f'version: 1\naccounts:\n  main: {{provider: fusioo, token: "${{T}}", base_url: "{fusioo.url}"}}\n'
        f'  grc: {{provider: onspring, token: "${{K}}", base_url: "{onspring.url}"}}\n'
        f"handlers:\n  h: {{{handler}}}\n"
        "rules:\n  - {name: r, account: main, app: Tasks, run: [h]}\n"
    )
    return parse(text, "relay.yaml", {"T": fusioo.token, "K": onspring.key})


async def problems(engine: AsyncEngine, database: Database, configuration: Configuration) -> list[str]:
    """Do the job `apps`, then check as `relay rules check` does."""
    holder = Pipeline(engine, database).process()
    accounts = Accounts(configuration.accounts, engine, timeout=timedelta(seconds=10), holder=holder)
    job = AppRefresh(engine, listers=accounts.listers(), configuration=configuration, every=timedelta(0))
    try:
        await job.refresh()
    finally:
        await accounts.close()
    async with engine.connect() as connection:
        checked = await check_stored(connection, configuration)
    assert not any("grc" in hint for hint in checked.hints)
    return [str(problem).partition(":")[2] for problem in checked.problems]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("{Name: x, Status: in progress, Owner: {reference: {app: Users, by: {Username: x}}}}", []),
        (
            "{Statsu: Complete}",
            ["6:79: app Tasks has no field `Statsu` that the key may see (did you mean `Status`?)"],
        ),
        (
            "{6986: Compelte}",
            ["6:85: 'Compelte' is not one of the values of the list of `6986` (did you mean `Complete`?)"],
        ),
        ("{Summary: x}", ["6:79: Onspring sets `Summary` itself (leave it out)"]),
        ("{Record Id: 5}", ["6:79: Onspring sets `Record Id` itself (leave it out)"]),
        ("{Created Date: 2026-01-01}", ["6:79: Onspring sets `Created Date` itself (leave it out)"]),
    ],
)
async def test_a_mapping_is_checked_against_the_live_app(
    engine: AsyncEngine,
    database: Database,
    pair: Pair,
    fields: str,
    expected: list[str],
) -> None:
    handler = f"onspring.upsert: {{account: grc, app: 195, key: {{Fusioo Id: x}}, fields: {fields}}}"
    assert await problems(engine, database, configured(pair, handler)) == expected


async def test_a_field_that_holds_no_files_is_named(
    engine: AsyncEngine, database: Database, pair: Pair
) -> None:
    handler = "onspring.attach: {account: grc, app: Tasks, key: {6996: x}, field: Name, files: x}"
    found = await problems(engine, database, configured(pair, handler))
    assert found == ["6:74: `Name` holds text, and no files (write `Attachments` or `Images`)"]
