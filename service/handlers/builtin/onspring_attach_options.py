"""The options of the handler kind `onspring.attach`."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from service.handlers.builtin.onspring_targets import check_account
from service.handlers.kinds import HandlerDeps, OptionError
from service.rules.section import Id


class AttachOptions(BaseModel):
    """Copies files of the record that changed, a record of Fusioo, to a record of Onspring.

    `onspring.attach: {account: grc, app: 195, key: {6996: "{{ record.id }}"}, field: Attachments,
    files: "{{ record.contracts | default([]) }}"}`
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    account: str = Field(
        min_length=1, description="The account whose key writes, of provider `onspring`.", examples=["grc"]
    )
    app: Id = Field(
        description="The id of the app that the record is in, or its exact name.", examples=[195, "Tasks"]
    )
    record: str | None = Field(
        None,
        description="Template of the record's id. Either this or `key`.",
        examples=["{{ record.onspring_id }}"],
    )
    key: dict[Id, Any] | None = Field(
        None,
        min_length=1,
        description=(
            "Templates by field, its id or exact name: the record that has all these values. Where there is "
            "none yet the run is tried again, as `retry` says."
        ),
        examples=[{6996: "{{ record.id }}"}],
    )
    field: Id = Field(
        description="The attachment or image field, by its id or exact name.", examples=[6989, "Attachments"]
    )
    files: str | list[str] = Field(
        min_length=1,
        description="Template of the ids of the files, like a file field of the record. None: nothing to do.",
        examples=["{{ record.contracts | default([]) }}"],
    )
    notes: str = Field(
        "",
        description=(
            "Template of what stands in the notes of each file. Behind it the relay writes `[Fusioo …]` with "
            "the file's id: by that it knows which files are there already."
        ),
        examples=["Sent by {{ record.owner[0] }}."],
    )
    only_added: bool = Field(
        True,
        description=(
            "Of an update, only the files that it added. With `false` all that are not in the field yet: for "
            "rules that wait for something else than a file, at the cost of a call for each run."
        ),
        examples=[False],
    )


def check_attach(options: AttachOptions, deps: HandlerDeps) -> None:
    """Check what the model can't know. Raises OptionError."""
    check_account(options.account, deps)
    if (options.record is None) == (options.key is None):
        raise OptionError("write one of `record` and `key`: which record the files go to", path=("record",))
