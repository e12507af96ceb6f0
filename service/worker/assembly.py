"""How the work of each queue is put together from what the process holds."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from service.budget.pacing import FIRST_REST
from service.changes.decision import Recheck
from service.errors import ConfigurationError
from service.handlers.kinds import BoundHandler, HandlerDeps
from service.handlers.registry import build_handlers, close_handlers
from service.pipeline.accounts.opened import Accounts
from service.pipeline.accounts.tokens import TokenVault
from service.pipeline.checking.alarms import check_at_start
from service.pipeline.halts import try_halted
from service.pipeline.kept_rules import keep_rules
from service.pipeline.linking.expand import Expander
from service.pipeline.refusals import end_refusal
from service.pipeline.rulebook import Rulebook
from service.pipeline.running.attempts import Attempts
from service.pipeline.running.run import Runner
from service.pipeline.settling.settle import Settler
from service.pipeline.telling.tell import Teller
from service.queue.messages import EXPAND, TELL, QueueName
from service.sealing import SecretBox
from service.worker.actors import Answer
from service.worker.jobs import make_jobs
from service.worker.workplace import Workplace


async def _nothing_to_begin() -> None:
    """Begin nothing."""


@dataclass(frozen=True, slots=True)
class Work:
    """How a process does the work of its queue."""

    answers: Mapping[str, Answer]
    """By the name of the actor."""
    stuck_handlers: Callable[[], Collection[str]] = tuple
    """Those with a call that could not be ended, so that the process has to. From any thread."""
    wind_down: Callable[[], None] = lambda: None
    """Begin nothing new within what is being done. From any thread."""
    begin: Callable[[], Awaitable[None]] = _nothing_to_begin
    """What is done once, before the first doorbell."""


def assemble(queue: QueueName, place: Workplace, held: AsyncExitStack, *, threads: int) -> Work:
    """Put together what answers a queue's doorbells, `threads` of them (and so many runs) at once.

    What it opens is closed by `held`. Raises ConfigurationError for what this version can't build.
    """
    match queue:
        case QueueName.SETTLE:
            accounts = _accounts(place, held)
            return Work(
                {queue.value: _settler(place, accounts).settle, EXPAND: _expander(place, accounts).expand},
                begin=partial(_begin_settling, place),
            )
        case QueueName.RUN:
            return _running(place, held, threads)
        case QueueName.JOB:
            return Work({queue.value: make_jobs(place, _accounts(place, held)).do})


async def _begin_settling(place: Workplace) -> None:
    await keep_rules(place.engine, place.configuration)
    await try_halted(place.engine, list(place.configuration.accounts))
    if place.holds_what_stands_there():
        await end_refusal(place.engine, place.settings.config)
    await check_at_start(place.engine, place.configuration)


def _settler(place: Workplace, accounts: Accounts) -> Settler:
    settings = place.settings
    return Settler(
        place.engine,
        process_id=place.process_id,
        lost_after=settings.lost_after,
        accounts=accounts.settled(),
        rulebook=Rulebook.of_configuration(place.configuration),
        recheck=Recheck(
            soon=settings.recheck_after,
            later=settings.recheck_again_after,
            first_rest=timedelta(seconds=FIRST_REST),
        ),
        bells=place.publisher,
    )


def _expander(place: Workplace, accounts: Accounts) -> Expander:
    settings = place.settings
    return Expander(
        place.engine,
        process_id=place.process_id,
        lost_after=settings.lost_after,
        accounts=accounts.linked(),
        pauses=(settings.recheck_after, settings.recheck_again_after),
        bells=place.publisher,
    )


def _running(place: Workplace, held: AsyncExitStack, threads: int) -> Work:
    accounts = _accounts(place, held)
    deps = HandlerDeps(directory=place.files.directory, engine=place.engine)
    handlers = build_handlers(place.configuration, deps)
    held.push_async_callback(close_handlers, handlers)
    runner = _runner(place, accounts, handlers, threads)
    teller = Teller(
        place.engine,
        process_id=place.process_id,
        handlers={name: handlers[name] for name in place.configuration.alarms},
        bells=place.publisher,
    )

    def stuck_handlers() -> set[str]:
        return runner.stuck_handlers() | teller.stuck_handlers()

    def wind_down() -> None:
        runner.wind_down()
        teller.wind_down()

    return Work({QueueName.RUN.value: runner.run, TELL: teller.tell}, stuck_handlers, wind_down)


def _runner(
    place: Workplace, accounts: Accounts, handlers: Mapping[str, BoundHandler], threads: int
) -> Runner:
    return Runner(
        place.engine,
        process_id=place.process_id,
        handlers=handlers,
        attempts=Attempts(place.engine, providers=accounts.providers(), clients=accounts),
        bells=place.publisher,
        places=threads,
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
