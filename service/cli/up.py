"""`relay up`: everything on this machine."""

import os
from typing import Annotated

import typer

from service.cli.attaching import data_dir
from service.config import read_settings


def up(
    *,
    end_with_parent: Annotated[
        bool, typer.Option("--end-with-parent", help="End also when the process that started this one ends.")
    ] = False,
) -> None:
    """Run everything here, until Ctrl-C: database, queue, web, worker, scheduler, and a simulated Fusioo.

    The rules are those of RELAY_CONFIG (relay.yaml here), or an example's where there is none. With
    FUSIOO_TOKEN and RELAY_PUBLIC_URL set, it is the real Fusioo, and needs the file.
    """
    from service.dev.up.main import run_up

    settings = read_settings()
    run_up(settings, data_dir(settings), os.environ, end_with_parent=end_with_parent)
