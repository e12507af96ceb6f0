"""What a child runs: a command that is executed, or a function of ours in a fork (`forking`)."""

import subprocess
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


class Child(Protocol):
    """A process of ours, as `subprocess.Popen` is one."""

    @property
    def pid(self) -> int:
        """Its number."""

    def poll(self) -> int | None:
        """Its exit code (negative: the number of the signal that killed it); None while it runs."""

    def wait(self) -> int:
        """Wait for its end, and give its exit code."""

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it still runs."""


class Program(Protocol):
    """Something that can be run as a process."""

    def start(
        self, arguments: Sequence[str], environment: Mapping[str, str], *, inherits: Collection[int]
    ) -> Child:
        """Run it with these descriptors beside those of the terminal. Raises OSError."""


@dataclass(frozen=True)
class Executed:
    """A command, without a shell."""

    command: tuple[str, ...]

    def start(
        self, arguments: Sequence[str], environment: Mapping[str, str], *, inherits: Collection[int]
    ) -> Child:
        """See `Program`."""
        return subprocess.Popen(  # noqa: S603  a command of ours
            (*self.command, *arguments), env=environment, pass_fds=tuple(inherits)
        )
