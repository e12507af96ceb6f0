"""The web process as `relay web` runs it, with the compared routes added: `python -m benchmarks.server FD`.

It listens on the inherited socket with that number.
"""

import os
import socket
import sys
from functools import partial

import uvicorn

from benchmarks.routes import compared_routes
from service.config import LogFormat, read_settings
from service.observability.logging import configure_logging
from service.web.app import create_app
from service.web.main import server_config, web_options


def main(descriptor: int) -> None:
    """Serve until SIGTERM."""
    settings = read_settings()
    configure_logging(json=settings.log_format is LogFormat.JSON, level=settings.log_level)
    app = partial(create_app, web_options(settings, os.environ), routes=compared_routes())
    with socket.socket(fileno=descriptor) as listener:
        uvicorn.Server(server_config(app)).run(sockets=[listener])


if __name__ == "__main__":
    main(int(sys.argv[1]))
