"""What a file is called, in the header that says so."""

import re
from email.message import Message

_FOLDERS = re.compile(r"[/\\]")
_LONGEST = 255


def name_in(content_disposition: str) -> str | None:
    """Give the file name in a `Content-Disposition` header (RFC 6266); None where there is no usable one.

    Somebody else chose it: only the last part of a path is kept, and only what can be printed.
    """
    message = Message()
    try:
        message["content-disposition"] = content_disposition
        name = message.get_filename("")
    except ValueError:  # letters that can't be encoded
        return None
    name = "".join(letter for letter in _FOLDERS.split(name)[-1] if letter.isprintable()).strip()
    return name[:_LONGEST] if name.strip(".") else None
