"""Forms with one file, as uploads send them, read back whole. For doubles of providers."""

from email.parser import BytesParser
from email.policy import HTTP


def read_form(content_type: str, body: bytes) -> tuple[dict[str, str], bytes]:
    """Give the values of a multipart form, with the file's name among them, and the file's content."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    form = BytesParser(policy=HTTP).parsebytes(head + body)
    values, content = dict[str, str](), b""
    for part in form.iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        sent = part.get_payload(decode=True)
        given = sent if isinstance(sent, bytes) else b""
        if (filename := part.get_filename()) is None:
            values[name] = given.decode()
        else:
            values[name], content = filename, given
    return values, content
