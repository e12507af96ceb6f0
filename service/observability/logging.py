"""One way of writing log lines, for our own and for the libraries' loggers. Called once, at a door."""

import logging
import sys
from typing import TextIO

import structlog
from stamina.instrumentation import RetryDetails, set_on_retry_hooks
from structlog.typing import Processor

from service.observability.redacting import redact

_log = structlog.get_logger()


def configure_logging(*, json: bool, level: str, stream: TextIO | None = None) -> None:
    """Write log lines of `level` (`debug` … `error`) and above to `stream` (stderr): JSON, or for people."""
    target = stream or sys.stderr
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderers: list[Processor] = (
        [structlog.processors.JSONRenderer(default=str)]
        if json
        else [
            structlog.dev.ConsoleRenderer(
                colors=target.isatty(), exception_formatter=structlog.dev.plain_traceback
            )
        ]
    )
    # Plain tracebacks: the rich ones show the values of variables, secrets among them. Redacted comes last,
    # so that it sees them too.
    renderers = [structlog.processors.format_exc_info, redact, *renderers]
    structlog.configure(
        processors=[*shared, *renderers],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(target),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
        )
    )
    # The libraries' small talk is not ours: only what they warn of.
    logging.basicConfig(handlers=[handler], level=max(number, logging.WARNING), force=True)
    # Its own hooks warn of each repeat, also of those that nobody needs to know of, and count in a registry
    # that nobody reads.
    set_on_retry_hooks([_tell_of_repeat])


def _tell_of_repeat(details: RetryDetails) -> None:
    _log.info(
        "call.missed",
        attempt=details.retry_num,
        error=str(details.caused_by),
        seconds=round(details.wait_for, 3),
    )
