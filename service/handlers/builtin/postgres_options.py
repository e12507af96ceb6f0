"""The options of handler kind `postgres`. The address of a database is never shown."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, field_validator
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from service.rules.section import written_as

_NAME = r"[a-z_][a-z0-9_]{0,54}"  # 63 bytes at most, and `_deleted` is put behind a table's name
_TABLE = re.compile(rf"(?:{_NAME}\.)?{_NAME}")
_COLUMN = re.compile(_NAME)

OWN_COLUMNS = ("account", "app_id", "record_id", "version", "fields", "changed_at", "deleted_at")
"""What every mirror has; `deleted_at` only where deleted records are marked."""

ColumnType = Literal["text", "numeric", "bigint", "boolean", "date", "timestamptz", "jsonb", "text[]"]


class Column(BaseModel):
    """A field's value in a column of its own."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, json_schema_extra={"x-alone": "type"}
    )

    type: ColumnType = Field(description="The column's type.", examples=["numeric"])
    field: str | None = Field(
        None, description="The field's id; left out: the column's name.", examples=["estimated_cost"]
    )


def _accept_type_alone(given: object) -> object:
    return {"type": given} if isinstance(given, str) else given


def _check_table(name: str) -> str:
    if not _TABLE.fullmatch(name):
        message = (
            "should be a table's name, like fusioo_tasks or sales.tasks: a-z, 0-9 and _, at most 55 letters"
        )
        raise ValueError(message)
    return name


class PostgresOptions(BaseModel):
    """`postgres: {table: fusioo_tasks}`, with `url`, `columns`, `deleted` and `create`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    table: Annotated[str, AfterValidator(_check_table), written_as("table", type="string")] = Field(
        description="The table, or schema.table, that is kept equal to the records.",
        examples=["fusioo_tasks"],
    )
    url: SecretStr | None = Field(
        None,
        description="The database; left out: the relay's own, where a row and its run are stored together.",
        examples=["postgresql://relay@warehouse.example.com/main"],
    )
    columns: dict[str, Annotated[Column, BeforeValidator(_accept_type_alone)]] = Field(
        {},
        description=(
            "Columns beside `fields`, by name: the type, or type and field. A value that does not fit is "
            "NULL there, and the run says so; `fields` has it all the same."
        ),
        examples=[{"title": "text", "cost": {"field": "estimated_cost", "type": "numeric"}}],
    )
    deleted: Literal["delete", "mark"] = Field(
        "delete",
        description="What becomes of a deleted record's row: it goes, or `deleted_at` says when.",
        examples=["mark"],
    )
    create: bool = Field(
        default=True,
        description=(
            "Whether the table is made where it is missing, and columns are added that it lacks. Nothing is "
            "ever taken away."
        ),
        examples=[False],
    )

    @field_validator("url")
    @classmethod
    def _is_postgres(cls, url: SecretStr | None) -> SecretStr | None:
        if url is None:
            return None
        try:
            backend = make_url(url.get_secret_value()).drivername
        except ArgumentError:
            backend = ""
        if backend not in {"postgres", "postgresql"}:
            raise ValueError("should be the address of a database, like postgresql://user@host/name")
        return url

    @field_validator("columns")
    @classmethod
    def _are_columns(cls, columns: dict[str, Column]) -> dict[str, Column]:
        for name in columns:
            if not _COLUMN.fullmatch(name):
                raise ValueError(f"should hold names of columns (a-z, 0-9 and _), and {name!r} is none")
            if name in OWN_COLUMNS:
                raise ValueError(f"should not hold {name}, which every mirror has; choose another name")
        return columns
