"""What an attempt tells of its handler costs nothing where nothing is to be noted."""

from typing import cast
from unittest.mock import Mock
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.handlers.claims import ClaimedRun
from service.handlers.marking import Mark
from service.lifecycle import AttemptOutcome, RunStatus
from service.pipeline.running.breakers import Breakers
from service.rules.discipline import Breaker

RUN = ClaimedRun(UUID(int=1), UUID(int=2), UUID(int=3), "main", "ia4f42", "r1", "urgent", "ops", 1, 1)


@pytest.mark.parametrize(
    ("breaker", "works"), [(Breaker(), True), (Breaker(), None), (None, True), (None, False), (None, None)]
)
async def test_no_connection_is_taken(breaker: Breaker | None, works: bool | None) -> None:
    """A handler that works, one without a breaker, an attempt that tells nothing of its handler."""
    engine = Mock(spec=AsyncEngine)
    mark = Mark(AttemptOutcome.DONE, RunStatus.DONE, handler_works=works)
    await Breakers(cast("AsyncEngine", engine)).note(breaker, RUN, mark)
    assert engine.mock_calls == []
