"""`relay capture …`: learns how a provider really delivers."""

import json as json_
from contextlib import aclosing, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.attaching import attached_settings
from service.cli.captured import describe
from service.cli.database_session import reading, with_engine
from service.cli.filters import Json, LimitOption
from service.cli.output import Columns, print_json, print_listing, when
from service.clock import parse_duration
from service.config import Settings
from service.errors import ConfigurationError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from service.captures.listing import CapturedView, CaptureView

app = typer.Typer(name="capture", help="Learn how a provider really delivers.")

_EMPTY = "Nothing is captured. `relay capture` begins it; what came is kept for a day."
_COLUMNS: Columns = {
    "KEY": lambda each: each.key,
    "BEGUN": lambda each: when(each.created_at),
    "UNTIL": lambda each: when(each.expires_at),
    "OPEN": lambda each: "yes" if each.is_open else "no",
    "REQUESTS": lambda each: each.requests,
}


def _parse_span(text: str) -> timedelta:
    try:
        span = parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if not timedelta(0) < span <= timedelta(days=7):
        raise typer.BadParameter("more than nothing, and 7d at most")
    return span


AccountOption = Annotated[str, typer.Option("--account", help="The account that settings are proposed for.")]
Span = Annotated[
    timedelta,
    typer.Option("--for", parser=_parse_span, metavar="SPAN", show_default="1h", help="How long: 10m, 1h."),
]
Lines = Annotated[bool, typer.Option("--json", help="Print JSON, an object a line: the URL, then requests.")]


@app.callback(
    invoke_without_command=True,
    epilog="Example: relay capture --for 10m --requests 3\n\nCtrl-C ends it. What came is kept for a day.",
)
def capture(
    context: typer.Context,
    *,
    lasts: Span = timedelta(hours=1),
    requests: Annotated[int, typer.Option(min=1, max=1000, help="How many requests at most.")] = 100,
    account: AccountOption = "main",
    json: Lines = False,
) -> None:
    """Give a URL for a while, and show what is sent there: how it is read, and what to set for it.

    What may be secret in it is neither shown nor stored.
    """
    if context.invoked_subcommand is not None:
        return
    settings = attached_settings()
    origin = _origin(settings)
    count = 0

    async def work(engine: "AsyncEngine") -> None:
        from service.pipeline.capturing.watch import begin, watch

        nonlocal count
        begun = await begin(engine, lasts=lasts, requests=requests)
        _print_begun(begun, origin, json_wanted=json)
        async with aclosing(watch(engine, begun.key)) as coming:
            async for request in coming:
                count += 1
                _print_request(request, count, account, json_wanted=json)

    with suppress(KeyboardInterrupt):  # how people end it
        with_engine(settings, work)
    if not json:
        typer.echo(f"The capture is over: {count} request{'' if count == 1 else 's'}.")


@app.command("list", epilog="Example: relay capture list --json")
def list_(*, limit: LimitOption = 50, json: Json = False) -> None:
    """List the captures that are kept, the newest first."""
    from service.captures.listing import list_captures

    async def read(connection: "AsyncConnection") -> "list[CaptureView]":
        return await list_captures(connection, limit=limit)

    print_listing(reading(attached_settings(), read), _COLUMNS, json_wanted=json, empty=_EMPTY)


@app.command("show", epilog="Example: relay capture show KEY --json")
def show(
    key: Annotated[str, typer.Argument(metavar="KEY", help="As `relay capture list` shows it.")],
    *,
    account: AccountOption = "main",
    json: Json = False,
) -> None:
    """Show again what was sent to a capture's URL."""

    async def work(engine: "AsyncEngine") -> "tuple[CaptureView, list[CapturedView]]":
        from service.pipeline.capturing.watch import requests_of

        return await requests_of(engine, key)

    found, requests = with_engine(attached_settings(), work)
    if json:
        captured = [_as_json(request, account) for request in requests]
        print_json({**_plain(found), "captured": captured})
        return
    for number, request in enumerate(requests, start=1):
        typer.echo(describe(request, number, account))
    if not requests:
        typer.echo("Nothing was sent there" + (" yet." if found.is_open else "."))


def _origin(settings: Settings) -> str:
    if settings.public_url is None:
        raise ConfigurationError(
            "RELAY_PUBLIC_URL is not set", place="environment", remedy="set it to where providers reach us"
        )
    return f"{settings.public_url}/capture"


def _print_begun(begun: "CaptureView", origin: str, *, json_wanted: bool) -> None:
    url = f"{origin}/{begun.key}"
    if json_wanted:
        typer.echo(json_.dumps({"url": url, **_plain(begun)}))
        return
    typer.echo(f"Have it sent to  {url}")
    typer.echo(f"until {when(begun.expires_at)}, {begun.left} requests at most; Ctrl-C ends it.")


def _print_request(request: "CapturedView", number: int, account: str, *, json_wanted: bool) -> None:
    if json_wanted:
        typer.echo(json_.dumps(_as_json(request, account), ensure_ascii=False))
    else:
        typer.echo(describe(request, number, account))


def _as_json(request: "CapturedView", account: str) -> dict[str, Any]:
    from service.captures.proposing import propose

    return {**_plain(request), "proposal": _plain(propose(request.reading, account))}


def _plain(view: object) -> dict[str, Any]:
    from service.pipeline.showing.plain import as_json

    plain: dict[str, Any] = as_json(view)
    return plain
