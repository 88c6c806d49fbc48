"""Reading a file beside the event loop: in a thread, so that whoever imports it goes on answering requests."""

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


class _GivenUp(Exception):
    """Nobody waits any more for what is being read."""


class Aside:
    """The work of one import that waits for no database. There is never more than one thread at it at a time, and none once who
    has waited for it was cancelled."""

    def __init__(self) -> None:
        self._given_up = threading.Event()

    def watched(self, rows: Iterable[T]) -> Iterator[T]:
        """The same, up to where nobody waits any more for what they are read for."""
        for row in rows:
            if self._given_up.is_set():
                raise _GivenUp
            yield row

    async def do(self, work: Callable[[], T]) -> T:
        """What the work answers, which goes through `watched` rows; raises what it raises."""
        running = asyncio.ensure_future(asyncio.to_thread(work))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            self._given_up.set()
            await asyncio.wait([running])
            running.exception()  # that it was given up is no news
            raise
