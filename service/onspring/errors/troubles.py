"""What may be over when the same is asked again."""

from service.errors import Disposition
from service.onspring.errors.base import OnspringError


class RateLimitedError(OnspringError):
    """HTTP 429: not an attempt; ask again later."""

    disposition = Disposition.DEFER
    meaning = "too many calls"


class UnavailableError(OnspringError):
    """HTTP 5xx: Onspring, or something in front of it, is in trouble."""

    meaning = "the service is unavailable"


class UnexpectedStatusError(OnspringError):
    """A status that the page does not document. Redirects are not followed: they would carry the key away."""

    meaning = "an undocumented status"
    remedy = "check the account's base_url"
