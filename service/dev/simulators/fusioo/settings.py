"""What is not known of the real provider, or differs by account: switches of the simulator.

Each default is documented or the likeliest guess; the others are there to be tried.
"""

from datetime import timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass

from service.clock import Duration
from service.dev.simulators.fusioo.origins import Origin
from service.dev.simulators.fusioo.records import Happening

BodyShape = Literal[
    "id", "bare", "record_id", "recordId", "data.id", "record.id", "record", "array", "workflow"
]
Seconds = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError) as error:  # OSError: a folder, like "Europe"
        raise ValueError(f"{name!r} is not a time zone") from error
    return name


@dataclass(config=ConfigDict(extra="forbid", validate_assignment=True, use_attribute_docstrings=True))
class FusiooSettings:
    """How the simulated provider behaves where the real one is not known to."""

    calls_per_window: Count = 500
    """Calls that all tokens together have in a moving window; more are answered 429."""
    window: Duration = timedelta(hours=1)
    """How long a call counts."""
    stranger_calls_per_hour: Seconds = 0.0
    """Calls that somebody else in the company makes, out of the same limit."""
    rate_headers: Literal["none", "x-ratelimit", "ratelimit", "retry-after"] = "none"
    """What answers tell of the limit: nothing, `X-RateLimit-*`, `RateLimit-*`, or on a 429 `Retry-After`."""

    secret_header: str = "X-Fusioo-Secret"  # noqa: S105 (the name of a header)
    """The header in which a delivery carries its webhook's secret."""
    extra_headers: dict[str, str] = Field(default_factory=dict)
    """Headers besides; `{event}`, `{webhook}` and `{time}` are put in."""
    delivery_body: BodyShape = "id"
    """Where the record's id stands in a delivery: an object with that key; `bare` is a text alone; `record`
    has all fields, `array` is `[{"id": …}]`, `workflow` is the table of the workflow action."""
    delivery_timeout: Annotated[float, Field(gt=0)] = 10.0
    """Seconds until the provider gives up waiting for the receiver's answer."""
    delivery_retries: tuple[Seconds, ...] = ()
    """Seconds before each further try of a delivery that was not answered 2xx; none: it is never repeated."""
    disabled_after: Count | None = None
    """A webhook gets nothing more after so many deliveries in a row that failed, retries included."""
    disabled_vanish: bool = False
    """Whether a disabled webhook leaves the list of webhooks, or stays there and says nothing."""

    api_writes_fire: bool = True
    """Whether a write through the API is told to webhooks like one by a person."""
    bulk_edits_fire: bool = True
    """Whether edits of many records at once are told."""
    imports_fire: bool = True
    """Whether imported records are told."""
    formulas_fire: bool = False
    """Whether it is told when a formula's value changes by recalculation."""
    restore_fires: Happening | None = Happening.CREATE
    """What a restore from the trash is told as."""

    refusal_status: int | None = None
    """One HTTP status for all 30xxx codes (200 is possible); none: 404 for not found, else 400."""
    missing_ids: Literal["left_out", "error", "null"] = "left_out"
    """What `?ids=` does with ids that are not there: leaves them out, refuses all (30051), or lists nulls."""
    longest_url: Count | None = None
    """Characters of path and query above which a call is refused before it is read (2000, 8000)."""
    long_url_status: Literal[400, 404, 414] = 414
    """The status of such a refusal."""
    long_url_body: Literal["html", "envelope", "empty"] = "html"
    """Its body."""
    most_per_page: Annotated[int, Field(ge=1)] = 200
    """The greatest `limit`, and the one without any."""
    over_limit: Literal["error", "clamp"] = "error"
    """Whether a greater `limit` is refused (30105), or taken for the greatest."""
    zero_limit: Literal["empty", "default", "error"] = "empty"
    """What `limit=0` gives: no rows, a page of the usual length, or 30105."""
    condition_names: Literal["snake", "camel", "caption"] = "snake"
    """How the conditions of filters are written: `contains_any`, `containsAny` or `Contains Any`."""
    stamps_filter: bool = True
    """Whether `created` and `last_modified` may stand in a filter."""
    writes_answer: Literal["sample", "record"] = "sample"
    """What version 3 answers to a create or update: as the page's samples, or the whole record."""
    trash_for_admins: bool = True
    """Whether administrators may read deleted records."""

    stamps: Literal["utc", "local", "offset"] = "utc"
    """How system stamps are written: UTC or local time, neither saying which, or local with its offset."""
    stamps_zone: Annotated[str, AfterValidator(_known_zone)] = "Europe/Bucharest"
    """The zone of local time."""
    empty_as_null: bool = False
    """Whether a record shows its empty fields as null, or leaves them out."""
    odd_values: Literal["plain", "text", "object"] = "plain"
    """How currency, duration and rating stand in a record: `12.5`, `"12.5"`, or `{"value": 12.5}`."""

    def fires(self, origin: Origin) -> bool:
        """Say whether webhooks are told of a write that came this way."""
        return {
            Origin.PERSON: True,
            Origin.API: self.api_writes_fire,
            Origin.BULK: self.bulk_edits_fire,
            Origin.IMPORT: self.imports_fire,
            Origin.FORMULA: self.formulas_fire,
        }[origin]
