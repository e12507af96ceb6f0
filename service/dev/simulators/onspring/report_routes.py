"""`/Reports`."""

from collections import Counter
from typing import Any

from starlette.requests import Request

from service.dev.simulators.onspring.access import ApiKey
from service.dev.simulators.onspring.answers import bad, unknown
from service.dev.simulators.onspring.doorway import Endpoint
from service.dev.simulators.onspring.filter_matching import matches
from service.dev.simulators.onspring.filter_parsing import parse_filter
from service.dev.simulators.onspring.limits import within_limits
from service.dev.simulators.onspring.lookups import app_in
from service.dev.simulators.onspring.paging import page_of, parameter
from service.dev.simulators.onspring.presenting import cell
from service.dev.simulators.onspring.record_routes import read_format
from service.dev.simulators.onspring.records import Record
from service.dev.simulators.onspring.schema import Report
from service.dev.simulators.onspring.state import OnspringState

_NO_VALUE = ""


async def list_reports(state: OnspringState, key: ApiKey, request: Request) -> dict[str, Any]:
    page, app = page_of(request), app_in(state, request.path_params["app_id"])
    key.must("read", app.id)
    seen = [report for _, report in sorted(state.reports.items()) if report.app_id == app.id]
    return page.collection(seen, [report.to_json() for report in page.cut(seen)])


async def get_report(state: OnspringState, key: ApiKey, request: Request) -> dict[str, Any]:
    report_id = request.path_params["report_id"]
    report = state.reports.get(report_id)
    if report is None:
        raise unknown(f"Report {report_id}")
    key.must("read", report.app_id)
    data_format = read_format(parameter(request, "apiDataFormat"), "apiDataFormat")
    match (parameter(request, "dataType") or "ReportData").lower():
        case "chartdata":
            return _chart(state, key, report)
        case "reportdata":
            pass
        case other:
            raise bad(f"The value {other!r} is not valid for dataType: it is ReportData or ChartData")
    fields = [state.fields[field_id] for field_id in report.field_ids if key.sees(state.fields[field_id])]
    rows = [
        {"recordId": record.id, "cells": [cell(state, record, field, data_format) for field in fields]}
        for record in _records(state, report)
    ]
    return within_limits(state, {"columns": [field.name for field in fields], "rows": rows})


def _records(state: OnspringState, report: Report) -> list[Record]:
    records = state.records.of(report.app_id)
    if not report.filter:
        return records
    wanted = parse_filter(report.filter)
    return [record for record in records if matches(state, wanted, record)]


def _chart(state: OnspringState, key: ApiKey, report: Report) -> dict[str, Any]:
    """Count records by the values of a list; that a chart looks like this is a guess."""
    if report.chart_field_id is None:
        raise bad(f"Report {report.id} has no chart")
    field = state.fields[report.chart_field_id]
    key.must_see(field)
    counts = Counter(cell(state, record, field, "Raw") or _NO_VALUE for record in _records(state, report))
    rows = [{"recordId": None, "cells": [name, count]} for name, count in sorted(counts.items())]
    return {"columns": [field.name, "Count"], "rows": rows}


ENDPOINTS = (
    Endpoint("GET", "/Reports/appId/{app_id:int}", list_reports),
    Endpoint("GET", "/Reports/id/{report_id:int}", get_report),
)
