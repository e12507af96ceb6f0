"""What leaves through `send`, and what becomes of what comes back."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest

from service.errors import Disposition
from service.transport import errors
from service.transport.http import Client, Request, Response, Timeout, make_client, send

SECRET_URL = "https://user:pass@hooks.test:8443/T0PSECRET?key=T0PSECRET"


def client_over(answering: object) -> Client:
    transport = httpx2.MockTransport(answering)  # type: ignore[arg-type]  # also async functions
    return make_client(
        timeout=Timeout(connect=1.0, read=2.0, write=3.0, pool=4.0), allow_private=False, transport=transport
    )


async def get(client: Client, url: str = "https://hooks.test/x", *, max_bytes: int = 1000) -> Response:
    async with client:
        return await send(client, Request("GET", url), deadline=5.0, max_bytes=max_bytes)


async def test_every_timeout_reaches_the_transport() -> None:
    seen: list[object] = []

    def answering(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.extensions["timeout"])
        return httpx2.Response(200)

    await get(client_over(answering))
    assert seen == [{"connect": 1.0, "read": 2.0, "write": 3.0, "pool": 4.0}]


@pytest.mark.parametrize("timeout", [Timeout(None), Timeout(5.0, read=None)])
def test_a_missing_timeout_is_refused(timeout: Timeout) -> None:
    with pytest.raises(ValueError, match="every timeout must be set"):
        make_client(timeout=timeout, allow_private=False)


async def test_method_url_headers_and_body_are_sent_as_given() -> None:
    seen: list[httpx2.Request] = []

    def answering(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(201, headers={"X-Some": "Thing"}, content=b"answer")

    async with client_over(answering) as client:
        request = Request("POST", "https://hooks.test/a%2Fb?c=%5Bd%5D", {"X-Mine": "1"}, b"body")
        answer = await send(client, request, deadline=5.0, max_bytes=1000)

    assert (answer.status, answer.headers["x-some"], answer.body) == (201, "Thing", b"answer")
    assert seen[0].url.raw_path == b"/a%2Fb?c=%5Bd%5D"
    assert (seen[0].method, seen[0].headers["x-mine"], seen[0].content) == ("POST", "1", b"body")
    assert seen[0].headers["accept-encoding"] == "identity"


async def test_a_redirect_is_an_answer_and_not_followed() -> None:
    answer = await get(client_over(lambda _: httpx2.Response(302, headers={"Location": "https://evil.test"})))
    assert answer.status == 302


async def test_cookies_are_not_kept() -> None:
    cookies: list[str | None] = []

    def answering(request: httpx2.Request) -> httpx2.Response:
        cookies.append(request.headers.get("cookie"))
        return httpx2.Response(200, headers={"Set-Cookie": "session=1"})

    async with client_over(answering) as client:
        for _ in range(2):
            await send(client, Request("GET", "https://hooks.test/"), deadline=5.0, max_bytes=1000)
    assert cookies == [None, None]


async def test_the_deadline_ends_a_call_that_drips() -> None:
    async def answering(_: httpx2.Request) -> httpx2.Response:
        await asyncio.Event().wait()
        raise AssertionError("nobody sets this event")

    async with client_over(answering) as client:
        with pytest.raises(errors.TimedOutError, match=r"^https://hooks\.test did not answer within 0\.01 s"):
            await send(client, Request("GET", "https://hooks.test/"), deadline=0.01, max_bytes=1000)


async def test_an_announced_body_that_is_too_large_is_not_read() -> None:
    read: list[bytes] = []

    async def parts() -> AsyncIterator[bytes]:
        read.append(b"x")
        yield b"x"

    def answering(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"Content-Length": "1001"}, content=parts())

    with pytest.raises(errors.ResponseTooLargeError, match="1001 bytes; at most 1000"):
        await get(client_over(answering))
    assert read == []


async def test_an_endless_body_is_cut_at_the_limit() -> None:
    read: list[int] = []

    async def parts() -> AsyncIterator[bytes]:
        while True:
            read.append(100)
            yield b"x" * 100

    with pytest.raises(errors.ResponseTooLargeError, match="more than the 1000 bytes"):
        await get(client_over(lambda _: httpx2.Response(200, content=parts())))
    assert sum(read) == 1100


async def test_a_body_of_exactly_the_limit_is_read() -> None:
    answer = await get(client_over(lambda _: httpx2.Response(200, content=b"x" * 1000)))
    assert len(answer.body) == 1000


@pytest.mark.parametrize(
    ("raised", "expected", "may_have_acted"),
    [
        (httpx2.ConnectError("refused"), errors.ConnectFailedError, False),
        (httpx2.ConnectTimeout("slow"), errors.ConnectFailedError, False),
        (httpx2.PoolTimeout("full"), errors.ConnectFailedError, False),
        (httpx2.ReadTimeout(""), errors.TimedOutError, True),
        (httpx2.WriteTimeout(""), errors.TimedOutError, True),
        (httpx2.ReadError(""), errors.ConnectionLostError, True),
        (httpx2.RemoteProtocolError("not HTTP"), errors.ConnectionLostError, True),
        (httpx2.UnsupportedProtocol("ftp"), errors.UnsendableRequestError, False),
    ],
)
async def test_each_failure_has_its_error(
    raised: Exception, expected: type[errors.TransportError], may_have_acted: bool
) -> None:
    def answering(_: httpx2.Request) -> httpx2.Response:
        raise raised

    with pytest.raises(expected) as caught:
        await get(client_over(answering), SECRET_URL)
    assert caught.value.may_have_acted is may_have_acted
    assert "hooks.test:8443" in str(caught.value)
    assert "T0PSECRET" not in str(caught.value)
    assert "pass" not in str(caught.value)


@pytest.mark.parametrize("url", ["https://a.test:notaport/", "nothing", "https://a.test/\x00"])
async def test_what_is_no_url_is_discarded(url: str) -> None:
    async with make_client(timeout=Timeout(1.0), allow_private=False) as client:
        with pytest.raises(errors.UnsendableRequestError) as caught:
            await send(client, Request("GET", url), deadline=5.0, max_bytes=1000)
    assert caught.value.disposition is Disposition.DISCARD


async def test_a_header_that_cannot_be_sent_is_not_quoted() -> None:
    async with client_over(lambda _: httpx2.Response(200)) as client:
        request = Request("GET", "https://hooks.test/", {"Authorization": "T0PSECRET é…"})
        with pytest.raises(errors.UnsendableRequestError) as caught:
            await send(client, request, deadline=5.0, max_bytes=1000)
    assert "T0PSECRET" not in str(caught.value)


def test_no_repr_shows_what_is_sent_or_answered() -> None:
    request = Request("POST", SECRET_URL, {"Authorization": "T0PSECRET"}, b"T0PSECRET")
    answer = Response(200, {"set-cookie": "T0PSECRET"}, b"T0PSECRET")
    assert "T0PSECRET" not in repr(request) + repr(answer)
