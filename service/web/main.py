"""`relay web`: the receiver as one process, or several on one port."""

import gc
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

import structlog
import uvicorn
from starlette.applications import Starlette
from uvicorn.supervisors import Multiprocess

from service.config import LogFormat, Settings
from service.db.migrating import outdated_revisions
from service.errors import ConfigurationError
from service.observability.logging import configure_logging
from service.pipeline.probes.expected import Expected, expected_of
from service.rules.files import read_files
from service.rules.loader import load, parse_files
from service.rules.merging import read_documents
from service.rules.receiving import id_paths, secret_headers
from service.terminal import Terminal, expect_sighup
from service.web.app import create_app
from service.web.lifespan import WebOptions, WebRules

_BACKLOG = 2048
GRACE = 20
"""Seconds that requests under way get after SIGTERM."""
_CHILD_ANSWERS_WITHIN = 30  # seconds; uvicorn kills a child that is slower, also one that is still importing
_COLLECT_AFTER = 10_000  # containers more than were freed, where Python's own limit is 700
_KEEP_ALIVE = 75  # seconds; more than the usual 60 of a proxy, so that the proxy hangs up first

_log = structlog.get_logger()


def run_web(settings: Settings, processes: int = 1) -> None:
    """Serve until SIGTERM or SIGINT. Raises ConfigurationError when it can't start as configured.

    SIGHUP: the configuration is read anew, and taken if it is right, while requests go on.
    """
    _log_as(settings)
    options = web_options(settings, os.environ)
    listener = _listen(settings.host, settings.port)
    host, port = listener.getsockname()[:2]
    _log.info("web.started", host=host, port=port, processes=processes)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn ends in order, then raises it once more
    if processes == 1:
        expect_sighup()
        server = uvicorn.Server(server_config(partial(create_app, options)))
        with suppress(KeyboardInterrupt):
            server.run(sockets=[listener])
    else:
        _Parent(settings, options, listener, processes).run()


def web_options(settings: Settings, env: Mapping[str, str]) -> WebOptions:
    """Gather what the web process needs. Raises ConfigurationError that names what is missing."""
    if settings.database_url is None:
        raise _missing("DATABASE_URL")
    if settings.redis_url is None:
        raise _missing("REDIS_URL")
    if settings.secret_key is None:
        raise _missing("RELAY_SECRET_KEY")
    headers, paths = _read_receiving(settings, env)
    return WebOptions(
        database_url=settings.database_url,
        redis_url=settings.redis_url,
        secret_keys=settings.secret_key,
        secret_headers=headers,
        id_paths=paths,
        outdated_revisions=outdated_revisions(),
        admin_token=settings.admin_token,
        expected=_read_expected(settings, env),
        public_path=urlsplit(settings.public_url or "").path.rstrip("/"),
        refresh_every=settings.refresh_every,
        beat_every=settings.beat_every,
        lost_after=settings.lost_after,
        reread=partial(_reread, settings),
    )


def _reread(settings: Settings) -> WebRules:
    """Read the configuration anew. Raises ConfigurationError with every mistake in it."""
    files = read_files(settings.config)
    configuration = parse_files(files, os.environ)
    document = read_documents(files)
    return WebRules(
        secret_headers(document, os.environ),
        id_paths(document, os.environ),
        expected_of(configuration),
        configuration.digest,
    )


class _Parent(Multiprocess):
    """uvicorn's parent of several processes on one port, which hands SIGHUP on instead of replacing them."""

    def __init__(
        self, settings: Settings, options: WebOptions, listener: socket.socket, processes: int
    ) -> None:
        self._settings, self._options, self._count = settings, options, processes
        self._terminal = Terminal()
        super().__init__(self._make_config(), sockets=[listener])

    def handle_hup(self) -> None:
        """Have the children read the configuration anew, if it is right: also those that start later."""
        if self._terminal.is_gone:
            self.should_exit.set()
            return
        try:
            rules = _reread(self._settings)
        except ConfigurationError as error:
            _log.error("rules.refused", error=str(error))
            return
        self._options = replace(
            self._options,
            secret_headers=rules.secret_headers,
            id_paths=rules.id_paths,
            expected=rules.expected,
        )
        self.config = self._make_config()
        for process in self.processes:
            if process.pid is not None and process.process.is_alive():
                os.kill(process.pid, signal.SIGHUP)

    def _make_config(self) -> uvicorn.Config:
        app = partial(_create_child_app, self._settings, self._options, os.getpid())
        return server_config(app, processes=self._count)


def _missing(variable: str) -> ConfigurationError:
    remedy = "the web process needs it"
    return ConfigurationError(f"{variable} is not set", place="environment", remedy=remedy)


def server_config(factory: "partial[Starlette]", *, processes: int = 1) -> uvicorn.Config:
    """How the application is served: the fast parts, and nothing believed of the sender's address."""
    return uvicorn.Config(
        partial(_create_and_settle, factory),
        factory=True,
        http="httptools",
        loop="uvloop",
        ws="none",
        lifespan="on",
        workers=processes,
        timeout_worker_healthcheck=_CHILD_ANSWERS_WITHIN,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        log_config=None,
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
    )


def _create_and_settle(factory: "partial[Starlette]") -> Starlette:
    """Create the application, and keep it and all imported code out of garbage collections from then on.

    A request leaves nothing that needs one. Under load they came every few requests, walked everything, and
    took a third of the receiver's processor time and its longest pauses.
    """
    app = factory()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, 10, 10)
    return app


def _read_receiving(settings: Settings, env: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Read the headers of secrets, and the paths of ids."""
    if not settings.config.exists():
        return {}, {}  # the receiver can do without: every provider has its usual header, and usual bodies
    document = read_documents(read_files(settings.config))
    return secret_headers(document, env), id_paths(document, env)


def _read_expected(settings: Settings, env: Mapping[str, str]) -> Expected | None:
    # The receiver takes deliveries whatever is wrong there; health tells that it can't compare.
    try:
        return expected_of(load(settings.config, env))
    except ConfigurationError as error:
        _log.warning("configuration.missed", error=str(error))
        return None


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        message = f"can't listen on {host}:{port}: {error.strerror}"
        raise ConfigurationError(message, place="environment", remedy="set HOST and PORT") from None


def _log_as(settings: Settings) -> None:
    configure_logging(json=settings.log_format is LogFormat.JSON, level=settings.log_level)


def _create_child_app(settings: Settings, options: WebOptions, parent: int) -> Starlette:
    expect_sighup()
    _log_as(settings)
    threading.Thread(target=_end_with_parent, args=(parent,), name="parent-watch", daemon=True).start()
    return create_app(options)


def _end_with_parent(parent: int) -> None:
    """A child whose parent was killed would hold the port for ever: nobody is left to end it."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)
