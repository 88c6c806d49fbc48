"""When keys were last used, to the minute: noted in memory, and written from time to time beside what is asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from regulars_core.database import Database, Unavailable
from regulars_core.primitives.clock import Instant, now
from regulars_core.primitives.errors import logged

_MINUTE_MS = 60_000
_WRITTEN_EVERY_SECONDS = 20


class KeyUsage:
    """Which keys were used in this process since that was last written."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._used: dict[str, Instant] = {}
        self._written: dict[str, Instant] = {}

    def note(self, key_id: str) -> None:
        """Note that a key is used now."""
        minute = Instant(now() // _MINUTE_MS * _MINUTE_MS)
        if self._written.get(key_id) != minute:
            self._used[key_id] = minute

    async def write(self) -> None:
        """Write down what was noted: a statement for all keys, once a minute for each. What cannot be written now is kept for the
        next time. Raises Unavailable."""
        used, self._used = self._used, {}
        if not used:
            return
        sql = "UPDATE api_key SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)"
        try:
            await self._database.transaction(lambda: self._database.run_many(sql, sorted(used.items())))
        except BaseException:
            self._used = used | self._used
            raise
        self._written |= used


@asynccontextmanager
async def written_now_and_then(usage: KeyUsage) -> AsyncIterator[None]:
    """What is noted is written while this is open, and at its end. A database that is out of reach is not waited for: it is a
    note, and nothing that is asked may fail for it."""

    async def write() -> None:
        try:
            await usage.write()
        except Unavailable:
            pass
        except Exception as error:
            logged(error, "the last use of keys")

    async def go_on() -> None:
        while True:
            await asyncio.sleep(_WRITTEN_EVERY_SECONDS)
            await write()

    writing = asyncio.create_task(go_on(), name="key usage")
    try:
        yield
    finally:
        writing.cancel()
        with suppress(asyncio.CancelledError):
            await writing
        await write()
