"""OAuth at a simulated provider: applications, the tokens that they were given, and how these end.

Seen live: a token of about an hour with a refresh token, a credentials token of ten years, `invalid_grant`
for a dead refresh token. The rest follows RFC 6749; where that leaves a choice there is a setting.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import Any

from service.dev.simulators.fusioo.access import User
from service.dev.simulators.fusioo.oauth_settings import OAuthSettings

_TOKEN_BITS = 4400
"""Tokens are over a kilobyte long (seen live)."""


@dataclass(frozen=True)
class Application:
    """An application that a person registered; it acts for `user`."""

    client_id: str
    client_secret: str
    user: User
    grants: frozenset[str]


@dataclass
class _Given:
    application: Application
    ends_at: datetime | None


class RefusedGrantError(Exception):
    """No token is given; `code` is the standard's."""

    def __init__(self, code: str, status: int = 400) -> None:
        super().__init__(code)
        self.code, self.status = code, status


class OAuthDesk:
    """Gives tokens, and knows whose they are. `clock` answers aware moments, `seed` decides tokens."""

    def __init__(self, clock: Callable[[], datetime], seed: int) -> None:
        self.settings = OAuthSettings()
        self._clock = clock
        self._rng = random.Random(seed)  # noqa: S311 (made to be repeatable, protects nothing)
        self._applications: dict[str, Application] = {}
        self._access: dict[str, _Given] = {}
        self._refresh: dict[str, _Given] = {}

    def register(
        self,
        client_id: str,
        client_secret: str,
        user: User,
        *,
        grants: frozenset[str] = frozenset({"client_credentials", "refresh_token"}),
    ) -> None:
        """Register an application, or give a registered one another secret."""
        self._applications[client_id] = Application(client_id, client_secret, user, grants)

    def authorise(self, client_id: str) -> str:
        """Give a refresh token, as the code grant does when a person has agreed."""
        return self._new_refresh(self._applications[client_id])

    def give(self, form: Mapping[str, str], basic: tuple[str, str] | None) -> dict[str, Any]:
        """Answer a token request; `basic` is the application's id and secret from the header.

        Raises RefusedGrantError.
        """
        application = self._identified(form, basic)
        grant = form.get("grant_type")
        if grant not in {"client_credentials", "refresh_token"}:
            raise RefusedGrantError("unsupported_grant_type" if grant else "invalid_request")
        if grant not in application.grants:
            raise RefusedGrantError("unauthorized_client")
        answer: dict[str, Any] = {"access_token": self._new_access(application), "token_type": "Bearer"}
        if self.settings.tells_lifetime:
            answer["expires_in"] = self.settings.lifetime.total_seconds()
        if grant == "refresh_token":
            replaced = self._spend(form.get("refresh_token"), application)
            answer |= {} if replaced is None else {"refresh_token": replaced}
        return answer

    def user_of(self, access: str) -> User | None:
        """Find whose token it is; None once it has expired."""
        given = self._access.get(access)
        return given.application.user if given is not None and self._lasts(given) else None

    def expire(self) -> None:
        """Let every access token end now, whatever was said of its lifetime."""
        self._access.clear()

    def revoke(self, client_id: str) -> None:
        """Let every token of an application end now, refresh tokens too: the consent was withdrawn."""
        for given in (self._access, self._refresh):
            for token in [one for one, each in given.items() if each.application.client_id == client_id]:
                del given[token]

    def _identified(self, form: Mapping[str, str], basic: tuple[str, str] | None) -> Application:
        in_body = (form.get("client_id", ""), form.get("client_secret", ""))
        shown = {"body": in_body, "header": basic or ("", ""), "either": basic or in_body}
        client_id, client_secret = shown[self.settings.credentials_in]
        application = self._applications.get(client_id)
        right = application.client_secret if application is not None else ""
        if application is None or not compare_digest(right.encode(), client_secret.encode()):
            raise RefusedGrantError("invalid_client", 401)
        return application

    def _spend(self, token: str | None, application: Application) -> str | None:
        """Use a refresh token; gives the one that replaces it."""
        given = self._refresh.get(token or "")
        if given is None or given.application.client_id != application.client_id or not self._lasts(given):
            raise RefusedGrantError("invalid_grant")
        if not self.settings.rotates:
            return None
        if given.ends_at is None:
            given.ends_at = self._clock() + self.settings.grace
        return self._new_refresh(application)

    def _new_access(self, application: Application) -> str:
        token = self._new_token()
        self._access[token] = _Given(application, self._clock() + self.settings.lifetime)
        return token

    def _new_refresh(self, application: Application) -> str:
        token = self._new_token()
        self._refresh[token] = _Given(application, None)
        return token

    def _new_token(self) -> str:
        return f"{self._rng.getrandbits(_TOKEN_BITS):0{_TOKEN_BITS // 4}x}"

    def _lasts(self, given: _Given) -> bool:
        return given.ends_at is None or self._clock() < given.ends_at
