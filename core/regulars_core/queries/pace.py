"""Long work in short transactions, so that nobody else waits long for what they hold."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from regulars_core.database import Database

T = TypeVar("T")

AIM_SECONDS = {"sqlite": 0.1, "postgres": 0.3}
"""How long one transaction of long work should take: on SQLite everybody waits for it, on PostgreSQL whoever wants the same
rows."""
_NOTICEABLE_SECONDS = 0.05  # in which SQLite's one writer was taken, however many steps that were
_PAUSE_SECONDS = 0.03, 0.2  # at least and at most; SQLite itself looks every 25 milliseconds whether it may write


class Pace:
    """How much of something long is done in one transaction: as much as takes AIM_SECONDS, by how long the last one took,
    between `least` and `most`. SQLite has one writer, and other processes ask for it from time to time: so it is left to them
    once they can have noticed it. The time that counts is that of all steps since then: between short ones nobody gets a turn
    who does not happen to look just there."""

    def __init__(self, database: Database, most: int, *, first: int | None = None, least: int = 1) -> None:
        self._database, self._most, self._least = database, most, min(least, most)
        self._held = 0.0
        self.size = min(first or most, most)

    async def step(self, work: Callable[[], Awaitable[T]]) -> T:
        """Run some of the work in one transaction; it looks at `size` for how much that is. Raises what `transaction` raises."""
        begun = time.monotonic()
        result = await self._database.transaction(work)
        took = time.monotonic() - begun
        aim = AIM_SECONDS[self._database.engine]
        wanted = int(self.size * aim / max(took, aim / 4))
        self.size = max(self._least, min(self._most, max(self.size // 4, wanted), self.size * 2))
        if self._database.engine == "sqlite" and not self._database.in_transaction:
            await self._leave_it_to_others(took)
        return result

    async def _leave_it_to_others(self, took: float) -> None:
        self._held += took
        if self._held > _NOTICEABLE_SECONDS:
            least, most = _PAUSE_SECONDS
            await asyncio.sleep(min(max(self._held / 2, least), most))
            self._held = 0.0
