"""What a webhook of ours would make of a captured request, and which settings would read it better. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from service.captures.redacting import SHOWN_HEADERS, Headers
from service.captures.scanning import Place, app_places, kind_meant, kind_places, record_places
from service.captures.secrecy import smells
from service.fusioo.id_path import IdPath
from service.fusioo.webhooks import (
    SECRET_HEADER,
    MalformedBodyError,
    NoRecordIdError,
    elements_of,
    parse_delivery,
    usual_places,
)

_MOST_SHOWN = 5
_NEVER_SECRETS = ("x-forwarded-", "x-real-", "x-request-", "x-correlation-", "x-amz", "x-b3-", "x-cloud-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a request is read. What it quotes are ids and short names, never what may be secret."""

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
    suspects = _secret_headers([name.decode("latin-1") for name, _ in headers])
    try:
        elements = elements_of(body)
    except MalformedBodyError as error:
        return _unreadable(str(error), suspects)
    first = elements[0] if elements else None
    ids = _ids(first)
    id_path = _better_path(first, ids)
    try:
        records, problem = len(parse_delivery(body)), None
    except NoRecordIdError as error:
        records, problem = 0, str(error)
    if id_path is not None:
        records = _count(body, id_path)
    if method != "POST":
        problem = f"webhooks are delivered by POST, this is {method}"
    kinds = kind_places(first)[:_MOST_SHOWN]
    return Reading(
        problem=problem,
        is_array=body.decode("utf-8-sig").lstrip().startswith("["),
        records=records,
        ids=ids[:_MOST_SHOWN],
        apps=app_places(first)[:_MOST_SHOWN],
        kinds=kinds,
        kind=next((meant for place in kinds if (meant := kind_meant(place.value))), None),
        secret_headers=suspects,
        secret_header=_other_header(suspects),
        id_path=id_path,
    )


def _unreadable(problem: str, suspects: Sequence[str]) -> Reading:
    return Reading(
        problem=problem,
        is_array=False,
        records=0,
        ids=(),
        apps=(),
        kinds=(),
        kind=None,
        secret_headers=suspects,
        secret_header=_other_header(suspects),
        id_path=None,
    )


def _ids(element: Any) -> list[Place]:
    usual = [Place(path, value) for path, value in usual_places(element)]
    paths = {place.path for place in usual}
    return usual + [place for place in record_places(element) if place.path not in paths]


def _better_path(element: Any, ids: Sequence[Place]) -> str | None:
    """Give the path to set: there is no usual place, or another one is clearly a record's."""
    usual = next(usual_places(element), None)
    if not ids or (usual is not None and ids[0].is_fusioo_id):
        return None
    clear = [place for place in ids[1:] if place.is_fusioo_id and place.is_of_record]
    if usual is not None:
        return clear[0].path if clear else None
    return ids[0].path


def _count(body: bytes, id_path: str) -> int:
    try:
        return len(parse_delivery(body, IdPath(id_path)))
    except NoRecordIdError:
        return 0


def _secret_headers(names: Sequence[str]) -> list[str]:
    ranked = [(rank, name) for name in dict.fromkeys(names) if (rank := _rank(name)) is not None]
    return [name for _, name in sorted(ranked, key=lambda each: each[0])]


def _rank(name: str) -> int | None:
    """How likely a header carries the secret as it is; None: not at all."""
    if name == SECRET_HEADER.lower():
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


def _other_header(suspects: Sequence[str]) -> str | None:
    likeliest = next(iter(suspects), None)
    if likeliest is None or (_rank(likeliest) or 0) not in {1, 2}:
        return None
    return "-".join(part.capitalize() for part in likeliest.split("-"))
