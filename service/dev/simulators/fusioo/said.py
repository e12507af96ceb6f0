"""What a discussion or comment may hold: the checks behind the codes 30057 and 30058."""

from typing import Any

from service.dev.simulators.fusioo.envelope import Code, RefusedCallError, invalid
from service.dev.simulators.fusioo.state import FusiooState


def checked_content(state: FusiooState, body: Any) -> tuple[str, list[str]]:
    """Take content and file ids out of a body. Raises RefusedCallError."""
    if not isinstance(body, dict):
        raise invalid([{"field": "", "message": "the body must be an object"}])
    content, files = body.get("content"), body.get("files", [])
    if not isinstance(content, str) or not content.strip():
        raise RefusedCallError(Code.CONTENT_MISSING)
    if len(content) > state.quotas.content_characters:
        raise RefusedCallError(Code.CONTENT_TOO_LONG)
    if not isinstance(files, list) or not all(isinstance(file_id, str) for file_id in files):
        raise invalid([{"field": "files", "message": "files must be an array of file ids"}])
    for file_id in files:
        stored = state.files.find(file_id)
        if stored is None or not stored.is_temporary:
            # Which code a wrong file gets here is not published; this one says it in other places.
            raise RefusedCallError(Code.FILE_NOT_FOUND)
    return content, files
