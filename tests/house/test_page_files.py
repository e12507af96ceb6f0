"""What our pages tell people to write into files works: each `relay.yaml`, and each handler that it names."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.command import Relay
from tests.fixtures.fragments import SECTIONS, whole, write_missing_functions
from tests.fixtures.pages import Block, all_blocks, blocks_of

VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)\}")
STAND_INS = {"URL": "https://stand-in.example/v3", "DATABASE": "postgresql://stand-in.example/main"}
"""What a variable stands for, by the end of its name."""
IS_HANDLERS = re.compile(r"^from service\.handlers import ", re.MULTILINE)


@pytest.fixture(autouse=True)
def _modules_as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Modules of one page must not be taken for those of another."""
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if not name.startswith("service"):
            del sys.modules[name]


def _is_compose(block: Block) -> bool:
    return Path(block.file or "").name == "compose.yaml"


def _is_mistake(block: Block) -> bool:
    """An example of what is wrong: `test_twelve_mistakes.py` follows it."""
    return "mistake" in block.attributes


@pytest.mark.parametrize(
    "block",
    [each for each in all_blocks("yaml") if not _is_compose(each) and not _is_mistake(each)],
    ids=str,
)
def test_every_configuration_is_right(
    block: Block, relay: Relay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for other in blocks_of(block.page):
        if other.language == "python" and other.file:
            (tmp_path / other.file).write_text(other.text)
    text = block.text
    if section := block.attributes.get("fragment"):
        assert section in SECTIONS, f"{block}: fragment={section}"
        text = whole(text, section)
        write_missing_functions(text, tmp_path)
    (tmp_path / "relay.yaml").write_text(text)
    for name in VARIABLE.findall(text):
        monkeypatch.setenv(name, STAND_INS.get(name.rpartition("_")[2], "stand-in"))
    result = relay("rules", "check")
    assert result.exit_code == 0, f"{block}\n{text}\n{result.stderr}"


@pytest.mark.parametrize("block", all_blocks("python"), ids=str)
def test_every_module_of_handlers_is_used_and_every_script_compiles(block: Block) -> None:
    """Handlers are imported with the configuration that names them; scripts are run with their page."""
    compile(block.text, str(block), "exec")
    assert block.file, f"{block}: say file=NAME, so that it is known what to do with it"
    others = [other.text for other in blocks_of(block.page) if other is not block]
    stem = Path(block.file).stem
    is_handlers = IS_HANDLERS.search(block.text) and not stem.startswith("test_")
    using = rf"python: *{stem}\." if is_handlers else rf"^\$ .*\b{stem}\.py\b"
    assert any(re.search(using, text, re.MULTILINE) for text in others), f"{block}: nothing uses it"
