"""The base of Onspring's errors, and where there is no answer that can be read."""

from typing import Self

from service.errors import ProviderError
from service.transport.errors import TransportError

_LONGEST_QUOTE = 200


class OnspringError(ProviderError):
    """Base: Onspring did not give what was asked. `endpoint` is a label, without ids.

    `said` is the message of the API's error object, empty where there was none.
    """

    meaning = "the API answered with an error"
    remedy: str | None = None

    def __init__(
        self, said: str = "", *, endpoint: str, status: int | None = None, retry_after: float | None = None
    ) -> None:
        self.said, self.endpoint, self.status, self.retry_after = said, endpoint, status, retry_after
        message = f"Onspring, {endpoint}: {self.meaning}"
        message += f" (HTTP {status})" if status is not None else ""
        message += f": {said[:_LONGEST_QUOTE]}" if said else ""
        super().__init__(message + (f"; {self.remedy}" if self.remedy else ""))


class UnreachableError(OnspringError):
    """No answer came; `__cause__` is the TransportError, whose disposition this error takes over."""

    meaning = "no answer"
    may_have_acted: bool = True
    """False where the call surely never arrived, so that repeating it is always safe."""

    @classmethod
    def because_of(cls, cause: TransportError, *, endpoint: str) -> Self:
        error = cls(str(cause), endpoint=endpoint)
        error.disposition, error.may_have_acted = cause.disposition, cause.may_have_acted
        return error


class UnreadableAnswerError(OnspringError):
    """The answer is not what the page documents. Its text is never quoted: it may hold secrets or records."""

    meaning = "the answer can't be understood"
