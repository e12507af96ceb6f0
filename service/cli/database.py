"""`relay migrate`: the database's schema."""

import typer

from service.cli.attaching import attached_settings


def migrate() -> None:
    """Bring the database to the schema of this version. Safe to repeat, and to start twice at once."""
    from service.db.migrating import current_revision, head_revision, upgrade

    database_url = attached_settings().database_url or ""
    before = current_revision(database_url)
    upgrade(database_url)
    if before == head_revision():
        typer.echo(f"The schema is current ({before}).")
    else:
        typer.echo(f"The schema went from {before or 'nothing'} to {head_revision()}.")
