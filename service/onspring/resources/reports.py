"""The reports of apps, and what they show."""

from collections.abc import AsyncIterator

from pydantic import TypeAdapter

from service.onspring import endpoints
from service.onspring.answers import shaped
from service.onspring.models import DataFormat, DataType, Page, Report, ReportData
from service.onspring.paging import MOST_PER_PAGE, page_query
from service.onspring.protocol import build_call
from service.onspring.resources.listing import Perform, walk

_PAGE = TypeAdapter(Page[Report])
_DATA = TypeAdapter(ReportData)


class Reports:
    """`client.reports`. Every method raises OnspringError (onspring/errors)."""

    def __init__(self, perform: Perform) -> None:
        self._perform = perform

    async def page(self, app_id: int, page: int | None = None, page_size: int | None = None) -> Page[Report]:
        """One page of an app's reports: by default the first, of 50; at most 1000."""
        call = build_call(endpoints.LIST_REPORTS, ids={"app": app_id}, query=page_query(page, page_size))
        return shaped(endpoints.LIST_REPORTS, _PAGE, await self._perform(call))

    def walk(self, app_id: int, *, page_size: int = MOST_PER_PAGE) -> AsyncIterator[Report]:
        """All reports of an app."""

        async def read(page: int, size: int) -> Page[Report]:
            return await self.page(app_id, page, size)

        return walk(read, id_of=_id_of, page_size=page_size)

    async def data(
        self, report_id: int, *, data_format: DataFormat | None = None, data_type: DataType | None = None
    ) -> ReportData:
        """What a report shows, or with `ChartData` what its chart does; raw by default.

        There are no pages: a report that is too large raises DataTooLargeError or GatewayTimedOutError.
        """
        query = {"apiDataFormat": data_format, "dataType": data_type}
        data = await self._perform(build_call(endpoints.GET_REPORT, ids={"report": report_id}, query=query))
        return shaped(endpoints.GET_REPORT, _DATA, data)


def _id_of(report: Report) -> int:
    return report.id
