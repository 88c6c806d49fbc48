"""One SQLite connection on a thread of its own, so that a statement can be given up halfway."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from regulars_core.primitives.clock import local_day, local_time

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]


class SqliteThread:
    """Runs work on its connection, one piece after another.

    Work whose caller is cancelled is interrupted, and the caller waits until SQLite has really stopped: the next to use
    the connection never finds it busy with what nobody wants any more.
    """

    def __init__(
        self, path: Path, *, read_only: bool, busy_timeout_seconds: float, pragmas: Mapping[str, object]
    ) -> None:
        self._uri = f"file:{quote(str(path))}" + ("?mode=ro" if read_only else "")
        self._busy_timeout_seconds = busy_timeout_seconds
        self._pragmas = pragmas
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="regulars-sqlite")
        self._mutex = threading.Lock()
        self._current: object = None
        self._connection: sqlite3.Connection | None = None

    async def open(self) -> None:
        """Connect. Raises sqlite3.OperationalError if the file cannot be opened."""
        job = self._thread.submit(self._connect)
        try:
            await asyncio.wrap_future(job)
        except BaseException:
            await self.close()
            raise

    async def run(self, work: Work[T], *, interruptible: bool = True) -> T:
        """What the work returns or raises. `interruptible=False` lets it finish even if the caller is cancelled."""
        ticket = object()
        job = self._thread.submit(self._perform, ticket, work)
        try:
            return await asyncio.wrap_future(job)
        except asyncio.CancelledError:
            await self._settle(job, ticket if interruptible else None)
            raise

    async def close(self) -> None:
        """Close the connection after the work that is already queued, and end the thread."""
        job = self._thread.submit(self._disconnect)
        self._thread.shutdown(wait=False)
        await self._settle(job, None)

    def _connect(self) -> None:
        connection = sqlite3.connect(
            self._uri, uri=True, isolation_level=None, timeout=self._busy_timeout_seconds, cached_statements=512
        )
        try:
            connection.create_function("local_day", 2, local_day, deterministic=True)
            connection.create_function("local_time", 2, local_time, deterministic=True)
            for pragma, value in self._pragmas.items():
                connection.execute(f"PRAGMA {pragma} = {value}").fetchall()
        except BaseException:
            connection.close()
            raise
        self._connection = connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _perform(self, ticket: object, work: Work[T]) -> T:
        if self._connection is None:
            raise sqlite3.ProgrammingError("The database is closed.")
        with self._mutex:
            self._current = ticket
        try:
            return work(self._connection)
        finally:
            with self._mutex:
                self._current = None

    async def _settle(self, job: "Future[T]", ticket: object) -> None:
        # An interrupt that comes before SQLite has begun is lost, hence again and again until the work has ended.
        while not job.done():
            if ticket is not None:
                self._interrupt(ticket)
            try:
                await asyncio.sleep(0.001)
            except asyncio.CancelledError:
                continue  # asked to stop a second time: it is stopping

    def _interrupt(self, ticket: object) -> None:
        with self._mutex:
            if self._current is ticket and self._connection is not None:
                self._connection.interrupt()
