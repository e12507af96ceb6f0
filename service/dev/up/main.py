"""`relay up`: everything on one machine, from the database to the provider, until Ctrl-C."""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import httpx2
from rich.console import Console
from sqlalchemy.ext.asyncio import AsyncEngine

from service.config import Settings
from service.db.engine import open_engine
from service.db.migrating import upgrade
from service.dev.environment import EmbeddedServices, embedded_services
from service.dev.up.attachment import attachable
from service.dev.up.crew import Crew, Part
from service.dev.up.feed import Feed
from service.dev.up.mistakes import LogFollower, Mistake
from service.dev.up.plan import Plan, Simulator, make_plan
from service.dev.up.premises import premises
from service.dev.up.racing import first_of
from service.dev.up.screen import Screen
from service.dev.up.simulated import check_accounts
from service.errors import ConfigurationError, RelayError
from service.handlers.kinds import HandlerDeps
from service.handlers.registry import build_handlers, close_handlers
from service.pipeline.registering.applying import Registrar
from service.rules.configuration import Configuration
from service.rules.files import modules_directory
from service.rules.loader import load
from service.sealing import SecretBox
from service.terminal import heeding_sighup

EDITS_A_SECOND = 1.2
_CALLS_AN_HOUR = 20_000
"""Far more than the real 500: whoever watches is not to be slowed down by a budget."""
_SEED = 0
_LOOK_EVERY = 0.5
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run_up(
    settings: Settings, root: Path, environment: Mapping[str, str], *, end_with_parent: bool = False
) -> None:
    """Run everything until SIGINT, SIGTERM or the end of the terminal; a second signal kills what is left.

    SIGHUP: the configuration is read anew, by every process, and webhooks are applied for it.
    `root` is the data directory; `environment` is what the configuration's variables come from;
    `end_with_parent`: end also when the process ends that started this one.
    Raises ConfigurationError, RefusedError when one is running there, PartFailedError, EmbeddedServerError,
    and what applying the webhooks raises. Nothing is left running then either.
    """
    parent = os.getppid() if end_with_parent else None
    screen = Screen(Console(highlight=False))
    root = root.expanduser().resolve()
    for name in ("DATABASE_URL", "REDIS_URL"):
        if environment.get(name):
            screen.note(f"{name} is set, and not used: `relay up` brings its own.")
    with premises(root, say=screen.note) as lock:
        plan = make_plan(settings, environment, root)
        read = partial(_read, plan, environment)
        configuration = read()
        asyncio.run(_check_handlers(configuration, modules_directory(plan.settings.config)))
        screen.note("Starting PostgreSQL and Valkey …")
        with attachable(root, plan.attachment), embedded_services(root) as services:
            up = _Up(plan, configuration, read, services, screen)
            variables = plan.environment(environment, services.urls)
            crew = Crew(environment=variables, logs=plan.logs, lock=lock, say=screen.say)
            asyncio.run(up.run(crew, parent))
    screen.say("Everything has ended; the data is kept.")


class _Up:
    """One `relay up`, once its database and its queue run."""

    def __init__(
        self,
        plan: Plan,
        configuration: Configuration,
        read: Callable[[], Configuration],
        services: EmbeddedServices,
        screen: Screen,
    ) -> None:
        self._plan, self._configuration, self._read = plan, configuration, read
        self._services, self._screen = services, screen
        self._settings = plan.on(services.urls)
        self._stop, self._started = asyncio.Event(), asyncio.Event()

    async def run(self, crew: Crew, parent: int | None) -> None:
        """Start everything, show what happens until the end is asked for, and end everything."""
        for number in _SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._asked_to_end, crew)
        end = partial(self._asked_to_end, crew)
        async with crew, heeding_sighup(partial(self._reload, crew), end=end):
            await first_of(self._stop.wait(), self._work(crew), _gone(parent))
            self._screen.say("Ending …")

    async def _work(self, crew: Crew) -> None:
        database_url = self._settings.database_url or ""
        await asyncio.to_thread(upgrade, database_url)
        async with AsyncExitStack() as held:
            engine = open_engine(database_url, name="up")
            held.push_async_callback(engine.dispose)
            await self._start(crew)
            self._screen.places(self._plan)
            self._started.set()
            await first_of(
                crew.watch(),
                self._look_after_services(),
                Feed(engine, self._screen.change).run(),
                LogFollower(self._plan.logs, self._show_mistake).run(),
            )

    async def _start(self, crew: Crew) -> None:
        """Start the processes. The web works before there are edits of which it is to be told."""
        self._screen.note("Starting worker, scheduler and web …")
        await crew.start(Part("worker", rereads=True))
        await crew.start(Part("scheduler", rereads=True))
        ready = partial(_answers, f"{self._plan.web_url}/health/ready")
        await crew.start(Part("web", is_ready=ready, rereads=True))
        if self._plan.simulator is not None:
            await crew.start(_simulator_part(self._plan.simulator))
        await self._apply()

    async def _apply(self) -> None:
        async with AsyncExitStack() as held:
            engine = open_engine(self._settings.database_url or "", name="apply", pool_size=1)
            held.push_async_callback(engine.dispose)
            await self._apply_on(engine)

    async def _apply_on(self, engine: AsyncEngine) -> None:
        key = self._settings.secret_key
        box = SecretBox(key.get_secret_value() if key else "")
        registrar = Registrar(
            engine=engine,
            configuration=self._configuration,
            box=box,
            public_url=self._settings.public_url or "",
            overlap=self._settings.rotation_overlap,
            call_timeout=self._settings.fetch_timeout,
        )
        for account in self._configuration.accounts:
            self._screen.applied(account, await registrar.apply(account))

    async def _reload(self, crew: Crew) -> None:
        """Have every process read the configuration anew, if it is right; its handlers the worker checks."""
        await self._started.wait()
        try:
            self._configuration = await asyncio.to_thread(self._read)
        except ConfigurationError as error:
            self._screen.say(f"The changed rules are wrong, and the ones before go on:\n{error}")
            return
        self._screen.say(f"Rules read anew: {len(self._configuration.rules)}.")
        crew.have_reread()
        try:
            await self._apply()
        except RelayError as error:
            self._screen.say(f"Applying the webhooks failed; `relay webhooks apply` tries again: {error}")

    async def _look_after_services(self) -> None:
        while True:
            for name in await asyncio.to_thread(self._services.revive):
                self._screen.say(f"{name} had died, and runs again.")
            await asyncio.sleep(_LOOK_EVERY)

    def _show_mistake(self, mistake: Mistake) -> None:
        self._screen.mistake(mistake, self._plan.logs / f"{mistake.part}.log")

    def _asked_to_end(self, crew: Crew) -> None:
        if self._stop.is_set():
            crew.hurry()
        self._stop.set()


def _read(plan: Plan, environment: Mapping[str, str]) -> Configuration:
    """Read the configuration. Raises ConfigurationError, also for accounts that are not at the simulator."""
    configuration = load(plan.settings.config, {**environment, **plan.provider_variables})
    if plan.simulator is not None:
        check_accounts(configuration, plan.simulator.url)
    return configuration


async def _check_handlers(configuration: Configuration, directory: Path) -> None:
    """Fail now for what every worker would fail for. Raises ConfigurationError."""
    await close_handlers(build_handlers(configuration, HandlerDeps(directory=directory)))


def _simulator_part(simulator: Simulator) -> Part:
    options = {
        "--port": simulator.port,
        "--seed": _SEED,
        "--rate": EDITS_A_SECOND,
        "--calls": _CALLS_AN_HOUR,
        "--keep-in": simulator.keep_in,
    }
    arguments = tuple(str(word) for option in options.items() for word in option)
    ready = partial(_answers, f"{simulator.url.removesuffix('/v3')}/_sim/held")
    return Part("simulator", arguments, ready, ends_first=True)


async def _answers(url: str) -> bool:
    async with httpx2.AsyncClient(trust_env=False, timeout=2.0) as client:
        try:
            return (await client.get(url)).is_success
        except httpx2.TransportError:
            return False


async def _gone(parent: int | None) -> None:
    """Wait until the parent has ended; for ever when there is none to follow."""
    while parent is None or os.getppid() == parent:  # noqa: ASYNC110  the kernel tells nobody
        await asyncio.sleep(_LOOK_EVERY)
