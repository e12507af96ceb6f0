"""How many rows a list call gives: `limit` is documented from 0 to 200, and what lies beyond is not."""

from service.dev.simulators.fusioo.envelope import Code, RefusedCallError
from service.dev.simulators.fusioo.settings import FusiooSettings


def page_length(settings: FusiooSettings, limit: str | None) -> int:
    """Read `limit`, None if it is not given. Raises RefusedCallError (30105) for what the settings refuse."""
    if limit is None:
        return settings.most_per_page
    asked = int(limit) if limit.isdecimal() else -1
    refused_zero = asked == 0 and settings.zero_limit == "error"
    too_many = asked > settings.most_per_page and settings.over_limit == "error"
    if asked < 0 or refused_zero or too_many:
        raise RefusedCallError(Code.LIMIT_INVALID)
    if asked == 0 and settings.zero_limit == "default":
        return settings.most_per_page
    return min(asked, settings.most_per_page)
