"""What a webhook of ours would make of a captured request, and which settings would read it better. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from service.captures.redacting import SHOWN_HEADERS, Headers
from service.captures.scanning import Place, app_places, kind_meant, kind_places, record_places
from service.captures.secrecy import smells
from service.captures.usual import FUSIOO, Usual, usual_of
from service.transport.bodies import (
    MalformedBodyError,
    NoRecordIdError,
    elements_of,
    ids_at,
    record_ids,
)
from service.transport.id_path import IdPath

_MOST_SHOWN = 5
_NEVER_SECRETS = ("x-forwarded-", "x-real-", "x-request-", "x-correlation-", "x-amz", "x-b3-", "x-cloud-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a request is read. What it quotes are ids and short names, never what may be secret."""

    provider: str
    """Whose webhooks send such: `fusioo`, or `onspring`."""
    problem: str | None
    """Why a webhook would refuse it, with the usual settings; None: it would be accepted."""
    is_array: bool
    records: int
    """How many records it announces, with `id_path` if that is proposed."""
    ids: Sequence[Place]
    """Where ids of records stand in its first element: first the one that counts."""
    apps: Sequence[Place]
    kinds: Sequence[Place]
    kind: str | None
    """What it seems to tell of: create, update or delete."""
    secret_headers: Sequence[str]
    """Headers that may carry the secret, the likeliest first."""
    secret_header: str | None
    """What to set, where the likeliest one is not the usual one."""
    id_path: str | None
    """What to set, where the record's id seems to stand elsewhere."""


def read_request(method: str, headers: Headers, body: bytes) -> Reading:
    """Read a request as the receiver would, as far as that goes, and say what it may mean."""
    names = [name.decode("latin-1") for name, _ in headers]
    try:
        elements = elements_of(body)
    except MalformedBodyError as error:
        return _unreadable(str(error), names)
    first = elements[0] if elements else None
    usual = usual_of(first)
    ids = _ids(first, usual)
    id_path = _better_path(first, ids, usual)
    try:
        records, problem = _count(elements, usual), None
    except NoRecordIdError as error:
        records, problem = 0, str(error)
    if id_path is not None:
        records = _count_at(elements, usual, id_path)
    if method != "POST":
        problem = f"webhooks are delivered by POST, this is {method}"
    kinds = kind_places(first)[:_MOST_SHOWN]
    suspects = _secret_headers(names, usual)
    return Reading(
        provider=usual.provider,
        problem=problem,
        is_array=body.decode("utf-8-sig").lstrip().startswith("["),
        records=records,
        ids=ids[:_MOST_SHOWN],
        apps=app_places(first)[:_MOST_SHOWN],
        kinds=kinds,
        kind=next((meant for place in kinds if (meant := kind_meant(place.value))), None),
        secret_headers=suspects,
        secret_header=_other_header(suspects, usual),
        id_path=id_path,
    )


def _unreadable(problem: str, names: Sequence[str]) -> Reading:
    suspects = _secret_headers(names, FUSIOO)
    return Reading(
        provider=FUSIOO.provider,
        problem=problem,
        is_array=False,
        records=0,
        ids=(),
        apps=(),
        kinds=(),
        kind=None,
        secret_headers=suspects,
        secret_header=_other_header(suspects, FUSIOO),
        id_path=None,
    )


def _ids(element: Any, usual: Usual) -> list[Place]:
    found = [Place(path, value) for path, value in ids_at(element, usual.places, usable=usual.usable)]
    paths = {place.path for place in found}
    return found + [place for place in record_places(element) if place.path not in paths]


def _better_path(element: Any, ids: Sequence[Place], usual: Usual) -> str | None:
    """Give the path to set: there is no usual place, or another one is clearly a record's."""
    found = next(ids_at(element, usual.places, usable=usual.usable), None)
    if not ids or (found is not None and ids[0].is_fusioo_id):
        return None
    clear = [place for place in ids[1:] if place.is_fusioo_id and place.is_of_record]
    if found is not None:
        return clear[0].path if clear else None
    return ids[0].path


def _count(elements: Sequence[Any], usual: Usual, id_path: IdPath | None = None) -> int:
    return len(record_ids(elements, usual.places, id_path, usable=usual.usable))


def _count_at(elements: Sequence[Any], usual: Usual, id_path: str) -> int:
    try:
        return _count(elements, usual, IdPath(id_path))
    except NoRecordIdError:
        return 0


def _secret_headers(names: Sequence[str], usual: Usual) -> list[str]:
    ranked = [(rank, name) for name in dict.fromkeys(names) if (rank := _rank(name, usual)) is not None]
    return [name for _, name in sorted(ranked, key=lambda each: each[0])]


def _rank(name: str, usual: Usual) -> int | None:
    """How likely a header carries the secret as it is; None: not at all."""
    if name in usual.headers:
        return 0
    if "secret" in name:
        return 1
    if any(word in name for word in ("signature", "hmac", "digest")):
        return 4  # computed over the body: it is another each time
    if "cookie" in name or name in SHOWN_HEADERS or name.startswith(_NEVER_SECRETS):
        return None
    if smells(name):
        return 2
    return 3 if name.startswith("x-") else None


def _other_header(suspects: Sequence[str], usual: Usual) -> str | None:
    likeliest = next(iter(suspects), None)
    if likeliest is None or (_rank(likeliest, usual) or 0) not in {1, 2}:
        return None
    return "-".join(part.capitalize() for part in likeliest.split("-"))
