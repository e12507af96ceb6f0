"""The first step: a provider's request becomes committed deliveries, or is refused with its reason."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from service.errors import RelayError
from service.inbox.inserting import NewDelivery
from service.inbox.writer import InboxWriter
from service.pipeline.senders import SENDERS, Headers, Sender
from service.registrations.receiving import LiveRegistration
from service.registrations.table import RegistrationTable
from service.transport.id_path import IdPath


class WrongSecretError(RelayError):
    """The request's headers do not carry a secret of this registration."""

    def __init__(self, header: str, *, account: str, app_id: str) -> None:
        self.account, self.app_id = account, app_id
        super().__init__(f"the header {header} is missing, or carries none of this webhook's secrets")


@dataclass(frozen=True, slots=True)
class Accepted:
    """So many deliveries are committed."""

    count: int


class Receiver:
    """Receives deliveries: key → secret → body → ids → commit → doorbell.

    `ring(account, app_id)` must neither block nor raise. By account, for unusual ones: `secret_headers` names
    the header, `id_paths` says where a body keeps its ids (ValueError for what is no path).
    """

    def __init__(
        self,
        *,
        table: RegistrationTable,
        inbox: InboxWriter,
        ring: Callable[[str, str], None],
        secret_headers: Mapping[str, str],
        id_paths: Mapping[str, str],
    ) -> None:
        self._table, self._inbox, self._ring = table, inbox, ring
        self.read_by(secret_headers, id_paths)

    def read_by(self, secret_headers: Mapping[str, str], id_paths: Mapping[str, str]) -> None:
        """From the next request on, expect secrets in these headers and ids at these paths, by account."""
        paths = {account: IdPath(text) for account, text in id_paths.items()}
        self._headers = {account: _as_sent(name) for account, name in secret_headers.items()}
        self._id_paths = paths

    async def receive(
        self,
        provider: str,
        key: str,
        *,
        headers: Headers,
        read_body: Callable[[], Awaitable[bytes]],
        request_id: UUID,
    ) -> Accepted:
        """Store what the request announces; returns after the commit.

        `headers` are lower-case names and values; `read_body` is called only once the secret is verified,
        and what it raises passes through. Raises UnknownKeyError, RegistrationsUnavailableError,
        WrongSecretError, MalformedBodyError, NoRecordIdError, WrongAppError or an InboxError: then nothing is
        acknowledged.
        """
        registration = await self._table.find(provider, key)
        sender = SENDERS[provider]
        self._verify(registration, sender, headers)
        body = await read_body()
        id_path = self._id_paths.get(registration.account)
        record_ids = sender.ids_in(body, id_path, registration.app_id)
        await self._inbox.store(_deliveries(registration, record_ids, request_id, body))
        self._ring(registration.account, registration.app_id)
        return Accepted(len(record_ids))

    def _verify(self, registration: LiveRegistration, sender: Sender, headers: Headers) -> None:
        wanted = self._headers.get(registration.account, sender.secret_header)
        given = sender.secrets_in(headers, wanted)
        # More than one would be several guesses in one request.
        if len(given) != 1 or not registration.knows(given[0]):
            raise WrongSecretError(
                wanted.decode("latin-1") + sender.carriers,
                account=registration.account,
                app_id=registration.app_id,
            )


def _deliveries(
    registration: LiveRegistration, record_ids: Sequence[str], request_id: UUID, body: bytes
) -> list[NewDelivery]:
    return [
        NewDelivery(
            registration_id=registration.id,
            account=registration.account,
            app_id=registration.app_id,
            kind=registration.kind,
            record_id=record_id,
            request_id=request_id,
            position=position,
            body=None if position else body,
        )
        for position, record_id in enumerate(record_ids)
    ]


def _as_sent(header: str) -> bytes:
    return header.lower().encode("latin-1")
