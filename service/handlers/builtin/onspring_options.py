"""The options of the handler kinds `onspring.upsert` and `onspring.delete`."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from service.handlers.builtin.merging import MergeOption
from service.handlers.builtin.onspring_targets import check_account
from service.handlers.kinds import HandlerDeps, OptionError
from service.rules.section import Id

REFERENCE = "reference"


class ReferenceBy(BaseModel):
    """`reference: {app: Users, by: {Username: "{{ record.owner }}"}}`: the records that have these values."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    app: Id | None = None
    """None: the app that the field refers to."""
    by: dict[Id, Any] = Field(min_length=1)


class _Referring(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    reference: ReferenceBy


_REFERRING = TypeAdapter(_Referring)


def _check_fields(fields: dict[str, Any]) -> dict[str, Any]:
    """Take the values as they are written, except that references are read."""
    return {name: _read(name, value) for name, value in fields.items()}


def _read(name: str, value: Any) -> Any:
    if not isinstance(value, Mapping) or REFERENCE not in value:
        return value
    try:
        return _REFERRING.validate_python(value).model_dump()
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(f"{name}: {place}: {first['msg'].lower()}") from None


class OnspringOptions(BaseModel):
    """What the kinds have in common."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    account: str = Field(
        min_length=1, description="The account whose key writes, of provider `onspring`.", examples=["grc"]
    )
    app: Id = Field(
        description="The app's id, or its exact name. A name costs a call for each process.", examples=[195]
    )


class UpsertOptions(OnspringOptions):
    """Makes a record, or sets fields of the one that has the key.

    `onspring.upsert: {account: grc, app: 195, key: {6996: "{{ change.record_id }}"}, fields: {6983:
    "{{ record.title }}"}}`
    """

    key: dict[Id, Any] = Field(
        min_length=1,
        description=(
            "Templates by field, its id or exact name: the record that has all these values is meant. Two "
            "runs with the same values make one record."
        ),
        examples=[{6996: "{{ change.record_id }}"}],
    )
    fields: Annotated[dict[Id, Any], AfterValidator(_check_fields)] = Field(
        {},
        description=(
            "Templates by field, its id or exact name. Lists take the names of their values, dates days or "
            "moments, references record ids or `{reference: {app, by}}`: the records of that app that have "
            "these values (`app` left out: the one that the field refers to). `null` empties a field. Only "
            "fields are sent that the record shows otherwise."
        ),
        examples=[
            {
                6983: "{{ record.title }}",
                6986: "{{ record.status }}",
                6987: {"reference": {"app": 2, "by": {"Username": "{{ record.responsible }}"}}},
            }
        ],
    )
    create: bool = Field(
        True,
        description="Whether a record is made where none has the key. With `false` the run is discarded.",
        examples=[False],
    )
    create_values: bool = Field(
        False,
        description=(
            "Whether values are added to lists that lack them. Else the run fails, and names the nearest."
        ),
        examples=[True],
    )
    html: Literal["keep", "strip"] = Field(
        "keep",
        description="Whether texts keep their HTML, or are sent as the lines that it shows.",
        examples=["strip"],
    )
    missing_references: Literal["fail", "leave"] = Field(
        "fail",
        description=(
            "Where no record has what a `reference` asks for: the run is tried again as `retry` says, or the "
            "field is left as it is, and the run says so."
        ),
        examples=["leave"],
    )
    merge: MergeOption = None


class DeleteOptions(OnspringOptions):
    """Deletes a record. One that is not there is done.

    `onspring.delete: {account: grc, app: 195, key: {6996: "{{ change.record_id }}"}}`
    """

    key: dict[Id, Any] | None = Field(
        None,
        min_length=1,
        description="Templates by field, its id or exact name: the record that has all these values. Either "
        "this or `record`.",
        examples=[{6996: "{{ change.record_id }}"}],
    )
    record: str | None = Field(
        None, description="Template of the record's id. Either this or `key`.", examples=["{{ record.grc }}"]
    )


def check_upsert(options: UpsertOptions, deps: HandlerDeps) -> None:
    """Check what the model can't know. Raises OptionError."""
    check_account(options.account, deps)
    for name in options.key:
        if name in options.fields:
            message = f"`{name}` stands under `key` too, whose values a new record gets anyway"
            raise OptionError(message, path=("fields", name), remedy="write it once")


def check_delete(options: DeleteOptions, deps: HandlerDeps) -> None:
    """Check what the model can't know. Raises OptionError."""
    check_account(options.account, deps)
    if (options.record is None) == (options.key is None):
        raise OptionError("write one of `record` and `key`: which record is deleted", path=("key",))
