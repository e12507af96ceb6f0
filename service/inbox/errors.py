"""Why a request's deliveries were not stored. After any of these nothing may be acknowledged.

    RelayError
    └── InboxError
        ├── InboxFullError          too much waits already: refused at once
        ├── InboxUnavailableError   the database did not commit in time, or the process is ending
        └── UnstorableError         the database refuses exactly this request's rows

The web answers each with 503: the fault is ours.
"""

from service.errors import Disposition, RelayError


class InboxError(RelayError):
    """The deliveries are not known to be stored. The sender may send them again: duplicates do no harm."""

    disposition = Disposition.RETRY
    retry_after = 5.0


class InboxFullError(InboxError):
    """The requests that wait for the database hold more bytes than is allowed."""


class InboxUnavailableError(InboxError):
    """No commit within the time that a request waits for one."""


class UnstorableError(InboxError):
    """The database refused these rows and would refuse them again; the others of their group are stored."""

    disposition = Disposition.DISCARD
