"""A stranger who does what our pages say, in their order, sees what they show."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service.dev.environment import EmbeddedServices
from tests.fixtures.checkout import check_out
from tests.fixtures.pages import Block, blocks_of, page_id, pages
from tests.fixtures.reading import CLONE, Reader
from tests.fixtures.tiers import Scale
from tests.fixtures.transcripts import steps_of
from tests.fixtures.upping import RunningUp
from tests.fixtures.waiting import free_port

pytestmark = pytest.mark.timeout(300)

PAGES = [page for page in pages() if any(block.language in {"console", "sh"} for block in blocks_of(page))]
LONG = {"going-live.md", "explaining.md", "webhooks.md"}
"""What other pages show one by one, all together."""
_LOG_SHOWN = 8_000
PORTS = {"8000": "PORT", "8010": "SIMULATOR", "9000": "RECEIVER"}


@pytest.fixture
def root(fresh_root: Callable[[], Path]) -> Iterator[Path]:
    """A data directory, cleared away at the end; a failure shows what the processes on it logged."""
    root = fresh_root()
    yield root
    for log in sorted(root.glob("logs/*.log")):
        sys.stdout.write(f"--- {log.name}\n{log.read_text(errors='replace')[-_LOG_SHOWN:]}\n")
    EmbeddedServices(root).erase()


@pytest.fixture(scope="module")
def running_up(
    fresh_root: Callable[[], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningUp]:
    """A `relay up` for the commands of pages that say nothing of how to start one."""
    root = fresh_root()
    _give_port(root, str(free_port()))
    with RunningUp(root, tmp_path_factory.mktemp("up"), {"PORT": "0"}) as up:
        up.wait_for(r"runs: console ok")
        yield up
    EmbeddedServices(root).erase()


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_following_a_page_shows_what_it_shows(
    page: Path, root: Path, tmp_path: Path, request: pytest.FixtureRequest, scale: Scale
) -> None:
    if (page.parent.name == "runbooks" or page.name in LONG) and not scale.full:
        pytest.skip("at full scale")
    blocks = blocks_of(page)
    commands = _commands(blocks)
    place, notes = tmp_path / "some where", tmp_path / "notes"
    place.mkdir()
    notes.mkdir()
    path = os.environ["PATH"]
    if not any(map(CLONE.match, commands)):
        check_out(place)
        path = f"{Path(sys.executable).parent}{os.pathsep}{path}"
    ports = {name: str(free_port()) for name in PORTS.values()}
    admin: dict[str, str] = {}
    if any(map(_needs_relay_up, commands)) and not any(map(_starts_one, commands)):
        up = request.getfixturevalue("running_up")
        root, ports["PORT"] = up.root, up.wait_for(r"web +http://127\.0\.0\.1:(\d+)")[1]
        admin = {"RELAY_ADMIN_TOKEN": up.wait_for(r"admin token +(\S+)")[1]}
    else:
        _give_port(root, ports["SIMULATOR"])
    environment = {
        "PATH": path,
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",  # as in a terminal, which shows lines at once
        "RELAY_DATA_DIR": str(root),
        "PORT": ports["PORT"],
        **admin,
    }
    addresses = ("127.0.0.1:{}", '"127.0.0.1", {}', "--port {}")
    samples = {
        address.format(port): address.format(ports[name])
        for port, name in PORTS.items()
        for address in addresses
    }
    with Reader(place, notes, environment, samples) as reader:
        for block in blocks:
            reader.follow(block)


def _commands(blocks: tuple[Block, ...]) -> list[str]:
    typed = [block for block in blocks if block.language in {"console", "sh"}]
    return [step.command for block in typed for step in steps_of(block) if step.command]


def _starts_one(command: str) -> bool:
    return command.startswith(("relay up", "make up"))


def _needs_relay_up(command: str) -> bool:
    return command.startswith("relay ") and not command.startswith("relay simulate ")


def _give_port(root: Path, port: str) -> None:
    """Say on which port the simulator of a data directory is to listen: the usual one is another's here."""
    kept = root / "simulator" / "port"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(port)
