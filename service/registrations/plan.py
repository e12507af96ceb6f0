"""What to do so that each app and kind has exactly one webhook at the provider. Pure.

A webhook there is ours if its id, or the key at the end of its URL, is in our table; no other is touched.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from service.changes.types import Kind
from service.lifecycle import RegistrationStatus


@dataclass(frozen=True, slots=True)
class Wanted:
    """One webhook that there should be."""

    app_id: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Ours:
    """A row of our table, of whatever status."""

    id: UUID
    app_id: str
    kind: Kind
    key: str
    url: str
    """What the provider was last told to call."""
    webhook_id: str | None
    status: RegistrationStatus


@dataclass(frozen=True, slots=True)
class Theirs:
    """A webhook in the provider's list."""

    id: str
    url: str
    app_id: str
    kinds: frozenset[Kind]

    @property
    def key(self) -> str:
        """The last part of its URL's path: one of our keys, if it is ours."""
        return _normal(self.url)[2].rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Create:
    """Nothing serves it: commit a new key, then ask the provider for a webhook."""

    wanted: Wanted


@dataclass(frozen=True, slots=True)
class Finish:
    """Its key is committed, but the provider has no webhook with it: ask for one with that key."""

    ours: Ours


@dataclass(frozen=True, slots=True)
class Adopt:
    """The provider made it, and we never stored the answer: take its id and secret from the list."""

    ours: Ours
    theirs: Theirs


@dataclass(frozen=True, slots=True)
class Recreate:
    """It vanished at the provider: a new key and a new webhook take its place."""

    ours: Ours


@dataclass(frozen=True, slots=True)
class Patch:
    """The provider calls another URL, or at other events, than it should."""

    ours: Ours
    theirs: Theirs
    url: str


@dataclass(frozen=True, slots=True)
class Remove:
    """A second webhook of ours where one is enough, left by an apply that was cut short."""

    theirs: Theirs


@dataclass(frozen=True, slots=True)
class Retire:
    """No rule wants it any more. Reported only: a person decides."""

    ours: Ours


@dataclass(frozen=True, slots=True)
class Keep:
    """As it should be."""

    ours: Ours


Step = Create | Finish | Adopt | Recreate | Patch | Remove | Retire | Keep

LIVE = frozenset({RegistrationStatus.CREATING, RegistrationStatus.ACTIVE})


def delivery_url(public_url: str, provider: str, key: str) -> str:
    """Where the provider shall send its deliveries (CONTRACT §5)."""
    return f"{public_url.rstrip('/')}/webhooks/{provider}/{key}"


def make_plan(
    wanted: Iterable[Wanted],
    ours: Sequence[Ours],
    theirs: Sequence[Theirs],
    *,
    public_url: str,
    provider: str,
) -> list[Step]:
    """List the steps, in an order in which they can be taken.

    `ours` holds every row of the account, the deleted ones too: a deleted one that is still at the provider
    is removed there. Adopting may be followed by a patch of the same webhook.
    """
    live = {Wanted(row.app_id, row.kind): row for row in ours if row.status in LIVE}
    served = {row.id: webhook for row in live.values() if (webhook := _find(row, theirs)) is not None}
    steps: list[Step] = []
    for want in dict.fromkeys(wanted):
        row = live.pop(want, None)
        if row is None:
            steps.append(Create(want))
        else:
            url = delivery_url(public_url, provider, row.key)
            steps.extend(_steps_for(row, served.get(row.id), url))
    steps.extend(Retire(row) for row in live.values())
    steps.extend(Remove(webhook) for webhook in _surplus(ours, theirs, served.values()))
    return steps


def _steps_for(row: Ours, webhook: Theirs | None, url: str) -> list[Step]:
    if webhook is None:
        return [Finish(row) if row.status is RegistrationStatus.CREATING else Recreate(row)]
    steps: list[Step] = []
    if row.status is RegistrationStatus.CREATING or row.webhook_id != webhook.id:
        steps.append(Adopt(row, webhook))
    if (
        not _same_url(webhook.url, url)
        or not _same_url(row.url, url)
        or webhook.kinds != {row.kind}
        or webhook.app_id != row.app_id
    ):
        steps.append(Patch(row, webhook, url))
    return steps or [Keep(row)]


def _find(row: Ours, theirs: Sequence[Theirs]) -> Theirs | None:
    """The webhook that serves a row: by its id; else by its key, the first by id if there are several."""
    by_id = (webhook for webhook in theirs if webhook.id == row.webhook_id)
    by_key = sorted((webhook for webhook in theirs if webhook.key == row.key), key=lambda webhook: webhook.id)
    return next(by_id, None) or next(iter(by_key), None)


def _surplus(ours: Sequence[Ours], theirs: Sequence[Theirs], serving: Iterable[Theirs]) -> list[Theirs]:
    """Webhooks of ours that serve nothing; one whose row is retiring is still wanted."""
    spare = {webhook.id for webhook in serving}
    for row in ours:
        if row.status is RegistrationStatus.RETIRING:
            spare.update(webhook.id for webhook in theirs if webhook.id == row.webhook_id)
    keys = {row.key for row in ours}
    ids = {row.webhook_id for row in ours}
    return [
        webhook
        for webhook in theirs
        if webhook.id not in spare and (webhook.id in ids or webhook.key in keys)
    ]


def _same_url(one: str, other: str) -> bool:
    return _normal(one) == _normal(other)


def _normal(url: str) -> tuple[str, str, str]:
    """A URL as far as it matters where it leads: providers may rewrite its case or its last slash."""
    try:
        parts = urlsplit(url)
    except ValueError:  # somebody else's webhook may have any text here
        return "", "", url
    return parts.scheme.lower(), parts.netloc.lower(), parts.path.rstrip("/")
