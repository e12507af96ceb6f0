"""Where each provider usually puts secrets and ids: what comes there needs no setting. Pure."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from service.fusioo import webhooks as fusioo
from service.onspring import outcomes as onspring
from service.transport.bodies import Places, ids_at, usable_id


@dataclass(frozen=True, slots=True)
class Usual:
    """One provider's habits."""

    provider: str
    headers: Collection[str]
    """That carry the secret; lower-case."""
    places: Places
    """Of records' ids."""
    usable: Callable[[Any], str | None]
    """Takes a value as an id."""


FUSIOO = Usual("fusioo", (fusioo.SECRET_HEADER.lower(),), fusioo.USUAL_PLACES, usable_id)
_ONSPRING = Usual(
    "onspring",
    (onspring.SECRET_HEADER.lower(), "authorization"),
    onspring.USUAL_PLACES,
    onspring.onspring_id,
)


def usual_of(element: Any) -> Usual:
    """Tell whose an element of a body seems to be: Onspring's where nothing but its places holds an id."""
    if next(ids_at(element, FUSIOO.places), None) is not None:
        return FUSIOO
    found = next(ids_at(element, _ONSPRING.places, usable=_ONSPRING.usable), None)
    return FUSIOO if found is None else _ONSPRING
