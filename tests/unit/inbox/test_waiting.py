"""Requests that wait for their commit."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from service.inbox.errors import InboxFullError, InboxUnavailableError
from service.inbox.inserting import NewDelivery
from service.inbox.waiting import WaitingRequests

LONG = timedelta(seconds=30)
AT_ONCE = timedelta(milliseconds=1)


def a_request(count: int = 1, *, body: bytes = b"{}", request_id: UUID | None = None) -> list[NewDelivery]:
    request = request_id or uuid4()
    return [
        NewDelivery(
            uuid4(), "main", "app", None, f"r{position}", request, position, None if position else body
        )
        for position in range(count)
    ]


def waiting(
    *,
    max_bytes: int = 2**20,
    max_wait: timedelta = LONG,
    group_deliveries: int = 1000,
    group_bytes: int = 2**20,
) -> WaitingRequests:
    return WaitingRequests(
        max_bytes=max_bytes, max_wait=max_wait, group_deliveries=group_deliveries, group_bytes=group_bytes
    )


async def start(requests: WaitingRequests, *each: list[NewDelivery]) -> list[asyncio.Task[None]]:
    tasks = [asyncio.create_task(requests.wait_for_commit(deliveries)) for deliveries in each]
    await asyncio.sleep(0)
    return tasks


async def test_requests_are_taken_together_in_order_and_end_when_told() -> None:
    requests = waiting()
    sent = [a_request(), a_request(3), a_request()]
    tasks = await start(requests, *sent)
    group = await requests.next_group()
    assert [request.deliveries for request in group] == sent
    assert not any(task.done() for task in tasks)
    for request in group:
        request.succeed()
    await asyncio.gather(*tasks)


async def test_a_group_has_no_more_deliveries_than_allowed() -> None:
    requests = waiting(group_deliveries=4)
    tasks = await start(requests, a_request(3), a_request(1), a_request(1))
    sizes = [len(await requests.next_group()), len(await requests.next_group())]
    assert sizes == [2, 1]
    requests.close()
    _cancel(tasks)


async def test_a_request_that_is_larger_than_a_group_goes_alone() -> None:
    requests = waiting(group_bytes=1000)
    tasks = await start(requests, a_request(body=b"x" * 5000), a_request())
    assert [len(await requests.next_group()), len(await requests.next_group())] == [1, 1]
    _cancel(tasks)


async def test_out_of_time_leaves_the_queue_and_is_not_taken_later() -> None:
    requests = waiting(max_wait=AT_ONCE)
    with pytest.raises(InboxUnavailableError) as caught:
        await requests.wait_for_commit(a_request())
    assert caught.value.retry_after
    assert not requests._queue
    assert requests._bytes == 0


async def test_each_request_has_its_own_time_also_in_the_hands_of_a_group() -> None:
    requests = waiting(max_wait=timedelta(milliseconds=50))
    early = await start(requests, a_request())
    await requests.next_group()
    half_over = asyncio.Event()
    asyncio.get_running_loop().call_later(0.025, half_over.set)
    await half_over.wait()
    late = await start(requests, a_request(), a_request())
    with pytest.raises(InboxUnavailableError):
        await early[0]
    assert not any(task.done() for task in late)
    for task in late:
        with pytest.raises(InboxUnavailableError):
            await task
    assert not requests._queue
    assert not requests._unanswered


async def test_who_comes_after_a_timely_end_expires_too() -> None:
    requests = waiting(max_wait=timedelta(milliseconds=20))
    tasks = await start(requests, a_request())
    for request in await requests.next_group():
        request.succeed()
    await tasks[0]
    with pytest.raises(InboxUnavailableError):
        await requests.wait_for_commit(a_request())


async def test_a_cancelled_request_leaves_its_group_unharmed() -> None:
    requests = waiting()
    queued, taken, other = a_request(), a_request(), a_request()
    tasks = await start(requests, taken, other)
    group = await requests.next_group()
    tasks += await start(requests, queued)
    tasks[0].cancel()
    tasks[2].cancel()
    await asyncio.gather(tasks[0], tasks[2], return_exceptions=True)
    for request in group:
        request.succeed()
    requests.release(group)
    await tasks[1]
    assert not requests._queue
    assert requests._bytes == 0


async def test_too_many_bytes_are_refused_at_once_until_some_are_released() -> None:
    requests = waiting(max_bytes=10_000)
    tasks = await start(requests, a_request(body=b"x" * 6000))
    with pytest.raises(InboxFullError):
        await requests.wait_for_commit(a_request(body=b"x" * 6000))
    group = await requests.next_group()
    with pytest.raises(InboxFullError):  # taken is not yet committed: its bytes are still held
        await requests.wait_for_commit(a_request(body=b"x" * 6000))
    group[0].succeed()
    requests.release(group)
    tasks += await start(requests, a_request(body=b"x" * 6000))
    assert len(await requests.next_group()) == 1
    _cancel(tasks)


async def test_closing_fails_what_waits_and_what_comes_after() -> None:
    requests = waiting()
    tasks = await start(requests, a_request())
    requests.close()
    with pytest.raises(InboxUnavailableError):
        await tasks[0]
    with pytest.raises(InboxUnavailableError):
        await requests.wait_for_commit(a_request())


async def test_a_failure_reaches_only_its_request() -> None:
    requests = waiting()
    tasks = await start(requests, a_request(), a_request())
    bad, good = await requests.next_group()
    bad.fail(ValueError("bad"))
    good.succeed()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [ValueError, type(None)]


def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
