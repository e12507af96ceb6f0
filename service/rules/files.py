"""The files of a configuration, as they were read: the one module of this package that touches files."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from service.errors import ConfigurationError

_MOST_BYTES = 1024 * 1024
_NAMES = ("*.yaml", "*.yml")
_REMEDY = "give a readable file in RELAY_CONFIG"


@dataclass(frozen=True, slots=True)
class ConfigurationFiles:
    """What RELAY_CONFIG named, and what stood there: before `${VAR}` is put in, so without secrets."""

    path: Path
    is_directory: bool
    texts: tuple[tuple[str, str], ...]
    """(name as shown, content) of each file: one, or those of a directory by name."""

    @property
    def name(self) -> str:
        """The file or the directory, as it is shown."""
        return str(self.path)

    @property
    def directory(self) -> Path:
        """Where the modules of Python handlers are found: beside the file, or in the directory itself."""
        return self.path.resolve() if self.is_directory else self.path.resolve().parent

    def to_json(self) -> str:
        """Write it for another process."""
        return json.dumps({"path": str(self.path), "is_directory": self.is_directory, "texts": self.texts})

    @classmethod
    def from_json(cls, written: str) -> Self:
        """Read what `to_json` wrote."""
        given = json.loads(written)
        texts = tuple((name, text) for name, text in given["texts"])
        return cls(Path(given["path"]), given["is_directory"], texts)


def modules_directory(path: Path) -> Path:
    """Where the modules of Python handlers are found, for the path that RELAY_CONFIG names."""
    return path.resolve() if path.is_dir() else path.resolve().parent


def read_files(path: Path) -> ConfigurationFiles:
    """Read a configuration: a file, or all `*.yaml` and `*.yml` of a directory that are not hidden.

    Raises ConfigurationError if there is none, or one can't be read, is not UTF-8 or larger than 1 MiB.
    """
    if not path.is_dir():
        return ConfigurationFiles(path, is_directory=False, texts=((str(path), _read(path)),))
    try:
        found = {each for pattern in _NAMES for each in path.glob(pattern) if each.is_file()}
    except OSError as error:
        message = f"can't be read: {error.strerror}"
        raise ConfigurationError(message, place=str(path), remedy=_REMEDY) from None
    files = sorted((each for each in found if not each.name.startswith(".")), key=lambda each: each.name)
    if not files:
        remedy = "put your rules there, or name another place in RELAY_CONFIG"
        raise ConfigurationError("holds no *.yaml and no *.yml", place=str(path), remedy=remedy)
    return ConfigurationFiles(
        path, is_directory=True, texts=tuple((str(each), _read(each)) for each in files)
    )


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        remedy = "`relay init` writes a starter file; RELAY_CONFIG names another one"
        raise ConfigurationError("there is no such file", place=str(path), remedy=remedy) from None
    except OSError as error:
        message = f"can't be read: {error.strerror}"
        raise ConfigurationError(message, place=str(path), remedy=_REMEDY) from None
    if len(content) > _MOST_BYTES:
        raise ConfigurationError("is larger than 1 MiB", place=str(path), remedy="make it smaller")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        place, remedy = f"{path}:{line}", "save it as UTF-8"
        raise ConfigurationError("is not UTF-8", place=place, remedy=remedy) from None
