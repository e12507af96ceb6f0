"""Onspring's endpoints as a table: method, path, what it answers with, whether it may be repeated.

Source: the vendor's page of API version 2. Where its heading and its sample differ, the sample stands:
`GET /Reports/id/{reportId}`, the deletion of a file (without `/file`), and the deletion of several records,
which is a POST (the sample sends a body and names no method).
"""

from dataclasses import dataclass
from enum import Enum


class Gives(Enum):
    """What an endpoint answers with where it does what it was asked for."""

    JSON = "json"
    NOTHING = "nothing"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of the API. `path` stands below the base URL, with `{names}` for ids."""

    method: str
    path: str
    gives: Gives = Gives.JSON
    idempotent: bool = True
    """Whether a repeated call does no more than the first: only then may it be repeated blindly."""
    deletes: bool = False
    """A repeated call that finds nothing is a success if an earlier one, whose answer was lost, worked."""

    @property
    def label(self) -> str:
        return f"{self.method} {self.path}"


PING = Endpoint("GET", "/Ping", Gives.NOTHING)

LIST_APPS = Endpoint("GET", "/Apps")
GET_APP = Endpoint("GET", "/Apps/id/{app}")
GET_APPS = Endpoint("POST", "/Apps/batch-get")

LIST_REPORTS = Endpoint("GET", "/Reports/appId/{app}")
GET_REPORT = Endpoint("GET", "/Reports/id/{report}")

LIST_FIELDS = Endpoint("GET", "/Fields/appId/{app}")
GET_FIELD = Endpoint("GET", "/Fields/id/{field}")
GET_FIELDS = Endpoint("POST", "/Fields/batch-get")

# A repeated creation would make two, a late repetition of an update would undo what somebody wrote since.
SAVE_LIST_VALUE = Endpoint("PUT", "/Lists/id/{list}/items", idempotent=False)
DELETE_LIST_VALUE = Endpoint("DELETE", "/Lists/id/{list}/itemId/{item}", Gives.NOTHING, deletes=True)

LIST_RECORDS = Endpoint("GET", "/Records/appId/{app}")
GET_RECORD = Endpoint("GET", "/Records/appId/{app}/recordId/{record}")
GET_RECORDS = Endpoint("POST", "/Records/batch-get")
QUERY_RECORDS = Endpoint("POST", "/Records/Query")
SAVE_RECORD = Endpoint("PUT", "/Records", idempotent=False)
DELETE_RECORD = Endpoint("DELETE", "/Records/appId/{app}/recordId/{record}", Gives.NOTHING, deletes=True)
DELETE_RECORDS = Endpoint("POST", "/Records/batch-delete", Gives.NOTHING)

GET_FILE = Endpoint("GET", "/Files/recordId/{record}/fieldId/{field}/fileId/{file}")
DOWNLOAD_FILE = Endpoint("GET", "/Files/recordId/{record}/fieldId/{field}/fileId/{file}/file", Gives.FILE)
CREATE_FILE = Endpoint("POST", "/Files", idempotent=False)
DELETE_FILE = Endpoint(
    "DELETE", "/Files/recordId/{record}/fieldId/{field}/fileId/{file}", Gives.NOTHING, deletes=True
)
