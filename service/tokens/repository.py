"""Every query on kept tokens. They come and go sealed: nothing here opens them."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

OTHERS_STAY = timedelta(days=1)
"""How long tokens of earlier settings are kept, for processes that have not been restarted yet."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose tokens: an account, under one set of settings (`origin` is their digest)."""

    account: str
    origin: str


@dataclass(frozen=True, slots=True)
class KeptTokens:
    """A row as it is now; `age` and `pause` are seconds."""

    serial: int
    access: bytes | None
    refresh: bytes | None
    lifetime: float | None
    age: float
    failures: int
    failure: str | None
    refused: bool
    pause: float


async def read_tokens(connection: AsyncConnection, owner: Owner) -> KeptTokens | None:
    """Read what is kept; None: nothing yet."""
    row = (
        await connection.execute(
            text(
                """
                SELECT serial, access, refresh, lifetime, failures, failure, refused,
                extract(epoch FROM clock_timestamp() - given_at) AS age,
                extract(epoch FROM next_at - clock_timestamp()) AS pause
                FROM tokens WHERE account = :account AND origin = :origin"""
            ),
            {"account": owner.account, "origin": owner.origin},
        )
    ).one_or_none()
    if row is None:
        return None
    return KeptTokens(
        serial=row.serial,
        access=row.access,
        refresh=row.refresh,
        lifetime=row.lifetime,
        age=float(row.age),
        failures=row.failures,
        failure=row.failure,
        refused=row.refused,
        pause=max(0.0, float(row.pause)),
    )


async def claim_tokens(
    connection: AsyncConnection,
    owner: Owner,
    *,
    serial: int,
    claim: UUID,
    lease: timedelta,
    in_spite_of_pause: bool,
) -> bool:
    """Claim the right to fetch what follows `serial`, for `lease`. False: it is not to be had."""
    values = {
        "account": owner.account,
        "origin": owner.origin,
        "serial": serial,
        "claim": claim,
        "lease": lease,
        "anyway": in_spite_of_pause,
    }
    await connection.execute(
        text("INSERT INTO tokens (account, origin) VALUES (:account, :origin) ON CONFLICT DO NOTHING"), values
    )
    claimed = await connection.execute(
        text(
            """
            UPDATE tokens SET claim = :claim, claimed_until = clock_timestamp() + :lease
            WHERE account = :account AND origin = :origin AND serial = :serial
            AND (:anyway OR next_at <= clock_timestamp())
            AND (claim IS NULL OR claimed_until <= clock_timestamp()) RETURNING 1"""
        ),
        values,
    )
    return claimed.one_or_none() is not None


async def extend_claim(connection: AsyncConnection, owner: Owner, claim: UUID, *, lease: timedelta) -> None:
    """Move the end of a claim on, if it is still that one."""
    await connection.execute(
        text(
            """
            UPDATE tokens SET claimed_until = clock_timestamp() + :lease
            WHERE account = :account AND origin = :origin AND claim = :claim"""
        ),
        {"account": owner.account, "origin": owner.origin, "claim": claim, "lease": lease},
    )


async def keep_tokens(
    connection: AsyncConnection,
    owner: Owner,
    *,
    serial: int,
    access: bytes,
    refresh: bytes | None,
    lifetime: float | None,
    age: timedelta,
) -> bool | None:
    """Keep what follows `serial`, whoever has the claim now, and end that. None: others were kept before.

    `refresh` None: the one that is kept stays. Gives whether the account had been refused before, under these
    settings or earlier ones.
    """
    values = {
        "account": owner.account,
        "origin": owner.origin,
        "serial": serial,
        "access": access,
        "refresh": refresh,
        "lifetime": lifetime,
        "age": age,
        "others_stay": OTHERS_STAY,
    }
    rows = (
        await connection.execute(
            text(
                """
                SELECT origin, serial, refused FROM tokens WHERE account = :account
                ORDER BY origin FOR UPDATE"""
            ),
            values,
        )
    ).all()
    if (owner.origin, serial) not in {(row.origin, row.serial) for row in rows}:
        return None
    await connection.execute(
        text(
            """
            UPDATE tokens SET serial = serial + 1, access = :access, refresh = coalesce(:refresh, refresh),
            lifetime = :lifetime, given_at = clock_timestamp() - :age, claim = NULL, claimed_until = NULL,
            failures = 0, failure = NULL, refused = false, next_at = clock_timestamp()
            WHERE account = :account AND origin = :origin"""
        ),
        values,
    )
    await connection.execute(
        text(
            """
            DELETE FROM tokens WHERE account = :account AND origin <> :origin
            AND given_at < now() - :others_stay"""
        ),
        values,
    )
    # Processes that still have refused settings go on to wait, but there is nothing more to tell of it.
    await connection.execute(
        text("UPDATE tokens SET refused = false WHERE account = :account AND refused"), values
    )
    return any(row.refused for row in rows)


async def give_up_tokens(
    connection: AsyncConnection, owner: Owner, claim: UUID, *, failure: str, refused: bool, pause: timedelta
) -> bool:
    """End a claim that brought nothing. False: it was not that one any more, and nothing was written."""
    given_up = await connection.execute(
        text(
            """
            UPDATE tokens SET claim = NULL, claimed_until = NULL, failures = failures + 1, failure = :failure,
            refused = :refused, next_at = clock_timestamp() + :pause
            WHERE account = :account AND origin = :origin AND claim = :claim RETURNING 1"""
        ),
        {
            "account": owner.account,
            "origin": owner.origin,
            "claim": claim,
            "failure": failure,
            "refused": refused,
            "pause": pause,
        },
    )
    return given_up.one_or_none() is not None
