"""Connections to PostgreSQL, and the pool that lends them."""

import asyncio
import logging
from collections import deque
from time import monotonic
from typing import Any

import asyncpg  # type: ignore[import-untyped]

from regulars_core.database.postgres.connection import LOST, UNDO_SECONDS, cut, made_ready

CONNECT_SECONDS = 5.0  # to connect, and to wait for a free connection of the pool
MAX_IDLE_SECONDS = 300.0
"""After this a connection is not used again: who stands between may have forgotten it without a word."""

log = logging.getLogger(__name__)


class Pool:
    """asyncpg's pool, and in front of it the connections whose last statement went well: these are lent again as they are,
    to who waits the longest. asyncpg takes a task and two timeouts for each time, as long as some statements.

    Where one is lost while somebody has it the network may have fallen silent for others, too: those that lay at hand by
    then have to answer before they are lent.
    """

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self._taken = 0
        self._lost_at = 0.0
        self._at_hand: list[tuple[Any, float]] = []
        self._waiting: deque[asyncio.Future[Any]] = deque()

    @classmethod
    async def open(cls, **arguments: Any) -> "Pool":
        """A pool with asyncpg's arguments, and a connection in it. Raises what `acquire` does."""
        pool = cls(await asyncpg.create_pool(None, init=made_ready, **arguments))
        try:
            await pool.release(await pool.acquire(), well=True)
        except BaseException:
            pool.terminate()
            raise
        return pool

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
            return
        lost = connection._con is None
        if not await self._give_back(connection) or lost:
            self._lost_at = monotonic()
            await self._pool.expire_connections()

    async def _at_once(self) -> Any | None:
        """A connection that need not be waited for, if there is one."""
        while self._at_hand:
            connection, since = self._at_hand.pop()
            try:
                if not connection.is_closed() and monotonic() - since < MAX_IDLE_SECONDS:
                    if since > self._lost_at or await self._answers(connection):
                        return connection
                    await self._drop_those_of_before()
                connection.terminate()
            except asyncpg.InterfaceError:
                self._one_less()  # it was lost, and asyncpg has taken it back already
            else:
                await self._give_back(connection)
        if self._taken >= self._pool.get_max_size():
            return None
        self._taken += 1
        return await self._another()

    async def _answers(self, connection: Any) -> bool:
        """Whether there is somebody at the other end."""
        try:
            async with asyncio.timeout(UNDO_SECONDS):
                await connection.execute("SELECT 1")
        except (*LOST, asyncpg.PostgresError):
            return False
        except BaseException:
            await self._give_back(connection)
            raise
        return True

    async def _drop_those_of_before(self) -> None:
        """Cut those at hand that nothing was heard of since one was lost: another one of them has not answered."""
        old = [connection for connection, since in self._at_hand if since <= self._lost_at]
        self._at_hand = [(connection, since) for connection, since in self._at_hand if since > self._lost_at]
        for connection in old:
            cut(connection)
            await self._give_back(connection)

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

    async def _give_back(self, connection: Any) -> bool:
        """Give a connection back to asyncpg, which waits until what was cancelled on it has ended; False if it had to be cut."""
        try:
            await self._pool.release(connection, timeout=UNDO_SECONDS)
        except (*LOST, asyncpg.PostgresError) as error:
            log.info("a connection to PostgreSQL was cut: %s", str(error) or "what was cancelled on it did not end")
            return False
        finally:
            self._one_less()
        return True

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
