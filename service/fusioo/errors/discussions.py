"""What can be wrong with discussions and comments."""

from service.errors import Disposition
from service.fusioo.errors.base import FusiooError


class DiscussionNotFoundError(FusiooError, LookupError):
    disposition = Disposition.DISCARD
    code = 30056
    meaning = "no such discussion"


class ContentRefusedError(FusiooError):
    """The text of a discussion or a comment is not accepted."""

    disposition = Disposition.DISCARD


class ContentMissingError(ContentRefusedError):
    code = 30057
    meaning = "the text is missing"


class ContentTooLongError(ContentRefusedError):
    code = 30058
    meaning = "the text has more characters than are allowed"
