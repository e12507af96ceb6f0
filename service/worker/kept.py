"""A configuration's files in memory that other processes can read: what was checked is what they get.

A child that starts hours later gets the same, whatever stands in the files by then.
"""

import os
import tempfile

from service.rules.files import ConfigurationFiles

_CHUNK = 1024 * 1024


class KeptFiles:
    """The files, and the descriptor under which a child reads them; to be closed by its owner."""

    def __init__(self, files: ConfigurationFiles) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  its name is gone at once, it lives with us
        self._file.write(files.to_json().encode())
        self._file.flush()

    @property
    def descriptor(self) -> int:
        """What a child inherits and gives to `read_kept`."""
        return self._file.fileno()

    def close(self) -> None:
        """Let go of it; children that inherited it keep theirs."""
        self._file.close()


def read_kept(descriptor: int) -> ConfigurationFiles:
    """Read what the parent keeps; any number of processes may, since nobody moves the file's position."""
    content = b""
    while chunk := os.pread(descriptor, _CHUNK, len(content)):
        content += chunk
    return ConfigurationFiles.from_json(content.decode())
