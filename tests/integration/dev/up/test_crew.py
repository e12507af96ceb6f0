"""The processes of a `relay up`: those that can't start say why."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.dev.up.crew import Crew, Part, PartFailedError

WRONG = {"PATH": os.defpath, "PORT": "no number", "RELAY_LOG_FORMAT": "json"}


@pytest.fixture
def lock(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path / "lock", os.O_CREAT | os.O_RDWR)
    yield descriptor
    os.close(descriptor)


async def never() -> bool:
    return False


async def test_one_that_ends_while_it_starts_fails_with_its_log(tmp_path: Path, lock: int) -> None:
    crew = Crew(environment=WRONG, logs=tmp_path, lock=lock, say=lambda _: None)
    async with crew:
        with pytest.raises(PartFailedError, match=r"the web ended while starting \(exit code 1\)(.|\n)*PORT"):
            await crew.start(Part("web", is_ready=never))


async def test_one_that_dies_again_and_again_fails_in_the_end(tmp_path: Path, lock: int) -> None:
    said: list[str] = []
    async with Crew(environment=WRONG, logs=tmp_path, lock=lock, say=said.append) as crew:
        await crew.start(Part("scheduler"))
        with pytest.raises(PartFailedError, match="the scheduler has died 5 times"):
            await crew.watch()
    assert said == ["The scheduler has died (exit code 1); starting it again."] * 4
