"""What RELAY_CONFIG names: a file, or a directory of files, each read whole or refused by name."""

from pathlib import Path

import pytest

from service.errors import ConfigurationError
from service.rules.files import ConfigurationFiles, modules_directory, read_files


def test_a_file_is_read_with_its_directory(tmp_path: Path) -> None:
    path = tmp_path / "relay.yaml"
    path.write_text("version: 1")
    files = read_files(path)
    assert files.texts == ((str(path), "version: 1"),)
    assert files.directory == modules_directory(path) == tmp_path.resolve()


def test_of_a_directory_all_yaml_is_read_by_name(tmp_path: Path) -> None:
    for name in ("b.yml", "a.yaml", ".hidden.yaml", "notes.txt", "a.yaml~", "c.YAML"):
        (tmp_path / name).write_text(name)
    (tmp_path / "below.yaml").mkdir()
    (tmp_path / "link.yaml").symlink_to(tmp_path / "notes.txt")
    files = read_files(tmp_path)
    assert [Path(name).name for name, _ in files.texts] == ["a.yaml", "b.yml", "link.yaml"]
    assert [text for _, text in files.texts] == ["a.yaml", "b.yml", "notes.txt"]
    assert files.directory == modules_directory(tmp_path) == tmp_path.resolve()


def test_an_empty_directory_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / ".hidden.yaml").touch()
    with pytest.raises(ConfigurationError, match=r"holds no \*\.yaml and no \*\.yml .put your rules there"):
        read_files(tmp_path)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"x" * (1024 * 1024 + 1), "relay.yaml: is larger than 1 MiB (make it smaller)"),
        (b"a: 1\n\xff", "relay.yaml:2: is not UTF-8 (save it as UTF-8)"),
    ],
)
@pytest.mark.parametrize("named", ["relay.yaml", "."])
def test_what_cannot_be_read_is_named(tmp_path: Path, named: str, content: bytes, complaint: str) -> None:
    (tmp_path / "relay.yaml").write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        read_files(tmp_path / named)
    assert str(caught.value) == f"{tmp_path}/{complaint}"


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"relay\.yaml: there is no such file .`relay init`"):
        read_files(tmp_path / "relay.yaml")


def test_another_process_gets_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("version: 1 # ü\n\u2028")
    files = read_files(tmp_path)
    assert ConfigurationFiles.from_json(files.to_json()) == files
