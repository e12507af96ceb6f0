"""Which app, fields and record of an Onspring account a handler's options mean."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, reduce
from operator import and_
from typing import Any, TypeVar

from service.errors import Disposition, NotFoundError, RefusedError
from service.handlers.builtin.onspring_values import as_held, is_same, key_value, of_ids
from service.handlers.kinds import HandlerDeps, OptionError
from service.handlers.types import Discard
from service.onspring.client import OnspringClient
from service.onspring.definitions import AppFields, Definitions
from service.onspring.errors import BadRequestError, NoSuchThingError
from service.onspring.filters import Filter, Operand
from service.onspring.filters import field as where
from service.onspring.models import AppField, ListField, Record
from service.rules.problems import nearest

Result = TypeVar("Result")

PROVIDER = "onspring"
_SHOWN = 10


class NotInAppError(NotFoundError):
    """An app has no such field, or its list no such value: as its fields are remembered, or are."""

    disposition = Disposition.DISCARD


def check_account(account: str, deps: HandlerDeps) -> None:
    """Raise OptionError unless the account is configured, and is one of Onspring's."""
    provider = deps.accounts.get(account)
    known = [name for name, its_provider in deps.accounts.items() if its_provider == PROVIDER]
    if provider is None:
        raise OptionError(
            f"there is no account `{account}`", path=("account",), remedy=nearest(account, known)
        )
    if provider != PROVIDER:
        message = f"the account `{account}` is one of {provider}, not of Onspring"
        raise OptionError(message, path=("account",), remedy=nearest(account, known))


class TargetApp:
    """An app of an account, by its id or its exact name; its fields are remembered."""

    def __init__(self, app: str, definitions: Definitions) -> None:
        """`app`: a name costs a call in each process."""
        self._app, self._definitions = app, definitions
        self._id = int(app) if app.isascii() and app.isdecimal() else None

    async def id(self, client: OnspringClient) -> int:
        """Give its id. Raises NotFoundError, RefusedError for a name that several apps have."""
        if self._id is None:
            apps = [app async for app in client.apps.walk()]
            found = [app.id for app in apps if app.name == self._app]
            if len(found) > 1:
                message = f"{len(found)} apps are called {self._app!r}; write the id of one: {found}"
                raise RefusedError(message)
            if not found:
                close = nearest(self._app, [app.name for app in apps])
                raise NotFoundError(f"the key sees no app {self._app!r}" + (f"; {close}" if close else ""))
            self._id = found[0]
        return self._id

    async def fields(self, client: OnspringClient, *, anew: bool = False) -> AppFields:
        """Give its fields, as they are remembered, or `anew` as they are. Raises as `id` does."""
        return await self._definitions.of(client, await self.id(client), anew=anew)

    async def with_fields(
        self, client: OnspringClient, work: Callable[[AppFields], Awaitable[Result]]
    ) -> Result:
        """Do something with its fields as they are remembered; if these don't fit, as they are.

        Raises as `id` does, and what `work` raises.
        """
        remembered = self._definitions.known(await self.id(client))
        fields = await self.fields(client)
        try:
            return await work(fields)
        except (NotInAppError, BadRequestError):
            if fields is not remembered:
                raise
        return await work(await self.fields(client, anew=True))


def field_in(fields: AppFields, reference: str) -> AppField:
    """Give the field of an id or exact name. Raises NotInAppError, with the nearest name."""
    found = fields.find(reference)
    if found is None:
        close = nearest(reference, [field.name for field in fields.by_id.values()])
        message = f"app {fields.app_id} has no field of the id, or (one only) of the name {reference!r}"
        raise NotInAppError(message + (f"; {close}" if close else ""))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class KeyPart:
    """One field of a key: the value as it was given, and as the field is compared with."""

    field: AppField
    given: Any
    operand: Operand

    @property
    def filter(self) -> Filter:
        """The condition on this field."""
        condition = where(self.field.id)
        if self.field.type == "List":
            return condition.contains(str(self.operand))
        return condition.eq(self.operand)

    @property
    def written(self) -> Any:
        """What a new record gets."""
        if isinstance(self.field, ListField):
            return of_ids(self.field, (str(self.operand),))
        return self.operand

    def fits(self, record: Record) -> bool:
        """Whether the record holds just this value."""
        held = record.value(self.field.id)
        if self.field.type == "List":
            return str(self.operand).lower() in (as_held(self.field, held) or ())
        return is_same(self.field, self.operand, held)


@dataclass(frozen=True)
class Key:
    """The values by which a record of an app is found."""

    app_id: int
    parts: tuple[KeyPart, ...]

    @cached_property
    def digest(self) -> str:
        """The same for the same values of the same fields."""
        said = {str(part.field.id): _plain(part.operand) for part in self.parts}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    @property
    def field_ids(self) -> list[int]:
        """The fields that it is made of."""
        return [part.field.id for part in self.parts]

    def fits(self, record: Record) -> bool:
        """Whether the record has just these values."""
        return all(part.fits(record) for part in self.parts)

    def __str__(self) -> str:
        written = {part.field.name or str(part.field.id): part.given for part in self.parts}
        return json.dumps(written, ensure_ascii=False)


def key_of(fields: AppFields, given: Mapping[str, Any], *, called: str = "key") -> Key:
    """Read a rendered key: values by field. `called`: the option it stands in.

    Raises NotInAppError, RefusedError for a value that is nothing to look for in its field.
    """
    parts = []
    for name, value in given.items():
        field = field_in(fields, name)
        try:
            operand = key_value(field, value)
        except LookupError as error:
            raise NotInAppError(f"`{called}.{name}`: {error}") from error
        except ValueError as error:
            raise RefusedError(f"`{called}.{name}`: {error}") from error
        parts.append(KeyPart(field, value, operand))
    return Key(fields.app_id, tuple(sorted(parts, key=lambda part: part.field.id)))


async def find_by_key(
    client: OnspringClient, key: Key, *, field_ids: Sequence[int] = (), remembered: str | None = None
) -> Record | None:
    """Ask for the record that has a key, with some of its fields, raw; None: there is none.

    `remembered`: the id of the one that had it last, which a search may not show yet. Of several the one
    counts that has the values letter by letter: Onspring may take capitals for small letters. Raises
    RefusedError where that leaves several, and what the client raises.
    """
    shown = sorted({*field_ids, *key.field_ids})
    if remembered is not None:
        record = await record_with_id(client, key.app_id, int(remembered), field_ids=shown)
        if record is not None and key.fits(record):
            return record
    wanted = reduce(and_, (part.filter for part in key.parts))
    page = await client.records.query(
        key.app_id, wanted, page_size=_SHOWN, field_ids=shown, data_format="Raw"
    )
    found = page.items
    exact = [record for record in found if key.fits(record)] or found
    if len(exact) > 1:
        ids = ", ".join(str(record.record_id) for record in exact)
        raise RefusedError(f"several records of app {key.app_id} have the key {key}: {ids}")
    return exact[0] if exact else None


async def record_with_id(
    client: OnspringClient, app_id: int, record_id: int, *, field_ids: Sequence[int]
) -> Record | None:
    """Ask for a record, with some of its fields, raw; None: it is not there."""
    try:
        return await client.records.get(app_id, record_id, field_ids=field_ids, data_format="Raw")
    except NoSuchThingError:
        return None


def the_record_id(rendered: Any, option: str = "record") -> int:
    """Give the one record id that a template gave: a number, as text too, or a list of one.

    Raises Discard where it gave nothing, RefusedError for several and for what is no id.
    """
    one = rendered[0] if isinstance(rendered, list) and len(rendered) == 1 else rendered
    if one in (None, "", []):
        raise Discard(f"`{option}` gives nothing")
    if isinstance(one, list):
        raise RefusedError(f"`{option}` gives {len(one)} ids; choose one, like `record.client[0]`")
    text = str(one).strip()
    if not (text.isascii() and text.isdecimal() and int(text)):
        raise RefusedError(f"`{option}` gives {one!r}; the ids of Onspring's records are numbers")
    return int(text)


def _plain(operand: Operand) -> str | int | float:
    if isinstance(operand, datetime | date):
        return operand.isoformat()
    return operand if isinstance(operand, str | int | float) else str(operand)
