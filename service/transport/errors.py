"""What can go wrong between us and any other side, before its answer is even read.

    RelayError
    └── TransportError                 RETRY     no usable answer came
        ├── ConnectFailedError         RETRY     no address, refused, no free connection: nothing was sent
        ├── TimedOutError              RETRY     connected, but not answered in time
        ├── ConnectionLostError        RETRY     the connection ended, or the answer is no HTTP
        ├── ResponseTooLargeError      DISCARD   the answer exceeds our limit; ask for less
        ├── BlockedAddressError        DISCARD   the name leads to a private address: nothing was sent
        └── UnsendableRequestError     DISCARD   our URL or a header is not valid: nothing was sent

Messages name the origin (`https://host`) only: paths, queries and headers may carry secrets.
"""

from service.errors import Disposition, RelayError


class TransportError(RelayError):
    """Base: no usable answer came."""

    disposition = Disposition.RETRY
    may_have_acted: bool = True
    """False where the request surely never reached the other side, so that repeating it is always safe."""


class ConnectFailedError(TransportError):
    """No connection was made. The next try may succeed."""

    may_have_acted = False


class TimedOutError(TransportError):
    """The other side was reached, but did not answer in time. It may have acted."""


class ConnectionLostError(TransportError):
    """The connection ended in the middle, or carried something that is not HTTP. It may have acted."""


class ResponseTooLargeError(TransportError):
    """The answer is larger than we accept. The other side has acted."""

    disposition = Disposition.DISCARD


class BlockedAddressError(TransportError):
    """The host's name leads to an address that is not public, and private ones are not allowed here."""

    disposition = Disposition.DISCARD
    may_have_acted = False


class UnsendableRequestError(TransportError):
    """The URL, or a header's value, can't be sent at all. The same input will fail the same way."""

    disposition = Disposition.DISCARD
    may_have_acted = False
