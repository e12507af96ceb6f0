"""Reports and what is in them. Shapes: the vendor's page, API version 2."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator

from service.onspring.models.tolerant import EmptyList, Text, Tolerant

DataType: TypeAlias = Literal["ReportData", "ChartData"]


class Report(Tolerant):
    """A report of an app."""

    id: int
    app_id: int | None = None
    name: Text = ""


class ReportRow(Tolerant):
    """A row; its cells stand in the order of the report's columns, each a text, a number or null."""

    record_id: int | None = None
    cells: Annotated[tuple[Any, ...], EmptyList] = ()


def _cells_alone(value: object) -> object:
    return {"cells": value} if isinstance(value, list) else value


class ReportData(Tolerant):
    """What a report shows, or the data of its chart. Some samples of the page show rows as bare lists."""

    columns: Annotated[tuple[str, ...], EmptyList]
    rows: Annotated[tuple[Annotated[ReportRow, BeforeValidator(_cells_alone)], ...], EmptyList]
