"""The error tree, and what each error asks of whoever catches it.

    RelayError
    ├── ConfigurationError     the user's settings or YAML are wrong: says where, and what to do
    ├── ProviderError          a provider's API answered with an error, or not at all (tree: fusioo/errors)
    │   ├── AccountRefusedError    it does not accept the account's credentials
    │   ├── AppRefusedError        it does not let the account use one app
    │   ├── BatchTooLargeError     it would rather be asked for fewer records at once
    │   └── UnsortableError        it does not list an app's records in the order asked for
    ├── BudgetExhaustedError   no API call is left now: says when one will be
    ├── LeaseLostError         somebody else took over what we held: drop everything
    ├── NotFoundError          the named thing is not there
    └── RefusedError           the state of things forbids it: says why, and what would allow it

An error carries a `Disposition`; only the edge (a worker, a command, a route) turns it into an act.
"""

from datetime import datetime
from enum import StrEnum


class Disposition(StrEnum):
    """What to do about a failure. Exactly one owner acts on it."""

    RETRY = "retry"
    """Try again, with a growing pause; it counts as an attempt."""
    DEFER = "defer"
    """Try again at a stated time; it does not count as an attempt."""
    DISCARD = "discard"
    """Never try again: the same input will fail the same way."""
    HALT = "halt"
    """Stop everything of this account or app and tell a person."""


class RelayError(Exception):
    """Base of every error that this package raises on purpose."""

    disposition: Disposition = Disposition.DISCARD
    retry_after: float | None = None
    """Seconds to wait at least, where the other side said so."""


class ConfigurationError(RelayError):
    """The configuration is wrong. `place` is `file:line:column` where it is known."""

    disposition = Disposition.HALT

    def __init__(self, message: str, *, place: str | None = None, remedy: str | None = None) -> None:
        self.message, self.place, self.remedy = message, place, remedy
        super().__init__(
            ": ".join(part for part in (place, message) if part) + (f" ({remedy})" if remedy else "")
        )


class ProviderError(RelayError):
    """A provider's API did not give what was asked. Subclasses say what to do."""

    disposition = Disposition.RETRY


class AccountRefusedError(ProviderError):
    """The account's credentials are not accepted: no call of the account can work."""

    disposition = Disposition.HALT


class AppRefusedError(ProviderError):
    """The app does not exist, or the account may not use it; other apps can work."""

    disposition = Disposition.HALT


class BatchTooLargeError(ProviderError):
    """So many records at once were refused: ask again for half of them."""


class BatchSpoiltError(ProviderError):
    """Several records were refused for the sake of one of them: halves find out which."""


class UnsortableError(ProviderError):
    """An app's records can't be listed by when they changed: ask for them by their ids."""


class BudgetExhaustedError(RelayError):
    """No call is left in the account's window. `free_at` (aware UTC) is when the next one is."""

    disposition = Disposition.DEFER

    def __init__(self, account: str, free_at: datetime) -> None:
        self.account, self.free_at = account, free_at
        super().__init__(f"account {account}: no API call left before {free_at:%H:%M:%S} UTC")


class LeaseLostError(RelayError):
    """The lease under which this work ran is no longer ours. Nothing was written."""


class NotFoundError(RelayError, LookupError):
    """The named delivery, change, run, handler, account … does not exist."""


class RefusedError(RelayError):
    """The thing exists, but its state forbids what was asked."""
