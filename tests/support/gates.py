"""A plugin that lets a purchase wait between what it has looked up and what it writes, while somebody else does something."""

import asyncio
from collections.abc import Awaitable, Callable

from regulars_core.plugin import Shop, hookimpl

_WRITER_BUSY_SECONDS = 0.3
"""After this who has not written on SQLite is waiting for who does."""


class Gate:
    """The first purchase that is recorded while it is closed waits. `times` says how often it was told of one since."""

    def __init__(self) -> None:
        self.times = 0
        self._shop: Shop | None = None
        self._reached, self._open = asyncio.Event(), asyncio.Event()
        self._open.set()

    @hookimpl
    async def purchases_recorded(self, shop: Shop) -> None:
        """Wait."""
        self.times += 1
        self._shop = shop
        self._reached.set()
        await self._open.wait()

    async def while_it_waits(self, purchase: Awaitable[object], other: Callable[[], Awaitable[object]]) -> None:
        """Begin the purchase, do the other thing while it waits, and let it go on. Who has to wait for the purchase, as on SQLite
        everybody who writes does, comes after it."""
        self.times = 0
        self._reached.clear()
        self._open.clear()
        buying = asyncio.ensure_future(purchase)
        async with asyncio.timeout(30):
            await self._reached.wait()
            between = asyncio.ensure_future(other())
            await self._done_or_waiting(between)
            self._open.set()
            await asyncio.gather(buying, between)

    async def _done_or_waiting(self, between: "asyncio.Future[object]") -> None:
        assert self._shop is not None
        database = self._shop.database
        if database.engine == "sqlite":
            await asyncio.wait({between}, timeout=_WRITER_BUSY_SECONDS)
            return
        while not between.done() and not await database.row("SELECT 1 FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
