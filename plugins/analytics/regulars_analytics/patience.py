"""Finding what takes longer than an answer may."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from regulars_core.plugin import Shop

T = TypeVar("T")


async def patiently(shop: Shop, seconds: int, find: Callable[[], Awaitable[T]]) -> T:
    """What something finds that only reads, each statement of which may take so long. SQLite needs no time to be given, and no
    transaction, which would be that of its only writer."""
    if shop.database.engine != "postgres":
        return await find()

    async def work() -> T:
        await shop.database.allow(seconds)
        return await find()

    return await shop.database.transaction(work)
