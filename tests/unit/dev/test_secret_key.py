"""The secret key of the embedded database."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from service.dev.secret_key import embedded_secret_key
from service.sealing import SecretBox


def test_made_once_fit_to_seal_and_for_our_eyes_only(tmp_path: Path) -> None:
    root = tmp_path / "data"
    key = embedded_secret_key(root)
    assert embedded_secret_key(root) == key
    assert SecretBox(key).open(SecretBox(key).seal("a")) == "a"
    assert [path.name for path in root.iterdir()] == ["secret_key"]
    assert (root / "secret_key").stat().st_mode & 0o077 == 0


def test_each_directory_has_its_own(tmp_path: Path) -> None:
    assert embedded_secret_key(tmp_path / "a") != embedded_secret_key(tmp_path / "b")


def test_two_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: embedded_secret_key(tmp_path), range(32)))) == 1
