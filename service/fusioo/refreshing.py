"""Tokens that expire: fetched when they are needed, by one of all who need them, and replaced in time."""

import asyncio
import hmac
import random
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from typing import TypeVar

import structlog
from pydantic import SecretStr

from service.errors import Disposition
from service.fusioo.auth import bearer
from service.fusioo.errors import FusiooError, UnreachableError, UnreadableAnswerError
from service.fusioo.errors.oauth import OAuthError, TokenRefusedError, TokenUnavailableError, refusal
from service.fusioo.oauth import ENDPOINT, Application, Tokens, build_token_request, read_tokens
from service.fusioo.tokens import Claim, Failure, TokenState, TokenStore
from service.transport.errors import TransportError
from service.transport.http import Client, send

YOUNG = 10.0
"""Seconds: a token that is refused although it is no older is not refused for its age."""
EARLIEST = 300.0
"""Tokens are replaced in the last tenth of their life, but no more than so many seconds before its end."""
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 300.0

_LOOK_EVERY = 0.1
_MOST_BYTES = 256 * 1024
_T = TypeVar("_T")
_log = structlog.get_logger()


class OAuthToken:
    """The tokens of an OAuth application, for the client of one account. Belongs to one event loop.

    `store` says who fetches; `http` is made by transport.http.make_client and belongs to its owner; `timeout`
    limits one call of the token endpoint, `patience` the wait for somebody else's, in seconds; `account` is
    for the log. A fetching that has begun goes on when whoever wanted it is cancelled: a refresh token may
    work once only.
    """

    def __init__(
        self,
        application: Application,
        store: TokenStore,
        *,
        http: Client,
        timeout: float,
        patience: float = 30.0,
        account: str | None = None,
        clock: Callable[[], float] = monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._application, self._store, self._http = application, store, http
        self._timeout, self._patience, self._account = timeout, patience, account
        self._clock, self._jitter = clock, jitter
        self._known: TokenState | None = None
        self._known_at = 0.0
        self._spurned: int | None = None
        self._fetching: asyncio.Task[SecretStr | None] | None = None

    async def headers(self) -> Mapping[str, str]:
        """Give the headers of a call. Raises TokenRefusedError, TokenUnavailableError."""
        return bearer(await self._access())

    async def refused(self, headers: Mapping[str, str]) -> bool:
        """Fetch another token if the one in `headers` may have been refused for its age.

        True: there is another one. Raises TokenRefusedError, TokenUnavailableError.
        """
        known = self._known
        if known is None or known.tokens is None:
            return False
        ours = bearer(known.tokens.access)["Authorization"].encode()
        if not hmac.compare_digest(ours, headers.get("Authorization", "").encode()):
            return True
        if self._age(known) < YOUNG:
            return False
        self._spurned = known.serial
        await self._access()
        return True

    async def aclose(self) -> None:
        """Wait for a fetching that is under way: its answer may be the only one."""
        if self._fetching is not None:
            await asyncio.wait({self._fetching})

    def __repr__(self) -> str:
        return "OAuthToken(…)"

    async def _access(self) -> SecretStr:
        deadline = self._clock() + self._patience
        while True:
            if self._known is None:
                self._know(await self._store.read())
            usable = self._usable()
            if usable is not None and (not self._is_due() or self._fetching is not None):
                return usable
            try:
                fetched = await self._fetch_once()
            except Exception as error:
                if usable is None:
                    raise
                # A token that still works is worth more than the reason why there is no newer one.
                _log.warning("token.outdated", account=self._account, error=_told(error))
                return usable
            if fetched is not None:
                return fetched
            if not self._is_due():
                continue  # somebody else has fetched it
            if usable is not None:
                return usable
            if self._clock() >= deadline:
                said = f"another process has been fetching one for longer than {self._patience:g} s"
                raise TokenUnavailableError(said, endpoint=ENDPOINT, retry_after=FIRST_PAUSE)
            await asyncio.sleep(_LOOK_EVERY)

    def _usable(self) -> SecretStr | None:
        """The access token that we know, while it has not expired or been refused."""
        known = self._known
        if known is None or known.tokens is None or known.serial == self._spurned:
            return None
        lifetime = known.tokens.lifetime
        return known.tokens.access if lifetime is None or self._age(known) < lifetime else None

    def _is_due(self) -> bool:
        known = self._known
        if known is None or known.tokens is None or self._usable() is None:
            return True
        lifetime = known.tokens.lifetime
        return lifetime is not None and self._age(known) >= lifetime - min(EARLIEST, lifetime / 10)

    def _age(self, known: TokenState) -> float:
        return known.age + self._clock() - self._known_at

    def _know(self, state: TokenState) -> None:
        self._known, self._known_at = state, self._clock()

    async def _fetch_once(self) -> SecretStr | None:
        """Look once for what follows the state that we know, and fetch it unless somebody else does.

        Gives the access token that we fetched, however short it lives; None: we fetched none.
        """
        if self._fetching is None:
            self._fetching = asyncio.ensure_future(self._look_or_fetch(self._known or TokenState()))
            self._fetching.add_done_callback(self._fetched)
        return await asyncio.shield(self._fetching)

    def _fetched(self, task: asyncio.Task[SecretStr | None]) -> None:
        self._fetching = None
        if not task.cancelled():
            task.exception()  # whoever wanted it may be gone: nobody else asks for it

    async def _look_or_fetch(self, known: TokenState) -> SecretStr | None:
        state = await self._store.read()
        if state.serial != known.serial:
            self._know(state)
            return None
        if state.pause > 0:
            raise _failure_before(state)
        claim = await self._store.claim(state.serial)
        return None if claim is None else await self._fetch(claim)

    async def _fetch(self, claim: Claim) -> SecretStr:
        began = self._clock()
        # What is raised is told by whoever asked for a token; here it is no more than the course of things.
        try:
            tokens = await self._ask_again_if_lost(claim)
        except TokenRefusedError as error:
            await self._store.give_up(
                claim, Failure(error.said or f"HTTP {error.status}", error.pause, refused=str(error))
            )
            _log.info("token.refused", account=self._account, error=str(error))
            raise
        except FusiooError as error:
            pause = self._pause(claim.failures, error.retry_after)
            missed = TokenUnavailableError(
                _short(error), endpoint=ENDPOINT, status=error.status, retry_after=pause
            )
            await self._store.give_up(claim, Failure(missed.said, pause))
            _log.info("token.missed", account=self._account, error=str(missed), seconds=round(pause, 3))
            raise missed from error
        state = await self._store.keep(claim, tokens, took=self._clock() - began)
        self._know(state)
        _log.info("token.fetched", account=self._account, serial=state.serial, lifetime=tokens.lifetime)
        return (state.tokens or tokens).access

    def _pause(self, failures: int, wish: float | None) -> float:
        pause: float = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures, 10))
        return max(pause * (0.5 + self._jitter() / 2), wish or 0.0)

    async def _ask_again_if_lost(self, claim: Claim) -> Tokens:
        """Ask; where the answer got lost, ask the same once more: some providers bear that for seconds."""
        try:
            return await self._alive(claim, self._ask(claim))
        except (UnreachableError, UnreadableAnswerError) as error:
            if isinstance(error, UnreachableError) and not error.may_have_acted:
                raise
            _log.warning("token.answer_lost", account=self._account, error=str(error))
        await self._store.extend(claim)
        return await self._alive(claim, self._ask(claim))

    async def _ask(self, claim: Claim) -> Tokens:
        request = build_token_request(self._application, claim.refresh)
        try:
            answer = await send(self._http, request, deadline=self._timeout, max_bytes=_MOST_BYTES)
        except TransportError as error:
            if error.disposition is Disposition.DISCARD and not error.may_have_acted:
                raise refusal(str(error), endpoint=ENDPOINT) from error
            raise UnreachableError.because_of(error, endpoint=ENDPOINT) from error
        return read_tokens(answer)

    async def _alive(self, claim: Claim, asking: Awaitable[_T]) -> _T:
        """Await an answer, and say meanwhile that we still live."""
        task = asyncio.ensure_future(asking)
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=self._store.extend_every)
                if not task.done():
                    await self._store.extend(claim)
            return task.result()
        finally:
            task.cancel()


def _failure_before(state: TokenState) -> OAuthError:
    if state.refused:
        return refusal(state.failure or "", endpoint=ENDPOINT)
    return TokenUnavailableError(state.failure or "", endpoint=ENDPOINT, retry_after=state.pause)


def _short(error: FusiooError) -> str:
    """What an error says, without what every error of the token endpoint says."""
    known = () if isinstance(error, OAuthError) else (error.meaning,)
    return ": ".join(part for part in (*known, error.said) if part)


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, FusiooError) else type(error).__name__
