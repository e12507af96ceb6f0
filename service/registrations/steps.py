"""What there should be at a provider, what is there, and the steps from one to the other. Pure."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from service.changes.types import Kind
from service.lifecycle import RegistrationStatus

LIVE = frozenset({RegistrationStatus.CREATING, RegistrationStatus.ACTIVE})
"""At most one row of an app and kind has one of these."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One webhook that there should be."""

    app_id: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Ours:
    """A row of our table, of whatever status, that `webhooks apply` made."""

    id: UUID
    app_id: str
    kind: Kind
    key: str
    url: str
    """What the provider was last told to call."""
    webhook_id: str | None
    status: RegistrationStatus
    retire_at: datetime | None = None
    """Retiring: when it may go. None: the one that takes its place is not active yet."""
    overlap_over: bool = False
    """Whether `retire_at` is past, by the database's clock."""
    secret_known: bool = True
    """Whether what we keep for it is the secret that the provider lists."""

    @property
    def place(self) -> Wanted:
        """What it serves, or served."""
        return Wanted(self.app_id, self.kind)


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
        return destination(self.url)[2].rpartition("/")[2]


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
    """The provider made it, and we lack its id or its secret: take them from the list."""

    ours: Ours
    theirs: Theirs


@dataclass(frozen=True, slots=True)
class Recreate:
    """It vanished at the provider: a new key and a new webhook take its place.

    What it sent before may still be on its way, so its key counts for an overlap, as after a rotation.
    """

    ours: Ours


@dataclass(frozen=True, slots=True)
class Patch:
    """The provider calls another URL, or at other events, than it should."""

    ours: Ours
    theirs: Theirs
    url: str


@dataclass(frozen=True, slots=True)
class Rotate:
    """A person, or its silence, asks for a new one: it goes on until that one was active for an overlap."""

    ours: Ours


@dataclass(frozen=True, slots=True)
class Expire:
    """The one that took its place has been active for an overlap: delete it at the provider."""

    ours: Ours
    theirs: Theirs | None
    """None: it is gone there already."""


@dataclass(frozen=True, slots=True)
class Prune:
    """No rule wants it any more, and a person said that such are to go: delete it at the provider."""

    ours: Ours
    theirs: Theirs | None
    """None: the provider has none."""


@dataclass(frozen=True, slots=True)
class Remove:
    """A second webhook of ours where one is enough, left by an apply that was cut short."""

    theirs: Theirs


@dataclass(frozen=True, slots=True)
class Retire:
    """No rule wants it any more. Reported only: a person decides."""

    ours: Ours


@dataclass(frozen=True, slots=True)
class Overlap:
    """Another one took its place; until `retire_at` its deliveries count as well. Nothing to do."""

    ours: Ours


@dataclass(frozen=True, slots=True)
class Keep:
    """As it should be."""

    ours: Ours


Step = Create | Finish | Adopt | Recreate | Patch | Rotate | Expire | Prune | Remove | Retire | Overlap | Keep

IN_ORDER = (Keep, Overlap)
"""Steps that find nothing to do."""

BUILDING = (Create, Finish, Adopt, Recreate, Patch, Rotate)
"""Steps after which more is delivered than before, never less."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """A webhook of somebody else: no plan touches it."""

    theirs: Theirs
    here: bool
    """It leads to this relay's address, although no row of ours knows it."""


def served_by(step: Step) -> Wanted | None:
    """Tell which app and kind a step is about; None for webhooks that serve nothing."""
    match step:
        case Create(wanted):
            return wanted
        case Remove():
            return None
        case _:
            return step.ours.place


def destination(url: str) -> tuple[str, str, str]:
    """A URL as far as it matters where it leads: providers may rewrite its case or its last slash."""
    try:
        parts = urlsplit(url)
    except ValueError:  # somebody else's webhook may have any text here
        return "", "", url
    return parts.scheme.lower(), parts.netloc.lower(), parts.path.rstrip("/")
