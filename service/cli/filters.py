"""Options that listings share, and what they mean."""

from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.output import JsonOption

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

AccountFilter = Annotated[str | None, typer.Option("--account", help="Only of this account.")]
AppFilter = Annotated[str | None, typer.Option("--app", help="Only of this app: its id or exact name.")]
RecordFilter = Annotated[str | None, typer.Option("--record", help="Only of the record with this id.")]
LimitOption = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many at most.")]
Json = Annotated[bool, JsonOption]


async def app_filter(connection: "AsyncConnection", reference: str | None) -> list[str] | None:
    """Turn `--app` into app ids; None: no filter. Raises NotFoundError for an app that we don't know."""
    from service.pipeline.showing.apps import known_app_ids

    return await known_app_ids(connection, reference)
