"""What all tables share: naming of constraints, column types."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Identity, MetaData, Text, Uuid, func
from sqlalchemy.orm import DeclarativeBase, mapped_column


class Base(DeclarativeBase):
    """The one declarative base. Tables stand in the `models.py` of each room."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {str: Text(), datetime: DateTime(timezone=True), UUID: Uuid()}


Serial = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
Key = Annotated[str, mapped_column(Text, primary_key=True)]
Moment = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]
"""A moment of the database's clock, by default the start of the transaction."""


QUEUE_STORAGE: Mapping[str, float | str] = MappingProxyType(
    {
        "autovacuum_vacuum_scale_factor": 0.02,
        "autovacuum_analyze_scale_factor": 0.02,
        "vacuum_index_cleanup": "on",
    }
)
"""How a table is kept whose rows wait in partial indexes, and leave them for good.

What has left stands in front of what waits until it is vacuumed. Left to its defaults, Postgres does that
after a fifth of the table has changed, and spares the indexes where few of its pages are concerned.
"""


def one_of(column: str, values: Iterable[StrEnum]) -> CheckConstraint:
    """A CHECK that keeps a status column within `lifecycle`."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def status_in(values: Iterable[StrEnum], column: str = "status") -> str:
    """The SQL condition of a partial index over some statuses, in a stable order."""
    listed = ", ".join(sorted(f"'{value}'" for value in values))
    return f"{column} IN ({listed})"
