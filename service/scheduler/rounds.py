"""What the scheduler does itself, by the configuration in use, which may change while it works."""

from sqlalchemy.ext.asyncio import AsyncEngine

from service.config import Settings
from service.pipeline.bells import Bells
from service.pipeline.sweep import Sweep
from service.pipeline.telling.notices import Notices
from service.rules.configuration import Configuration


class Rounds:
    """The sweep, and telling of alarms. A round that is under way ends as it began."""

    def __init__(
        self, engine: AsyncEngine, settings: Settings, configuration: Configuration, *, bells: Bells
    ) -> None:
        self._engine, self._settings, self._bells = engine, settings, bells
        self.take(configuration)

    def take(self, configuration: Configuration) -> None:
        """Go by this configuration from the next round on."""
        retries = {name: handler.retry for name, handler in configuration.handlers.items()}
        self._sweep = Sweep(
            self._engine,
            lost_after=self._settings.lost_after,
            retries=retries,
            breakers={
                name: handler.breaker
                for name, handler in configuration.handlers.items()
                if handler.breaker is not None
            },
            bells=self._bells,
        )
        self._notices = Notices(
            self._engine,
            handlers=configuration.alarms,
            retries=retries,
            lost_after=self._settings.lost_after,
            bells=self._bells,
        )

    async def sweep(self) -> None:
        """One round of the sweep."""
        await self._sweep.sweep()

    async def tell(self) -> None:
        """One round of telling of alarms."""
        await self._notices.sweep()
