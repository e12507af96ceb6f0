"""A call as the request that is sent for it."""

from collections.abc import Mapping

from service.fusioo.protocol import Call
from service.transport.messages import Request
from service.transport.uploads import Upload

_JSON = "application/json"


def build_request(
    base_url: str, call: Call, credentials: Mapping[str, str], *, accept: str = _JSON
) -> Request:
    """Build the request of a call; `credentials` are the headers that say who calls."""
    # The page's samples send both with every call, also where there is no body.
    headers = {"Content-Type": _JSON, "Cache-Control": "no-cache", "Accept": accept}
    if isinstance(call.body, Upload):
        headers["Content-Type"] = call.body.content_type
        if call.body.length is not None:
            headers["Content-Length"] = str(call.body.length)
    return Request(call.endpoint.method, base_url + call.target, {**headers, **credentials}, call.body)
