"""Processes and their beats: who holds a lease, and whether it still lives.

A lease (a slot, a running run, a job) names the process that holds it. A process is lost when its last
beat, or the server's start if that is later, is older than `lost_after`: a Postgres restart costs no lease.
"""

import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Self
from uuid import UUID

import psycopg
import structlog
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from service.db.base import Base, Moment


class Process(Base):
    """One running process of ours. Its row goes when it ends by itself.

    No index but the key: a beat that touches none leaves nothing to clean up.
    """

    __tablename__ = "processes"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    """`web`, `settle`, `run`, `job` or `scheduler`."""
    host: Mapped[str]
    pid: Mapped[int]
    started_at: Mapped[Moment]
    beat_at: Mapped[Moment]


HOLDER_LOST = """NOT EXISTS (
    SELECT FROM processes WHERE processes.id = {holder}
    AND greatest(processes.beat_at, pg_postmaster_start_time()) >= now() - CAST(:lost_after AS interval))"""
"""SQL: the process in the column `{holder}` is gone or silent. Needs the parameter `lost_after`."""


STOPS_WITHIN = timedelta(seconds=2)
"""The longest that a process waits at its end for its row to go; without Postgres the row stays."""


@dataclass(frozen=True, slots=True)
class Silence:
    """What to do when a beat ends a time in which no process of its kind has beaten.

    Nobody was there, the machine slept, or Postgres could not be reached.
    """

    longer_than: timedelta
    ends: Callable[["psycopg.Connection[tuple[object, ...]]"], None]
    """Called just before the beat, on its connection, which commits at once. May be called again."""


_SILENT = """SELECT NOT EXISTS (
    SELECT FROM processes WHERE kind = %s AND beat_at >= clock_timestamp() - CAST(%s AS interval))"""


class Heartbeat:
    """Beats for this process from a thread and a connection of its own, whatever the event loop does.

    `id` names the process from the start; the row appears with the first beat and goes with `stop`.
    """

    def __init__(
        self,
        database_url: str,
        kind: str,
        *,
        every: timedelta,
        silence: Silence | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`clock` (seconds) tells when a silence may have been; it goes on while the machine sleeps."""
        self.id: UUID = uuid7()
        self._silence, self._clock, self._beaten_at = silence, clock, 0.0
        self.kind = kind
        self._database_url, self._every = database_url, every
        self._stopping = threading.Event()
        self._beaten = False
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._beat_until_stopped, name="heartbeat", daemon=True)

    def start(self, *, wait: timedelta | None = timedelta(seconds=30)) -> Self:
        """Begin to beat; returns after the first beat, so that no lease is taken without one.

        Raises TimeoutError when the database could not be reached within `wait`, or `stop` was called
        meanwhile. None: does not wait, for a process that takes no lease.
        """
        self._thread.start()
        if wait is None:
            return self
        self._begun.wait(wait.total_seconds())
        if not self._beaten:
            self.stop()
            message = f"no first beat of the {self.kind} process within {wait.total_seconds():.0f} s"
            raise TimeoutError(message)
        return self

    def stop(self) -> None:
        """End the beats and take the row away: whatever this process still held is free at once.

        May be called at any time, also before `start` or while that waits. Takes at most `STOPS_WITHIN`.
        """
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOPS_WITHIN.total_seconds())

    def _beat_until_stopped(self) -> None:
        log = structlog.get_logger().bind(process=str(self.id), kind=self.kind)
        while not self._stopping.is_set():
            try:
                with psycopg.connect(
                    self._database_url, autocommit=True, connect_timeout=3, application_name="relay-heartbeat"
                ) as connection:
                    self._beat_on(connection)
            except psycopg.Error as error:
                log.warning("heartbeat.missed", error=type(error).__name__)
                self._stopping.wait(min(1.0, self._every.total_seconds()))
        self._begun.set()  # nobody need wait for a beat any more

    def _beat_on(self, connection: "psycopg.Connection[tuple[object, ...]]") -> None:
        while True:
            at = self._clock()  # before the beat: a sleep in the middle of it must not pass unseen
            self._end_silence(connection, at)
            connection.execute(
                "INSERT INTO processes (id, kind, host, pid) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (id) DO UPDATE SET beat_at = clock_timestamp()",
                (self.id, self.kind, socket.gethostname(), os.getpid()),
            )
            self._beaten, self._beaten_at = True, at
            self._begun.set()
            if self._stopping.wait(self._every.total_seconds()):
                with suppress(psycopg.Error):
                    connection.execute("DELETE FROM processes WHERE id = %s", (self.id,))
                return

    def _end_silence(self, connection: "psycopg.Connection[tuple[object, ...]]", at: float) -> None:
        silence = self._silence
        # Our clock only says when to ask; the database's decides.
        if silence is None or abs(at - self._beaten_at) < silence.longer_than.total_seconds():
            return
        (silent,) = connection.execute(_SILENT, (self.kind, silence.longer_than)).fetchone() or (False,)
        if silent:
            silence.ends(connection)
            structlog.get_logger().info("outage.ended", process=str(self.id), kind=self.kind)
