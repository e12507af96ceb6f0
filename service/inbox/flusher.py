"""One connection that commits group after group, through restarts of the database."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta

import psycopg
import structlog
from psycopg.errors import RaiseException

from service.db.failures import is_our_fault
from service.inbox.errors import InboxUnavailableError, UnstorableError
from service.inbox.inserting import DriverConnection, insert, open_connection
from service.inbox.waiting import WaitingRequest, WaitingRequests

NoteCommit = Callable[[int, float], None]
"""Told of each committed group: how many deliveries, how many seconds."""

_PAUSE = 0.1  # seconds between two tries while the database is away

_log = structlog.get_logger()


class Flusher:
    """Takes groups of waiting requests and ends each: stored, out of time, or refused by the database.

    `max_wait` is the longest that one statement may take: by then its requests have given up.
    """

    def __init__(
        self, database_url: str, waiting: WaitingRequests, *, max_wait: timedelta, note_commit: NoteCommit
    ) -> None:
        self._database_url, self._waiting, self._max_wait = database_url, waiting, max_wait
        self._note_commit = note_commit
        self._connection: DriverConnection | None = None
        self._failures = 0
        """Tries that failed one after the other for the database's fault."""

    async def run(self) -> None:
        """Work until cancelled; then the requests in hand fail and the connection closes."""
        group: list[WaitingRequest] = []
        try:
            while True:
                group = await self._waiting.next_group()
                await self._store(group)
                self._waiting.release(group)
        finally:
            for request in group:
                request.fail(InboxUnavailableError("this process is ending: the delivery may not be stored"))
            await self._disconnect()

    async def _store(self, group: Sequence[WaitingRequest]) -> None:
        """Try until every request is stored, refused or has given up.

        After a lost connection nobody knows whether the commit happened: the same rows go in again.
        A duplicate does no harm, a lost delivery does.
        """
        while live := [request for request in group if not request.done.done()]:
            try:
                await self._commit(live)
            except Exception as error:  # noqa: BLE001  # whatever it is, each request gets an answer and the next group its turn
                if not _blames_the_rows(error):
                    await self._pause_after(error)
                elif len(live) == 1:
                    _log.error("delivery.refused_by_database", **_name(error))
                    live[0].fail(UnstorableError("the database refuses this delivery"))
                else:
                    for request in live:
                        await self._store([request])

    async def _commit(self, requests: Sequence[WaitingRequest]) -> None:
        deliveries = [delivery for request in requests for delivery in request.deliveries]
        started = time.perf_counter()
        # The server ends a statement after max_wait; the second on top is for a server that does not answer.
        async with asyncio.timeout(self._max_wait.total_seconds() + 1):
            if self._connection is None:
                self._connection = await open_connection(self._database_url, statement_timeout=self._max_wait)
            await insert(self._connection, deliveries)
        for request in requests:
            request.succeed()
        if self._failures:
            _log.info("inbox.recovered", failures=self._failures)
            self._failures = 0
        seconds = time.perf_counter() - started
        self._note_commit(len(deliveries), seconds)
        _log.info(
            "deliveries.stored",
            requests=len(requests),
            deliveries=len(deliveries),
            bytes=sum(len(delivery.body or b"") for delivery in deliveries),
            milliseconds=round(seconds * 1000, 1),
        )

    async def _pause_after(self, error: Exception) -> None:
        await self._disconnect()
        self._failures += 1
        if self._failures > 1:  # a connection that had only grown old costs its request no pause
            if self._failures == 2:  # noqa: PLR2004  # the onset, once
                _log.warning("inbox.database_missed", **_name(error))
            await asyncio.sleep(_PAUSE)

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error, OSError):
                await connection.close()


def _blames_the_rows(error: Exception) -> bool:
    """Tell whether other rows might have passed: bad data, a constraint, a trigger, a fault of this code."""
    return isinstance(error, RaiseException) or not is_our_fault(error)


def _name(error: Exception) -> dict[str, str | None]:
    """What may be logged of it: a message of Postgres can quote the row."""
    return {"error": type(error).__name__, "sqlstate": getattr(error, "sqlstate", None)}
