"""The base of Fusioo's errors, and what any call may meet."""

from typing import Any, Self

from service.errors import (
    AccountRefusedError,
    BatchSpoiltError,
    BatchTooLargeError,
    Disposition,
    ProviderError,
)
from service.transport.errors import TransportError

_LONGEST_QUOTE = 200


class FusiooError(ProviderError):
    """Base: Fusioo did not give what was asked. `endpoint` is a label, without ids."""

    code: int | None = None
    """The envelope's code; on the class the documented one, on the error the one that came."""
    meaning = "the API answered with an error"
    remedy: str | None = None

    def __init__(
        self,
        said: str = "",
        *,
        endpoint: str,
        status: int | None = None,
        code: int | None = None,
        details: Any = None,
        retry_after: float | None = None,
    ) -> None:
        self.said, self.endpoint, self.status, self.details = said, endpoint, status, details
        self.code = code if code is not None else self.code
        self.retry_after = retry_after
        numbers = ", ".join(
            f"{name} {number}"
            for name, number in (("code", self.code), ("HTTP", status))
            if number is not None
        )
        message = f"Fusioo, {endpoint}: {self.meaning}"
        message += f" ({numbers})" if numbers else ""
        message += f": {said[:_LONGEST_QUOTE]}" if said else ""
        super().__init__(message + (f"; {self.remedy}" if self.remedy else ""))


class UnreachableError(FusiooError):
    """No answer came; `__cause__` is the TransportError, whose disposition this error takes over."""

    meaning = "no answer"
    may_have_acted: bool = True
    """False where the call surely never arrived, so that repeating it is always safe."""

    @classmethod
    def because_of(cls, cause: TransportError, *, endpoint: str) -> Self:
        error = cls(str(cause), endpoint=endpoint)
        error.disposition, error.may_have_acted = cause.disposition, cause.may_have_acted
        return error


class UnreadableAnswerError(FusiooError):
    """The answer is not what the page documents. Its text is never quoted: it may hold secrets or records."""

    meaning = "the answer can't be understood"


class UnavailableError(FusiooError):
    """HTTP 5xx without a code: Fusioo, or something in front of it, is in trouble."""

    meaning = "the service is unavailable"


class RateLimitedError(FusiooError):
    """HTTP 429: the company's calls of the moving hour are used up. Not an attempt; ask again later."""

    disposition = Disposition.DEFER
    meaning = "too many calls"


class InternalError(FusiooError):
    code = 10001
    meaning = "internal error"


class EndpointNotFoundError(FusiooError):
    """The path does not exist, or not with this method: our base URL is wrong, or the API changed."""

    disposition = Disposition.HALT
    code = 10002
    meaning = "no such path or method"
    remedy = "check the account's base_url"


class UnauthorizedError(FusiooError, AccountRefusedError):
    """The token is wrong, expired or revoked. No call of this account can work."""

    disposition = Disposition.HALT
    code = 10003
    meaning = "the token is not accepted"
    remedy = "give the account a new token"


class StaleTokenError(FusiooError):
    """The token was not accepted, and a new one is there by now. Nothing was done; it is no attempt.

    A new token that is not accepted either is an UnauthorizedError: this does not go on for ever.
    """

    disposition = Disposition.DEFER
    meaning = "the token had run out; there is a new one"


class RequestTooLargeError(FusiooError, BatchTooLargeError):
    """Asking for many records at once was refused without a known code, or answered with more than we read.

    How long a URL may be is unpublished. Ask again for half of them; one record alone goes by its own path.
    """

    meaning = "the request or its answer is too large"


class OneOfManyRefusedError(FusiooError, BatchSpoiltError):
    """Asking for many records was refused because one of them does not exist or may not be read.

    Whether a list leaves such records out or is refused for them is unpublished; nor is it said which.
    """

    meaning = "one of the records asked for does not exist, or may not be read"


class UnknownCodeError(FusiooError):
    """`code` is one that no page documents for this endpoint."""

    meaning = "an undocumented error"
