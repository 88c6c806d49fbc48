"""Connections to PostgreSQL, and the pool that lends them."""

import asyncio
from collections import deque
from time import monotonic
from typing import Any
from uuid import UUID

import asyncpg  # type: ignore[import-untyped]

CONNECT_SECONDS = 5.0  # to connect, and to wait for a free connection of the pool
MAX_IDLE_SECONDS = 300.0
"""After this a connection is not used again: who stands between may have forgotten it without a word."""

# Given when connecting. PgBouncer passes none of them on: name them in its
# ignore_startup_parameters and set them with ALTER ROLE.
SETTINGS = {
    "application_name": "regulars",
    "lock_timeout": "2s",
    "statement_timeout": "5s",
    "idle_in_transaction_session_timeout": "15s",
    "jit": "off",
    "timezone": "UTC",
}


class Connection(asyncpg.Connection):  # type: ignore[misc]
    """Goes back to the pool without being reset, which took a third of the time of a short read. So settings are made
    with SET LOCAL, advisory locks are those of a transaction, and nobody listens on a connection of the pool."""

    def get_reset_query(self) -> str:
        return ""


class Pool:
    """asyncpg's pool, and in front of it the connections whose last statement went well: these are lent again as they are,
    to who waits the longest. asyncpg takes a task and two timeouts for each time, as long as some statements."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self._taken = 0
        self._at_hand: list[tuple[Any, float]] = []
        self._waiting: deque[asyncio.Future[Any]] = deque()

    @classmethod
    async def open(cls, **arguments: Any) -> "Pool":
        """A pool with asyncpg's arguments."""
        return cls(await asyncpg.create_pool(None, init=_ids_as_text, **arguments))

    @property
    def lent(self) -> int:
        """How many connections somebody has at the moment."""
        return self._taken - len(self._at_hand)

    async def acquire(self) -> Any:
        """A connection: the one that was used last, or if none is at hand, one of asyncpg's. Raises TimeoutError, and what
        asyncpg raises."""
        if (connection := await self._at_once()) is not None:
            return connection
        async with asyncio.timeout(CONNECT_SECONDS):
            connection = await self._in_turn()
            return await self._another() if connection is None else connection

    async def release(self, connection: Any, *, well: bool = False) -> None:
        """Take a connection back. `well`: its last statement has ended, and it is in no transaction."""
        if well and not self._pool.is_closing():
            self._hand_on(connection)
        else:
            await self._give_back(connection)

    async def _at_once(self) -> Any | None:
        """A connection that need not be waited for, if there is one."""
        while self._at_hand:
            connection, since = self._at_hand.pop()
            try:
                if not connection.is_closed() and monotonic() - since < MAX_IDLE_SECONDS:
                    return connection
                connection.terminate()
            except asyncpg.InterfaceError:
                self._one_less()  # it was lost, and asyncpg has taken it back already
            else:
                await self._give_back(connection)
        if self._taken >= self._pool.get_max_size():
            return None
        self._taken += 1
        return await self._another()

    async def _another(self) -> Any:
        """One of asyncpg's connections, which is counted already."""
        try:
            return await self._pool.acquire(timeout=CONNECT_SECONDS)
        except BaseException:
            self._one_less()
            raise

    async def _in_turn(self) -> Any | None:
        """A connection that somebody else has had; or none, but the right to another one in its place."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            return await waiter
        except BaseException:
            if waiter.done() and not waiter.cancelled():  # it came too late
                self._one_less() if waiter.result() is None else self._hand_on(waiter.result())
            raise

    def _hand_on(self, connection: Any) -> None:
        """Give a connection to who waits the longest, or keep it at hand."""
        if not self._give_to_waiter(connection):
            self._at_hand.append((connection, monotonic()))

    def _give_to_waiter(self, connection: Any | None) -> bool:
        """Whether somebody was waiting, and has got the connection, or the right to another one."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return True
        return False

    async def _give_back(self, connection: Any) -> None:
        try:
            await self._pool.release(connection)
        finally:
            self._one_less()

    def _one_less(self) -> None:
        """There is a connection less: who waits the longest may have another one, before anybody who comes now."""
        if not self._give_to_waiter(None):
            self._taken -= 1

    async def expire_connections(self) -> None:
        """Use no connection again that is open now."""
        await self._put_back()
        await self._pool.expire_connections()

    async def close(self) -> None:
        """Close all connections, when those that are lent have come back."""
        await self._put_back()
        await self._pool.close()

    def terminate(self) -> None:
        """Cut all connections."""
        self._pool.terminate()

    async def _put_back(self) -> None:
        while self._at_hand:
            await self._give_back(self._at_hand.pop()[0])


async def _ids_as_text(connection: Any) -> None:
    await connection.set_type_codec(
        "uuid", schema="pg_catalog", encoder=_uuid_bytes, decoder=bytes.hex, format="binary"
    )


def _uuid_bytes(value: Any) -> bytes:
    if type(value) is str and len(value) == 32:
        return bytes.fromhex(value)  # an id as we write it; PostgreSQL refuses what is not 16 bytes
    return value.bytes if isinstance(value, UUID) else UUID(value).bytes
