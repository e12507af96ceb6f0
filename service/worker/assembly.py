"""How the work of each queue is put together from what the process holds."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from service.changes.decision import Recheck
from service.errors import ConfigurationError
from service.handlers.kinds import HandlerDeps
from service.handlers.registry import build_handlers, close_handlers
from service.pipeline.accounts import Accounts
from service.pipeline.attempts import Attempts
from service.pipeline.jobs import Jobs
from service.pipeline.retention import Retention
from service.pipeline.rulebook import Rulebook
from service.pipeline.run import Runner
from service.pipeline.settle import Settler
from service.pipeline.tokens import TokenVault
from service.queue.messages import QueueName
from service.rules.configuration import Configuration
from service.rules.handler import Order
from service.rules.matcher import Matcher
from service.sealing import SecretBox
from service.worker.actors import Answer
from service.worker.workplace import Workplace


@dataclass(frozen=True, slots=True)
class Work:
    """How a process does the work of its queue."""

    answer: Answer
    must_retire: Callable[[], bool] = lambda: False
    """Whether something could not be ended, so that the process has to."""
    wind_down: Callable[[], None] = lambda: None
    """Begin nothing new within what is being done. From any thread."""


def assemble(queue: QueueName, place: Workplace, held: AsyncExitStack, *, threads: int) -> Work:
    """Put together what answers a queue's doorbells, `threads` of them (and so many runs) at once.

    What it opens is closed by `held`. Raises ConfigurationError for what this version can't build.
    """
    match queue:
        case QueueName.SETTLE:
            return Work(_settler(place, held).settle)
        case QueueName.RUN:
            runner = _runner(place, held, threads)
            return Work(runner.run, lambda: runner.must_retire, runner.wind_down)
        case QueueName.JOB:
            return Work(_jobs(place).do)


def _settler(place: Workplace, held: AsyncExitStack) -> Settler:
    settings = place.settings
    return Settler(
        place.engine,
        process_id=place.process_id,
        lost_after=settings.lost_after,
        accounts=_accounts(place, held).settled(),
        rulebook=_rulebook(place.configuration),
        recheck=Recheck(settings.recheck_after, settings.recheck_again_after),
        bells=place.publisher,
    )


def _runner(place: Workplace, held: AsyncExitStack, threads: int) -> Runner:
    accounts = _accounts(place, held)
    deps = HandlerDeps(directory=Path(place.settings.config).resolve().parent)
    handlers = build_handlers(place.configuration, deps)
    held.push_async_callback(close_handlers, handlers)
    return Runner(
        place.engine,
        process_id=place.process_id,
        handlers=handlers,
        attempts=Attempts(place.engine, providers=accounts.providers(), fusioo=accounts.fusioo),
        bells=place.publisher,
        places=threads,
    )


def _jobs(place: Workplace) -> Jobs:
    kept = place.configuration.retention
    retention = Retention(place.engine, deliveries=kept.deliveries, changes=kept.changes)
    return Jobs(
        {"retention": retention.forget},
        place.engine,
        process_id=place.process_id,
        lost_after=place.settings.lost_after,
    )


def _accounts(place: Workplace, held: AsyncExitStack) -> Accounts:
    accounts = Accounts(
        place.configuration.accounts,
        place.engine,
        timeout=place.settings.fetch_timeout,
        holder=place.process_id,
        vault=_vault(place),
    )
    held.push_async_callback(accounts.close)
    return accounts


def _vault(place: Workplace) -> TokenVault | None:
    """Where tokens that expire are kept; None without a key, where no account has any."""
    key = place.settings.secret_key
    if key is not None:
        return TokenVault(
            place.engine, SecretBox(key.get_secret_value()), lost_after=place.settings.lost_after
        )
    for name, account in place.configuration.accounts.items():
        if account.oauth is not None:
            raise ConfigurationError(
                "RELAY_SECRET_KEY is not set, which encrypts the tokens of `oauth`",
                place=place.configuration.place("accounts", name, "oauth"),
                remedy="set the same key for web and worker",
            )
    return None


def _rulebook(configuration: Configuration) -> Rulebook:
    return Rulebook(
        matcher=Matcher(configuration.rules, configuration.timezones),
        runs={rule.name: rule.run for rule in configuration.rules},
        ordered={name: each.order is Order.RECORD for name, each in configuration.handlers.items()},
        digest=configuration.digest,
    )
