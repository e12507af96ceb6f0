"""The doorbells that the pipeline rings. They may be lost: the sweep rings again."""

from typing import Protocol


class Bells(Protocol):
    """Rings without waiting and without failing; `queue.publisher.Publisher` is one."""

    def ring_settle(self, account: str, app_id: str) -> None:
        """Say that an app's deliveries may be due."""
        ...

    def ring_expand(self, account: str) -> None:
        """Say that rules of an account wait for linked records."""
        ...

    def ring_run(self, handler: str) -> None:
        """Say that runs of a handler may be ready."""
        ...

    def ring_tell(self, handler: str) -> None:
        """Say that a handler may have to be told of alarms."""
        ...
