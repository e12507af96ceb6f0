"""What can be wrong with a webhook."""

from service.errors import Disposition
from service.fusioo.errors.base import FusiooError


class WebhookNotFoundError(FusiooError, LookupError):
    disposition = Disposition.DISCARD
    code = 30200
    meaning = "no such webhook"
