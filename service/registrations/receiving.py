"""What the receiver knows of a registration: whose deliveries its key announces, which secrets count."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.errors import ConfigurationError
from service.sealing import SecretBox

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class LiveRegistration:
    """A registration whose deliveries are accepted. Without secrets it is still being made."""

    id: UUID
    account: str
    provider: str
    app_id: str
    kind: str | None
    key: str = field(repr=False)
    secrets: tuple[bytes, ...] = field(repr=False)

    def knows(self, given: bytes) -> bool:
        """Tell whether `given` is one of the secrets; takes as long for any of them as for none."""
        known = False
        for secret in self.secrets:
            known |= hmac.compare_digest(given, secret)
        return known


_LIVE = text(
    """
    SELECT registrations.id, account, provider, app_id, kind, key,
        array_agg(sealed ORDER BY registration_secrets.id) FILTER (WHERE sealed IS NOT NULL) AS sealed
    FROM registrations LEFT JOIN registration_secrets
        ON registration_id = registrations.id AND (retired_at IS NULL OR retired_at > now())
    WHERE status IN ('creating', 'active', 'retiring') GROUP BY registrations.id"""
)


class LiveRegistrations:
    """Reads all live registrations, secrets opened. A secret that is known already is not opened twice."""

    def __init__(self, engine: AsyncEngine, box: SecretBox) -> None:
        self._engine, self._box = engine, box
        self._opened: dict[bytes, bytes | None] = {}

    async def load(self) -> Mapping[str, LiveRegistration]:
        """By key. Raises what SQLAlchemy raises when the database is away.

        A secret that our keys do not open is logged once and counts as not yet there: its registration's
        deliveries are not accepted, the others' are.
        """
        async with self._engine.connect() as connection:
            rows = (await connection.execute(_LIVE)).all()
        opened = {
            sealed: self._opened[sealed] if sealed in self._opened else self._open(sealed, row.account)
            for row in rows
            for sealed in row.sealed or ()
        }
        self._opened = opened
        return {
            row.key: LiveRegistration(
                id=row.id,
                account=row.account,
                provider=row.provider,
                app_id=row.app_id,
                kind=row.kind,
                key=row.key,
                secrets=tuple(secret for sealed in row.sealed or () if (secret := opened[sealed])),
            )
            for row in rows
        }

    def _open(self, sealed: bytes, account: str) -> bytes | None:
        try:
            return self._box.open(sealed).encode()
        except ConfigurationError as error:
            _log.error("registration.open_failed", account=account, error=str(error))
            return None
