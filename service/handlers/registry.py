"""Which handler kinds there are, and the configured handlers built from them."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

import structlog
from pydantic import ValidationError

from service.handlers.builtin.fusioo_comment import FUSIOO_COMMENT
from service.handlers.builtin.fusioo_create import FUSIOO_CREATE
from service.handlers.builtin.fusioo_update import FUSIOO_UPDATE
from service.handlers.builtin.http import HTTP
from service.handlers.builtin.log import LOG
from service.handlers.builtin.onspring_attach import ONSPRING_ATTACH
from service.handlers.builtin.onspring_delete import ONSPRING_DELETE
from service.handlers.builtin.onspring_upsert import ONSPRING_UPSERT
from service.handlers.builtin.postgres import POSTGRES
from service.handlers.builtin.python import PYTHON
from service.handlers.kinds import BoundHandler, HandlerDeps, HandlerKind, HandlerSettings, OptionError
from service.rules.configuration import Configuration
from service.rules.handler import Handler, Order
from service.rules.problems import Finding, nearest

KINDS: Mapping[str, HandlerKind[Any]] = {
    kind.name: kind
    for kind in (
        HTTP,
        PYTHON,
        LOG,
        POSTGRES,
        FUSIOO_UPDATE,
        FUSIOO_CREATE,
        FUSIOO_COMMENT,
        ONSPRING_UPSERT,
        ONSPRING_DELETE,
        ONSPRING_ATTACH,
    )
}

_FOR_ALARMS = {
    "http": "write another one, whose templates name `alarm`",
    "python": "mark its function with @alarm_handler, or name another one",
}


def build_handlers(configuration: Configuration, deps: HandlerDeps) -> Mapping[str, BoundHandler]:
    """Build every configured handler, by name. Opens no connection; imports the modules of kind `python`.

    Raises InvalidConfigurationError with every problem: unknown kinds and options, values that do not fit,
    functions that are not there, handlers of changes under `alarms` and of alarms in rules; each at its
    place in the file, with a suggestion where one comes to mind.
    """
    built: dict[str, BoundHandler] = {}
    findings: list[Finding] = []
    providers = {name: account.provider for name, account in configuration.accounts.items()}
    deps = replace(deps, accounts=providers)
    for name, handler in configuration.handlers.items():
        under = ("handlers", name, handler.kind)
        kind = KINDS.get(handler.kind)
        if kind is None:
            findings.append(_unknown(under, handler.kind))
            continue
        try:
            built[name] = _build(kind, name, handler, deps)
        except ValidationError as error:
            findings += configuration.explain(error, kind.options, under=under)
        except OptionError as error:
            findings.append(Finding((*under, *error.path), error.message, error.remedy))
    findings += _misplaced(configuration, built)
    if findings:
        raise configuration.invalid(findings)
    return built


async def close_handlers(handlers: Mapping[str, BoundHandler]) -> None:
    """Free what the handlers hold. One that fails at it is logged and stops no other."""
    log = structlog.get_logger()
    for handler in handlers.values():
        try:
            await handler.close()
        except Exception:  # the process is ending: the others must be closed too
            log.exception("handler.close_failed", handler=handler.name)


def _build(kind: HandlerKind[Any], name: str, handler: Handler, deps: HandlerDeps) -> BoundHandler:
    options = kind.options.model_validate({} if handler.options is None else handler.options)
    settings = HandlerSettings(
        name=name,
        kind=kind.name,
        retry=handler.retry,
        timeout=handler.timeout,
        concurrency=handler.concurrency,
        ordered=handler.order is Order.RECORD,
        every=None if handler.rate is None else handler.rate.every,
        breaker=handler.breaker,
    )
    built = kind.build(options, settings, deps)
    return BoundHandler(
        **asdict(settings),
        call=built.call,
        tell=built.tell,
        close=built.close,
        abandoned=built.abandoned,
        fields=built.fields,
        batch=built.batch,
    )


def _misplaced(configuration: Configuration, built: Mapping[str, BoundHandler]) -> Iterator[Finding]:
    """Find handlers for changes under `alarms`, and handlers for alarms in rules."""
    for index, name in enumerate(configuration.alarms):
        if name in built and not built[name].takes_alarms:
            remedy = _FOR_ALARMS.get(built[name].kind, "name another one")
            yield Finding(("alarms", index), f"the handler `{name}` takes changes, not alarms", remedy)
    for number, rule in enumerate(configuration.rules):
        for index, name in enumerate(rule.run):
            if name in built and not built[name].takes_changes:
                message = f"the handler `{name}` takes alarms, not changes"
                yield Finding(("rules", number, "run", index), message, "name it under `alarms`")


def _unknown(path: tuple[str, str, str], kind: str) -> Finding:
    known = [*KINDS, *Handler.model_fields]
    return Finding(path, f"unknown handler kind or setting `{kind}`", nearest(kind, known), at_key=True)
