"""A change as a file states it, to try rules on: an http body, or what `relay changes show` prints. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from service.changes.types import App, Change, FieldDiff, Kind, Origin
from service.errors import RefusedError
from service.rules.linked import Linked
from service.rules.rejudging import KeptChange


class _Sides(BaseModel):
    before: Any = None
    after: Any = None


class _App(BaseModel):
    id: str
    name: str | None = None


class _Stated(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    account: str
    app: _App
    kind: Kind
    record: dict[str, Any] | None = None
    diff: dict[str, _Sides] | None = None
    record_id: str | None = None
    id: UUID = Field(default=UUID(int=0), validation_alias=AliasChoices("change_id", "id"))
    origin: Origin = Origin.WEBHOOK
    version: int = 1
    restored: bool = False
    deliveries: int = 0
    created_at: datetime | None = Field(
        default=None, validation_alias=AliasChoices("created_at", "timestamp")
    )
    linked: dict[str, list[dict[str, Any]]] = {}
    gaps: dict[str, list[str]] = {}


def read_stated_change(content: Any, *, place: str, now: datetime) -> KeptChange:
    """Read the `data` of an http body, a whole body, or what `relay changes show --json` prints.

    `account`, `app` (or `app_id`) and `kind` must be there; `now` (aware) is its moment if it has none.
    An app without a name gets its id for one. Raises RefusedError, which names `place`.
    """
    if not isinstance(content, Mapping):
        raise RefusedError(f"{place}: should be a JSON object that states a change")
    try:
        stated = _Stated.model_validate(_flat(content))
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        told = "; ".join(f"`{'.'.join(map(str, each['loc']))}`: {each['msg']}" for each in found)
        raise RefusedError(
            f"{place}: does not state a change: {told} (give the body of an http handler,"
            " or what `relay changes show ID --json` prints)"
        ) from None
    linked = {"": Linked(stated.linked, stated.gaps)} if stated.linked or stated.gaps else {}
    return KeptChange(_change(stated, now), rules_digest="", verdicts=None, fired=(), linked=linked)


def _flat(content: Mapping[str, Any]) -> dict[str, Any]:
    """The change itself, whether it stands in a body or alone."""
    inner = content.get("data")
    stated = {**content, **inner} if isinstance(inner, Mapping) else dict(content)
    if "app" not in stated and "app_id" in stated:
        stated["app"] = {"id": stated["app_id"]}
    return stated


def _change(stated: _Stated, now: datetime) -> Change:
    moment = stated.created_at or now
    record_id = stated.record_id or str((stated.record or {}).get("id", ""))
    return Change(
        id=stated.id,
        account=stated.account,
        provider="",  # rules do not look at it
        app=App(stated.app.id, stated.app.name or stated.app.id),
        record_id=record_id,
        kind=stated.kind,
        origin=stated.origin,
        version=stated.version,
        record=stated.record,
        diff=None
        if stated.diff is None
        else {name: FieldDiff(sides.before, sides.after) for name, sides in stated.diff.items()},
        created_at=moment if moment.tzinfo else moment.replace(tzinfo=UTC),
        restored=stated.restored,
        deliveries=stated.deliveries,
    )
