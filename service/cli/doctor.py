"""`relay doctor`: is everything there that the relay needs, and what to do where it is not."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import typer

from service.cli.attaching import attached_settings
from service.cli.configuration import read_configuration
from service.cli.edge import explain
from service.cli.filters import Json
from service.cli.output import print_json
from service.config import Settings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.rules.configuration import Configuration

_MOST_SECONDS_APART = 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. `message` says what to do where it is not ok."""

    check: str
    ok: bool
    message: str


def doctor(*, json: Json = False) -> None:
    """Check configuration, database, queue, tokens, registrations and clock; say what to do."""
    findings = asyncio.run(_examine())
    if json:
        print_json([asdict(finding) for finding in findings])
    else:
        width = max(len(finding.check) for finding in findings)
        for finding in findings:
            typer.echo(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.check:<{width}}  {finding.message}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


async def _examine() -> list[Finding]:
    findings: list[Finding] = []
    try:
        settings = attached_settings(queue=True)
    except Exception as error:  # noqa: BLE001  a check reports whatever is wrong
        return [Finding("environment", ok=False, message=explain(error))]
    findings.append(Finding("environment", ok=True, message="has a database, a queue and a secret key"))
    configuration: Configuration | None = None
    try:
        configuration = read_configuration(settings)
        _check_handlers(configuration, settings)
    except Exception as error:  # noqa: BLE001  as above
        findings.append(Finding("configuration", ok=False, message=explain(error)))
    else:
        found = f"{settings.config}: {len(configuration.rules)} rules, {len(configuration.handlers)} handlers"
        findings.append(Finding("configuration", ok=True, message=found))
    findings += await _examine_services(settings, configuration)
    return findings


def _check_handlers(configuration: "Configuration", settings: Settings) -> None:
    from service.handlers.kinds import HandlerDeps
    from service.handlers.registry import build_handlers
    from service.rules.files import modules_directory

    build_handlers(configuration, HandlerDeps(directory=modules_directory(settings.config)))


async def _examine_services(settings: Settings, configuration: "Configuration | None") -> list[Finding]:
    from service.db.engine import open_engine

    engine = open_engine(settings.database_url or "", name="doctor")
    try:
        findings = [
            await _checked("database", partial(_check_schema, settings)),
            await _checked("clock", partial(_check_clock, engine)),
            await _checked("queue", partial(_check_queue, settings)),
            await _checked("handlers", partial(_check_standing, engine)),
        ]
        if configuration is not None:
            for name in configuration.accounts:
                token = partial(_check_token, settings, engine, configuration, name)
                webhooks = partial(_check_webhooks, engine, configuration, name)
                findings.append(await _checked(f"token of {name}", token))
                findings.append(await _checked(f"webhooks of {name}", webhooks))
                reconciling = partial(_check_reconciling, engine, configuration, name)
                findings.append(await _checked(f"losses of {name}", reconciling))
                records = partial(_check_records, engine, configuration, name)
                findings.append(await _checked(f"records of {name}", records))
                budget = partial(_check_budget, engine, configuration, name)
                findings.append(await _checked(f"budget of {name}", budget))
        return findings
    finally:
        await engine.dispose()


async def _checked(check: str, look: Callable[[], Awaitable[tuple[bool, str]]]) -> Finding:
    try:
        ok, message = await look()
    except Exception as error:  # noqa: BLE001  a check reports whatever is wrong
        return Finding(check, ok=False, message=explain(error))
    return Finding(check, ok, message)


async def _check_schema(settings: Settings) -> tuple[bool, str]:
    from service.db.migrating import current_revision, head_revision

    current = await asyncio.to_thread(current_revision, settings.database_url or "")
    if current == head_revision():
        return True, f"answers, its schema is current ({current})"
    return False, f"its schema is {current or 'missing'}, not {head_revision()}: run `relay migrate`"


async def _check_clock(engine: "AsyncEngine") -> tuple[bool, str]:
    from datetime import UTC, datetime

    from sqlalchemy import text

    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))  # the time of connecting is no difference of clocks
        before = datetime.now(UTC)
        theirs: datetime = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
        middle = before + (datetime.now(UTC) - before) / 2
    apart = abs((theirs - middle).total_seconds())
    if apart <= _MOST_SECONDS_APART:
        return True, f"this machine and the database are {apart:.3f} s apart"
    return False, (
        f"this machine and the database are {apart:.1f} s apart: synchronise their clocks (NTP), or receivers"
        " refuse signatures for their time"
    )


async def _check_queue(settings: Settings) -> tuple[bool, str]:
    from redis.asyncio import Redis
    from redis.exceptions import RedisError

    client = Redis.from_url(settings.redis_url or "", socket_timeout=5, socket_connect_timeout=5)
    try:
        await client.ping()
    except (RedisError, OSError) as error:
        message = str(error).partition("\n")[0]
        return False, f"does not answer: {message} (check REDIS_URL; until then work waits for the sweep)"
    finally:
        await client.aclose()
    return True, "answers"


async def _check_standing(engine: "AsyncEngine") -> tuple[bool, str]:
    """A paused handler is meant to be, one that fails is not."""
    from service.clock import iso
    from service.handlers.states import held_back

    async with engine.connect() as connection:
        standings = await held_back(connection)
    told = [
        f"{each.handler} is paused since {iso(each.paused_at)}"
        + (f" ({each.paused_because})" if each.paused_because else "")
        if each.paused_at is not None
        else f"{each.handler} failed {each.failures_in_row} times in a row: see `relay runs list --handler"
        f" {each.handler}`"
        for each in standings
    ]
    failing = any(each.opened_at is not None and each.paused_at is None for each in standings)
    return not failing, "; ".join(told) or "none is paused, none is left alone for failing"


async def _check_token(
    settings: Settings, engine: "AsyncEngine", configuration: "Configuration", account: str
) -> tuple[bool, str]:
    from service.budget.lanes import Lane
    from service.budget.ledger import Ledger
    from service.pipeline.accounts.clients import open_client, open_onspring_client
    from service.pipeline.accounts.limits import limit_of
    from service.pipeline.accounts.tokens import TokenVault
    from service.sealing import SecretBox

    key = settings.secret_key.get_secret_value() if settings.secret_key else ""
    configured, within = configuration.accounts[account], settings.fetch_timeout
    meter = Ledger(engine, account, limit_of(configured), longest=within).meter(Lane.PEOPLE)
    if configured.provider == "onspring":
        async with open_onspring_client(account, configured, timeout=within, meter=meter) as onspring:
            await onspring.apps.page(page_size=1)  # its ping asks for no key
    else:
        vault = TokenVault(engine, SecretBox(key), insist=True)
        async with open_client(account, configured, timeout=within, meter=meter, vault=vault) as client:
            await client.ping()
    host = urlsplit(configured.base_url).netloc.rpartition("@")[2]  # no password
    return True, f"is accepted by {host}"


async def _check_webhooks(
    engine: "AsyncEngine", configuration: "Configuration", account: str
) -> tuple[bool, str]:
    from service.changes.types import Kind
    from service.lifecycle import RegistrationStatus
    from service.pipeline.accounts.providers import WITH_WEBHOOKS
    from service.pipeline.registering.applying import app_references
    from service.pipeline.watching.standing import tell_standing
    from service.registrations.listing import list_registrations

    async with engine.connect() as connection:
        active = await list_registrations(connection, account=account, status=RegistrationStatus.ACTIVE)
        has_api = configuration.accounts[account].provider in WITH_WEBHOOKS
        well, standing = await tell_standing(connection, account, compared_there=has_api)
    if not has_api:
        return well, f"{len(active)} set up by people, there is no API for them; {standing}"
    missing = [
        f"{reference.text} ({kind})"
        for reference in app_references(configuration, account)
        for kind in Kind
        if not any(each.kind == kind and reference.text in (each.app_id, each.app_name) for each in active)
    ]
    if missing:
        return False, f"missing: {', '.join(missing)}; run `relay webhooks apply`"
    return well, f"{len(active)} in place; {standing}" if active else "no rule needs any"


async def _check_reconciling(
    engine: "AsyncEngine", configuration: "Configuration", account: str
) -> tuple[bool, str]:
    from service.pipeline.probes.expected import expected_of
    from service.pipeline.reconciling.standing import tell_reconciling

    async with engine.connect() as connection:
        return await tell_reconciling(connection, account, expected_of(configuration))


async def _check_records(
    engine: "AsyncEngine", configuration: "Configuration", account: str
) -> tuple[bool, str]:
    """Records that were never seen are no fault: what they lack is the diff of their first change."""
    from service.pipeline.accounts.providers import WALKED_PER_CALL
    from service.pipeline.probes.expected import expected_of
    from service.pipeline.walking.standing import tell_first_sights

    references = expected_of(configuration).apps[account]
    rows_per_call = WALKED_PER_CALL[configuration.accounts[account].provider]
    async with engine.connect() as connection:
        return True, await tell_first_sights(connection, account, references, rows_per_call=rows_per_call)


async def _check_budget(
    engine: "AsyncEngine", configuration: "Configuration", account: str
) -> tuple[bool, str]:
    """A spent budget is well, work waits for it; a refused call is not: somebody else makes some."""
    from service.budget.usage import read_usage
    from service.pipeline.accounts.limits import limit_of
    from service.pipeline.probes.budgets import describe

    async with engine.connect() as connection:
        usage = await read_usage(connection, account, limit_of(configuration.accounts[account]))
    if usage.blocked_until is None:
        return True, describe(usage)
    remedy = "see who else makes calls of this company, or lower `budget` if it allows fewer"
    return False, f"{describe(usage)}: {remedy}; calls go on by themselves"
