"""Turns what the HTTP library raises into our own errors, without the secrets of a URL or a header."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx2

from service.transport.errors import (
    ConnectFailedError,
    ConnectionLostError,
    TimedOutError,
    UnsendableRequestError,
)


@contextmanager
def transport_errors(origin: str, *, within: float) -> Iterator[None]:
    """Raise a TransportError in place of httpx2's errors, and of a TimeoutError after `within` seconds."""
    try:
        yield
    except TimeoutError as error:
        raise TimedOutError(f"{origin} did not answer within {round(within, 2):g} s") from error
    except (httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ConnectError) as error:
        raise ConnectFailedError(f"{origin} could not be reached: {_reason(error)}") from error
    except httpx2.TimeoutException as error:
        raise TimedOutError(f"{origin} did not answer in time: {_reason(error)}") from error
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
        raise UnsendableRequestError(f"{origin} is not a URL that can be called: {_reason(error)}") from None
    except (httpx2.LocalProtocolError, UnicodeError):
        # Their messages quote the header's value, which may be a secret.
        raise UnsendableRequestError(f"a header for {origin} has characters that can't be sent") from None
    except httpx2.TransportError as error:
        raise ConnectionLostError(f"{origin} broke off: {_reason(error)}") from error


def origin_of(url: str) -> str:
    """Give `https://host:port` of a URL, without what may be secret in it."""
    try:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    except ValueError:
        return "the target"


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
