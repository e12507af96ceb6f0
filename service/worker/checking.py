"""Whether the worker's processes could start with a configuration: a process of its own, run as a module.

It imports the user's modules, which the parent must not: a parent keeps what it has imported, for ever.
What it finds wrong is logged, and an alarm until a configuration is right.
"""

import argparse
import asyncio
import os
import threading
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta

import structlog

from service.config import LogFormat, Settings, read_settings
from service.db.engine import open_engine
from service.errors import ConfigurationError, RelayError
from service.observability.logging import configure_logging
from service.pipeline.checking.check import refuse_misfits
from service.pipeline.refusals import end_refusal, note_refusal
from service.queue.messages import QueueName
from service.rules.configuration import Configuration
from service.rules.files import ConfigurationFiles
from service.worker.assembly import assemble
from service.worker.ending import end_process
from service.worker.exits import REFUSED, STOPPED
from service.worker.kept import read_kept
from service.worker.reloading import BROKE_OFF
from service.worker.started import say_ready, stay_in_touch
from service.worker.workplace import Workplace, make_workplace

LONGEST = timedelta(seconds=50)
"""How long modules may take to be imported, before that is a mistake too."""
_LOOKING = timedelta(seconds=5)
"""How long Postgres may take to say what is known of the apps."""
_TELLING = timedelta(seconds=5)
"""How long Postgres may take for the alarm."""
_BROKEN_OFF = (
    "whether they are right is not known, for their check broke off ({reason}); send SIGHUP again, and if it "
    "breaks off again, look at what `relay rules check` says"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check, tell, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rules", type=int, help="where the parent keeps the configuration (default: read it)"
    )
    parser.add_argument(BROKE_OFF, help="check nothing; raise the alarm: the check before broke off, and why")
    parser.add_argument("lifeline", type=int, help="where the parent hears that it is right")
    given = parser.parse_args(arguments)
    threading.Thread(target=_end_with_parent, args=(given.lifeline,), daemon=True).start()
    settings = read_settings()
    configure_logging(json=settings.log_format is LogFormat.JSON, level=settings.log_level)
    if given.broke_off is not None:
        asyncio.run(_tell(settings, _BROKEN_OFF.format(reason=given.broke_off)))
        return STOPPED
    timer = threading.Timer(LONGEST.total_seconds(), _give_up, (settings,))
    timer.daemon = True
    timer.start()
    files = None if given.rules is None else read_kept(given.rules)
    try:
        configuration = asyncio.run(_check(settings, files))
    except RelayError as error:
        return _refuse(settings, str(error))
    except Exception as error:  # noqa: BLE001  whatever is wrong, the configuration in use goes on
        return _refuse(settings, f"{type(error).__name__}: {error}")
    timer.cancel()
    structlog.get_logger().info(
        "rules.accepted",
        place=str(settings.config),
        digest=configuration.digest,
        rules=len(configuration.rules),
    )
    asyncio.run(_tell(settings, None))
    say_ready(given.lifeline)
    return STOPPED


async def _check(settings: Settings, files: ConfigurationFiles | None) -> Configuration:
    """Put together what every kind of process would, and take it apart again. Raises what is wrong."""
    async with AsyncExitStack() as held:
        place = make_workplace(settings, "check", held, files=files)
        for queue in QueueName:
            assemble(queue, place, held, threads=1)
        await _check_with_apps(place)
        return place.configuration


async def _check_with_apps(place: Workplace) -> None:
    """Refuse rules that do not fit their apps. Without Postgres that is looked at when a process starts."""
    try:
        async with asyncio.timeout(_LOOKING.total_seconds()):
            await refuse_misfits(place.engine, place.configuration)
    except ConfigurationError:
        raise
    except Exception as error:  # noqa: BLE001  what is stored of the apps can't be read: nothing is known
        structlog.get_logger().warning("rules.unchecked", error=type(error).__name__)


def _refuse(settings: Settings, mistakes: str) -> int:
    structlog.get_logger().error("rules.refused", place=str(settings.config), error=mistakes)
    asyncio.run(_tell(settings, mistakes))
    return REFUSED


def _give_up(settings: Settings) -> None:
    os._exit(_refuse(settings, f"importing its modules took longer than {LONGEST.total_seconds():.0f} s"))


async def _tell(settings: Settings, mistakes: str | None) -> None:
    """Raise or clear the alarm, if Postgres can be reached: the log has said it already."""
    engine = open_engine(settings.database_url or "", name="check", pool_size=1)
    try:
        async with asyncio.timeout(_TELLING.total_seconds()):
            if mistakes is None:
                await end_refusal(engine, settings.config)
            else:
                await note_refusal(engine, settings.config, mistakes)
    except Exception as error:  # noqa: BLE001  Postgres is away: the rules are right or wrong all the same
        structlog.get_logger().warning("alarm.missed", error=type(error).__name__)
    finally:
        await engine.dispose()


def _end_with_parent(lifeline: int) -> None:
    stay_in_touch(lifeline)
    os._exit(REFUSED)


if __name__ == "__main__":
    end_process(main())
