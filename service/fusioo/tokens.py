"""Where the tokens of one account are kept, and who may fetch new ones: one at a time."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic
from typing import Protocol
from uuid import UUID, uuid4

from pydantic import SecretStr

from service.fusioo.oauth import Application, Tokens


@dataclass(frozen=True, slots=True)
class TokenState:
    """What is kept of an account's tokens. Times are in seconds, at the moment of reading."""

    serial: int = 0
    """Grows by one with each answer that is kept."""
    tokens: Tokens | None = None
    age: float = 0.0
    """Since the tokens were given."""
    failure: str | None = None
    """Why the last fetching failed; None: it did not."""
    refused: bool = False
    """Whether that failure was a refusal, which only a person can mend."""
    pause: float = 0.0
    """So long no new fetching may begin."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to fetch tokens, until it is kept or given up, or its holder is lost."""

    id: UUID
    serial: int
    """That of the state that the new tokens will follow."""
    refresh: SecretStr | None
    """The newest refresh token; None: the application's own credentials are shown."""
    failures: int
    """Fetchings that failed one after the other before."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a fetching brought no tokens, and for how many seconds nobody should try again."""

    said: str
    pause: float
    refused: str | None = None
    """What a person must know where the endpoint refuses; None: it may work later by itself."""


class TokenStore(Protocol):
    """Keeps the tokens of one account, for one process or for several."""

    extend_every: float
    """Seconds after which a holder that still waits for its answer should call `extend`."""

    async def read(self) -> TokenState:
        """Give what is kept now."""
        ...

    async def claim(self, serial: int) -> Claim | None:
        """Claim the right to fetch what follows `serial`.

        None: somebody else has it, or has done it, or a pause lasts.
        """
        ...

    async def extend(self, claim: Claim) -> None:
        """Say that the holder still lives."""
        ...

    async def keep(self, claim: Claim, tokens: Tokens, *, took: float) -> TokenState:
        """Keep what was fetched within `took` seconds; give what is kept then.

        New tokens without a refresh token go on with the old one. A claim that was lost meanwhile still
        keeps its tokens if nobody kept others: they may be the only ones that work.
        """
        ...

    async def give_up(self, claim: Claim, failure: Failure) -> None:
        """Let others try, after the pause; the tokens that are kept stay."""
        ...


class MemoryTokens:
    """Keeps tokens for as long as the process lives: for a client that is used alone.

    A refresh token that the provider replaced is lost with the process; keep it yourself (`refresh_token`)
    where that matters.
    """

    extend_every = 60.0

    def __init__(self, application: Application, *, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._refresh = application.refresh_token
        self._state = TokenState()
        self._given_at = self._free_at = clock()
        self._failures = 0
        self._claim: Claim | None = None

    @property
    def refresh_token(self) -> SecretStr | None:
        """The newest refresh token: what the next process should begin with."""
        return self._refresh

    async def read(self) -> TokenState:
        now = self._clock()
        return replace(self._state, age=now - self._given_at, pause=max(0.0, self._free_at - now))

    async def claim(self, serial: int) -> Claim | None:
        if self._claim is not None or serial != self._state.serial or self._clock() < self._free_at:
            return None
        self._claim = Claim(uuid4(), serial, self._refresh, self._failures)
        return self._claim

    async def extend(self, claim: Claim) -> None:
        """Nothing to say: the holder dies with its store."""

    async def keep(self, claim: Claim, tokens: Tokens, *, took: float) -> TokenState:
        self._claim, self._failures = None, 0
        self._refresh = tokens.refresh or self._refresh
        self._state = TokenState(claim.serial + 1, tokens)
        self._given_at = self._clock() - took
        return await self.read()

    async def give_up(self, claim: Claim, failure: Failure) -> None:
        self._claim, self._failures = None, claim.failures + 1
        self._state = replace(self._state, failure=failure.said, refused=failure.refused is not None)
        self._free_at = self._clock() + failure.pause
