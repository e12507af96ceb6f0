"""The options of the handler kinds `fusioo.update`, `fusioo.create` and `fusioo.comment`."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from service.fusioo.kinds import SYSTEM_KINDS
from service.handlers.builtin.merging import MergeOption
from service.handlers.kinds import HandlerDeps, OptionError
from service.rules.problems import nearest
from service.rules.section import Id

_PROVIDER = "fusioo"


def _check_fields(fields: dict[str, Any]) -> dict[str, Any]:
    if not fields:
        raise ValueError("should name at least one field")
    for name in fields:
        if name in SYSTEM_KINDS:
            raise ValueError(f"should not name `{name}`, which Fusioo sets itself")
    return fields


Fields = Annotated[dict[Id, Any], AfterValidator(_check_fields)]
"""By field id, a value as Fusioo's API takes it, whose texts are templates."""
_ACCOUNT = Field(
    min_length=1, description="The account whose token writes, of provider `fusioo`.", examples=["main"]
)


class FusiooOptions(BaseModel):
    """What the kinds have in common."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    account: str = _ACCOUNT


class UpdateOptions(FusiooOptions):
    """Sets fields of a record: of the one that changed, or of one that it names.

    `fusioo.update: {account: main, fields: {status: [Done]}}`
    """

    record: str | None = Field(
        None,
        description="Template of the record's id. Not written: the record that changed.",
        examples=["{{ record.client[0] }}"],
    )
    fields: Fields = Field(
        description=(
            "The values by field id, as Fusioo's API takes them; texts in them are templates. A list field "
            "takes a list, also for a single choice; `null` empties a field. Of the record that changed only "
            "fields are sent that it showed otherwise."
        ),
        examples=[{"status": ["Done"], "notes": "Closed after {{ diff.status.before[0] }}."}],
    )
    merge: MergeOption = None


class CreateOptions(FusiooOptions):
    """Makes a record.

    `fusioo.create: {account: main, app: Tasks, fields: {title: "Call {{ record.name }}"}}`
    """

    app: str = Field(
        min_length=1,
        description=(
            "The app's id, or its exact name. A name costs a call for each process, except of the app of "
            "the change."
        ),
        examples=["ia4f42"],
    )
    fields: Fields = Field(
        description="The values by field id, as for `fusioo.update`.",
        examples=[{"title": "Call {{ record.name }}"}],
    )
    unless: Fields | None = Field(
        None,
        description=(
            "Templates by field id. If a record of the app has all these values, none is made: a call more, "
            "and a repeated attempt makes no second record."
        ),
        examples=[{"title": "Call {{ record.name }}"}],
    )


class CommentOptions(FusiooOptions):
    """Starts a discussion on a record, or comments on one.

    `fusioo.comment: {account: main, text: "Now {{ record.status[0] }}."}`
    """

    text: str = Field(
        min_length=1,
        description=(
            'Template of the text. `<mention uid="…">@Name</mention>` tells a user. If it gives nothing, '
            "the run is discarded without a call."
        ),
        examples=["Now {{ record.status[0] }}."],
    )
    record: str | None = Field(
        None,
        description="Template of the id of the record. Not written: the record that changed.",
        examples=["{{ record.client[0] }}"],
    )
    discussion: str | None = Field(
        None,
        description="Template of the id of a discussion, to comment on it. Not written: a new discussion.",
        examples=["id69f"],
    )


def check_account(account: str, accounts: Mapping[str, str]) -> None:
    """Raise OptionError unless the account is configured, and is one of Fusioo's."""
    provider = accounts.get(account)
    if provider is None:
        known = [name for name, its_provider in accounts.items() if its_provider == _PROVIDER]
        raise OptionError(
            f"there is no account `{account}`", path=("account",), remedy=nearest(account, known)
        )
    if provider != _PROVIDER:
        raise OptionError(f"the account `{account}` is one of {provider}, not of Fusioo", path=("account",))


def check(options: FusiooOptions, deps: HandlerDeps) -> None:
    """Check what the models can't know. Raises OptionError."""
    check_account(options.account, deps.accounts)
    if isinstance(options, CommentOptions) and options.record is not None and options.discussion is not None:
        raise OptionError("a discussion stands on a record already: name one of the two", path=("record",))
