"""Tokens that expire, kept in Postgres: all processes use the same, and one of them fetches the next.

No transaction is open while somebody waits for the token endpoint: the right to ask it is a row's lease,
which its holder moves on while it lives. Whoever is lost holds nobody up for longer than `lost_after`.
"""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import structlog
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from service.alarms.repository import AlarmName, raise_alarm
from service.clock import format_duration
from service.db.failures import is_our_fault
from service.db.persisting import persist
from service.errors import ConfigurationError
from service.fusioo.oauth import Application, Tokens
from service.fusioo.tokens import Claim, Failure, TokenState
from service.handlers.clipping import ERROR_LENGTH, clip
from service.pipeline.halts import accept_account
from service.sealing import SecretBox
from service.tokens.repository import (
    KeptTokens,
    Owner,
    claim_tokens,
    extend_claim,
    give_up_tokens,
    keep_tokens,
    read_tokens,
)

LOST_AFTER = timedelta(seconds=15)

_log = structlog.get_logger()


class TokenVault:
    """Where the tokens of all accounts are kept.

    `lost_after`: whoever fetches and is silent for so long is taken for dead. `insist`: a person asks, so the
    pause after a failure does not count.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        box: SecretBox,
        *,
        lost_after: timedelta = LOST_AFTER,
        insist: bool = False,
    ) -> None:
        self.engine, self.box = engine, box
        self.lost_after, self.insist = lost_after, insist

    def of(self, account: str, application: Application) -> "StoredTokens":
        """Give the place of one account's tokens, under these settings."""
        return StoredTokens(self, account, application)


class StoredTokens:
    """The tokens of one account (a fusioo.tokens.TokenStore)."""

    def __init__(self, vault: TokenVault, account: str, application: Application) -> None:
        self._engine, self._box = vault.engine, vault.box
        self._lease, self._insist = vault.lost_after, vault.insist
        self._owner = Owner(account, application.origin)
        self._first = application.refresh_token
        self.extend_every = vault.lost_after.total_seconds() / 3

    async def read(self) -> TokenState:
        """Give what is kept now; what RELAY_SECRET_KEY does not open counts as not kept."""
        async with self._engine.connect() as connection:
            kept = await read_tokens(connection, self._owner)
        return TokenState() if kept is None else self._state(kept)

    async def claim(self, serial: int) -> Claim | None:
        """Claim the right to fetch what follows `serial`; None: it is not to be had now."""
        claim_id = uuid4()
        async with self._engine.begin() as connection:
            claimed = await claim_tokens(
                connection,
                self._owner,
                serial=serial,
                claim=claim_id,
                lease=self._lease,
                in_spite_of_pause=self._insist,
            )
            kept = await read_tokens(connection, self._owner) if claimed else None
        if kept is None:
            return None
        return Claim(claim_id, serial, self._opened(kept.refresh) or self._first, kept.failures)

    async def extend(self, claim: Claim) -> None:
        """Say that the holder still lives. Without Postgres nobody else can take over either."""
        try:
            async with self._engine.begin() as connection:
                await extend_claim(connection, self._owner, claim.id, lease=self._lease)
        except Exception as error:
            if not is_our_fault(error):
                raise
            _log.warning("token.claim_unextended", account=self._owner.account, error=type(error).__name__)

    async def keep(self, claim: Claim, tokens: Tokens, *, took: float) -> TokenState:
        """Keep new tokens, however long our own database keeps us waiting: they may be the only ones."""
        access = self._box.seal(tokens.access.get_secret_value())
        refresh = None if tokens.refresh is None else self._box.seal(tokens.refresh.get_secret_value())

        async def write() -> None:
            async with self._engine.begin() as connection:
                were_refused = await keep_tokens(
                    connection,
                    self._owner,
                    serial=claim.serial,
                    access=access,
                    refresh=refresh,
                    lifetime=tokens.lifetime,
                    age=timedelta(seconds=took),
                )
                if were_refused:
                    await accept_account(connection, self._owner.account)

        await persist(write)
        return await persist(self.read)

    async def give_up(self, claim: Claim, failure: Failure) -> None:
        """Let others try after the pause; a refusal raises the account's alarm."""

        async def write() -> None:
            async with self._engine.begin() as connection:
                given_up = await give_up_tokens(
                    connection,
                    self._owner,
                    claim.id,
                    failure=clip(failure.said, ERROR_LENGTH),
                    refused=failure.refused is not None,
                    pause=timedelta(seconds=failure.pause),
                )
                if given_up and failure.refused is not None:
                    message = self._halted(failure.refused, timedelta(seconds=failure.pause))
                    await raise_alarm(connection, AlarmName.ACCOUNT_HALTED, self._owner.account, message)

        await persist(write)

    def _state(self, kept: KeptTokens) -> TokenState:
        state = TokenState(
            serial=kept.serial,
            age=kept.age,
            failure=kept.failure,
            refused=kept.refused,
            pause=0.0 if self._insist else kept.pause,
        )
        access = self._opened(kept.access)
        return state if access is None else replace(state, tokens=Tokens(access, lifetime=kept.lifetime))

    def _opened(self, sealed: bytes | None) -> SecretStr | None:
        if sealed is None:
            return None
        try:
            return SecretStr(self._box.open(sealed))
        except ConfigurationError as error:  # the key was replaced: others can be fetched
            _log.warning("token.not_opened", account=self._owner.account, error=str(error))
            return None

    def _halted(self, refused: str, pause: timedelta) -> str:
        return (
            f"account {self._owner.account}: {clip(refused, ERROR_LENGTH)}; its deliveries wait, and a token"
            f" is asked for again every {format_duration(pause)}, or at once by `relay doctor`"
        )

    def __repr__(self) -> str:
        return f"StoredTokens({self._owner.account!r})"
