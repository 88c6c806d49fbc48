"""How transactions end on PostgreSQL: committed or undone, and their connection given back, whatever happens, and soon."""

import asyncio
from typing import Any

import asyncpg  # type: ignore[import-untyped]
from tortoise.backends.base.client import NestedTransactionContext, TransactionContext
from tortoise.connection import get_connections

from regulars_core.database import current_transaction
from regulars_core.database.errors import Unavailable
from regulars_core.database.postgres.connection import LOST, UNDO_SECONDS, allow, cut, in_transaction

ALIAS = "default"


class PostgresTransactionContext(TransactionContext):
    """Gives back the connection with which the transaction of a client has begun, if it has, whatever happens."""

    client: Any

    def __init__(self, client: Any) -> None:
        self.connection_name = ALIAS
        self.client = client

    async def __aenter__(self) -> Any:
        self.client._engine.transactions += 1
        self._connections = get_connections()
        self._token = self._connections.set(ALIAS, self.client)
        self._outside = current_transaction.transaction.set(self.client)
        return self.client

    async def __aexit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        current_transaction.transaction.reset(self._outside)
        self._connections.reset(self._token)
        well = False
        try:
            if exc_type is None:
                await self.client.commit()
            elif not self.client._finalized:
                await self._undo(exc_type)
            well = exc_type is None
        finally:
            self.client._engine.transactions -= 1
            self.client._finalized = True
            await self._leave(well=well)

    async def _undo(self, exc_type: Any) -> None:
        try:
            async with _hurry_after(exc_type):
                await self.client.rollback()
        except (*LOST, asyncpg.PostgresError, Unavailable):
            # A connection that cannot roll back is lost, and with it the transaction. The error that led here is the
            # one worth reporting.
            cut(self.client._connection)

    async def _leave(self, *, well: bool) -> None:
        pool, connection = self.client._parent._pool, self.client._connection
        if pool is None or connection is None:
            return
        allow(connection, None)
        if not well and in_transaction(connection):  # a BEGIN was cancelled, a COMMIT failed: of unknown state
            cut(connection)
        await pool.release(connection, well=well)


class SavepointContext(NestedTransactionContext):
    """A savepoint, which whoever is cancelled in it does not leave before it is undone, or the connection is cut."""

    client: Any

    async def __aexit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        if not _cancelled(exc_type):
            await super().__aexit__(exc_type, exc_val, exc_tb)
            return
        try:
            async with _hurry_after(exc_type):
                await super().__aexit__(exc_type, exc_val, exc_tb)
        except (*LOST, asyncpg.PostgresError, Unavailable):
            cut(self.client._connection)


def _cancelled(exc_type: type[BaseException] | None) -> bool:
    return exc_type is not None and not issubclass(exc_type, Exception)


def _hurry_after(exc_type: type[BaseException] | None) -> asyncio.Timeout:
    """Who is cancelled has no time left: for the end of the statement that was cancelled, and for undoing what it belongs to."""
    return asyncio.timeout(UNDO_SECONDS if _cancelled(exc_type) else None)
