"""PostgreSQL for Tortoise, over asyncpg. Imported only when a database of this kind is opened: asyncpg is an extra."""

import itertools
from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

import asyncpg  # type: ignore[import-untyped]
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import ConnectionWrapper, PoolConnectionWrapper, TransactionContext
from tortoise.exceptions import DBConnectionError, TransactionManagementError

from regulars_core.database.dialect import Lookup, Write, made_one, side_by_side, together, values_of
from regulars_core.database.errors import NoConnection, Unavailable
from regulars_core.database.postgres.connection import (
    LOST,
    SETTINGS,
    SETTINGS_OF_THE_POOLER,
    Connection,
    PooledConnection,
    allow,
    cut,
)
from regulars_core.database.postgres.group_commit import GroupCommit
from regulars_core.database.postgres.pool import CONNECT_SECONDS, Pool
from regulars_core.database.postgres.progress import Progress, as_meant
from regulars_core.database.postgres.transaction_context import PostgresTransactionContext, SavepointContext
from regulars_core.database.sought import asked_with_keys, by_keys
from regulars_core.database.statement_log import note

_savepoints = itertools.count()
_UNPOOLED = "; behind PgBouncer's pool_mode = transaction set REGULARS_DATABASE_POOLER=transaction"
_UNREACHABLE = (*LOST, TimeoutError, asyncpg.PostgresError, DBConnectionError)


class PostgresEngine(AsyncpgDBClient):
    """The client outside a transaction: a connection of the pool for each statement."""

    connection_class: type[Connection] = Connection

    def __init__(self, **kwargs: Any) -> None:
        pooled = kwargs.pop("pooler", "session") == "transaction"
        if pooled:
            # The next statement may reach another session, which has not prepared what this one has, or has something else
            # under the same name.
            self.connection_class = PooledConnection
            kwargs["statement_cache_size"] = 0
        ours = SETTINGS_OF_THE_POOLER if pooled else SETTINGS
        settings = {**ours, **(kwargs.pop("server_settings", None) or {})}
        super().__init__(server_settings=settings, **{"timeout": CONNECT_SECONDS, **kwargs})
        # Tortoise keys its cache of statements by this name, and the two engines write them differently.
        self.connection_name = "postgres"
        self.owner: object = self
        self.together = GroupCommit(self)
        self.transactions = 0
        """How many there are at the moment."""

    async def create_connection(self, with_db: bool) -> None:
        try:
            await super().create_connection(with_db)
        except _UNREACHABLE as error:
            hint = _UNPOOLED if "startup parameter" in str(error) else ""
            raise Unavailable(f"Cannot connect to PostgreSQL at {self.host}:{self.port}: {error}{hint}") from error

    async def create_pool(self, **kwargs: Any) -> Any:
        return await Pool.open(**kwargs)

    def acquire_connection(self) -> PoolConnectionWrapper[Any]:
        return _Acquired(self, self._pool_init_lock)

    def _in_transaction(self) -> TransactionContext:
        return PostgresTransactionContext(PostgresTransaction(self))

    async def acquire(self) -> Any:
        """A connection of the pool. Raises Unavailable if there is none to be had in time."""
        if self._pool is None:
            raise NoConnection("The database is closed.")
        try:
            return await self._pool.acquire()
        except _UNREACHABLE as error:
            raise NoConnection(f"No connection to PostgreSQL: {str(error) or 'all are busy'}") from error

    async def execute_insert(self, query: str, values: list[Any]) -> Any:
        note(self.owner, query)
        return await super().execute_insert(query, values)

    async def execute_many(self, query: str, values: list[Any]) -> None:
        note(self.owner, query)
        await super().execute_many(query, values)

    async def execute_query(self, query: str, values: list[Any] | None = None) -> tuple[int, list[dict[str, Any]]]:
        note(self.owner, query)
        result: tuple[int, list[dict[str, Any]]] = await super().execute_query(query, values)
        return result

    async def execute_query_dict(self, query: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
        note(self.owner, query)
        result: list[dict[str, Any]] = await super().execute_query_dict(query, values)
        return result

    async def fetch(self, sql: str, values: Sequence[Any]) -> list[Any]:
        """The rows of a statement, as records."""
        note(self.owner, sql)
        return list(await self._translate_exceptions(_fetch, sql, values))

    async def change(self, sql: str, values: Sequence[Any]) -> int:
        """How many rows a statement inserted, updated or deleted; not counting what triggers did."""
        note(self.owner, sql)
        status = str(await self._translate_exceptions(_execute, sql, values))
        count = status.rpartition(" ")[2]  # "INSERT 0 3", "UPDATE 2", "CREATE TABLE"
        return int(count) if count.isdigit() else 0

    async def change_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """The same statement for each of these rows of values."""
        note(self.owner, sql)
        await self._translate_exceptions(_execute_many, sql, rows)

    async def change_together(self, statements: Sequence[Write]) -> None:
        """All of these statements as one."""
        await self.change(together(statements), values_of(statements))

    async def copy(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows by COPY, which takes a fraction of the time of as many INSERTs."""
        note(self.owner, f"COPY {table}")
        await self._translate_exceptions(_copy, table, columns, rows)

    async def _translate_exceptions(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return await super()._translate_exceptions(func, *args, **kwargs)
        except LOST as error:
            raise Unavailable(f"The connection to PostgreSQL was lost: {error}") from error


class _Begun(ConnectionWrapper[Any]):
    """The connection of a transaction that has begun, and in which nothing waits."""

    async def __aenter__(self) -> Any:
        await self._lock.acquire()
        try:
            transaction: Any = self.client
            self.connection = await transaction.begin_late()
        except BaseException:
            self._lock.release()
            raise
        return self.connection


class PostgresTransaction(PostgresEngine, TransactionWrapper):
    """The client inside a transaction: everything goes to its one connection.

    Speaks BEGIN and COMMIT itself. PostgreSQL answers the COMMIT of a transaction in which a statement has failed by
    rolling back, without an error, and asyncpg does not look: whoever swallowed that statement's error would be told
    that all is well.

    Begins as late as it can. What only reads is answered before that, and what is deferred waits for the first statement that may
    want to see it, or for the end. If it is one statement then and nothing has begun, that statement is the transaction. Until it
    begins it has no connection, and may look up and write in one statement with others.
    """

    def __init__(self, engine: PostgresEngine) -> None:
        inner = isinstance(engine, PostgresTransaction)
        self._progress: Progress = engine._progress if inner else Progress()  # type: ignore[attr-defined]
        self._engine: PostgresEngine = engine._engine if inner else engine  # type: ignore[attr-defined]
        TransactionWrapper.__init__(self, engine)
        self.owner = engine.owner
        self._name = f"regulars_{next(_savepoints)}"
        if inner:  # one connection takes one statement at a time
            self._lock = engine._lock  # type: ignore[attr-defined]

    @property
    def _connection(self) -> Any:
        return self._progress.connection

    @_connection.setter
    def _connection(self, connection: Any) -> None:
        self._progress.connection = connection

    def acquire_connection(self) -> ConnectionWrapper[Any]:  # type: ignore[override]
        self._check()
        return _Begun(self._lock, self)

    def _check(self) -> None:
        if self._finalized:
            raise TransactionManagementError("This transaction has already ended.")

    async def read(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        """The rows of a statement that only reads."""
        if self._progress.begun or self._progress.waiting:
            return await self.fetch(sql, values)
        ahead = self.prefetched(sql, values)
        return await self._fetch_unbegun(sql, values) if ahead is None else ahead

    def prefetched(self, sql: str, values: Sequence[Any]) -> Sequence[Any] | None:
        """The rows of a statement that was asked ahead, once, as long as the transaction has not begun."""
        progress = self._progress
        if not progress.begun and not progress.waiting:
            for n, (asked, rows) in enumerate(progress.prefetched):
                if asked[0] == sql and [*by_keys(asked, progress.keys)[1]] == [*values]:
                    del progress.prefetched[n]
                    return rows
        return None

    def prefetched_as_named(self, lookups: Sequence[Lookup]) -> Sequence[Sequence[Any] | None]:
        """The rows of each of these that was asked ahead by this very look-up; as `prefetched`, and without comparing them. Those
        are kept until they are given, so that no other one can be where one of them was."""
        progress = self._progress
        if progress.begun or progress.waiting:
            return [None] * len(lookups)
        known = {id(asked): rows for asked, rows in progress.prefetched}
        given = [id(lookup) for lookup in lookups]
        taken = frozenset(given)
        progress.prefetched = [each for each in progress.prefetched if id(each[0]) not in taken]
        return [known.get(each) for each in given]

    async def prefetch(self, lookups: Sequence[Lookup]) -> None:
        """Ask these now, for whoever looks one of them up before the transaction begins; what several of them look up alike is
        asked once, and given as often as it was named."""
        progress = self._progress
        if progress.begun or progress.waiting:
            return
        first = dict[str, Lookup]()
        apart = [one for one in lookups if (same := first.setdefault(one[0], one)) is one or same[1] != one[1]]
        asked, keys = asked_with_keys(apart)
        queries = [key.query for key in keys]
        sql, values = side_by_side(asked, queries), values_of([*queries, *asked])
        note(self.owner, sql)

        async def alone() -> Any:
            return (await self._translate_exceptions(_fetch_unbegun, sql, values))[0]

        answers = await self._engine.together.ask(sql, values, alone)
        progress.keys = {key: rows[0][0] if rows else None for key, rows in zip(keys, answers, strict=False)}
        found = {id(one): rows for one, rows in zip(apart, answers[len(keys) :], strict=True)}
        progress.prefetched = [(one, found[id(one) if id(one) in found else id(first[one[0]])]) for one in lookups]

    async def _fetch_unbegun(self, sql: str, values: Sequence[Any]) -> list[Any]:
        note(self.owner, sql)
        return list(await self._translate_exceptions(_fetch_unbegun, sql, values))

    async def defer(self, statements: Sequence[Write]) -> None:
        """These statements, before the next one of this transaction that may see what they do."""
        self._check()
        self._progress.waiting += statements
        self._progress.made = None

    async def flush(self) -> None:
        """Do what waits, unless it is the whole transaction and one statement: that is left to the commit."""
        progress = self._progress
        if not progress.waiting:
            return
        if progress.made is None:
            progress.made = made_one(progress.waiting)
        if progress.begun or len(progress.made) > 1:
            await self._translate_exceptions(_begin_late)

    async def begin_late(self) -> Any:
        """The connection of this transaction, once it has begun and what waits is done. What fails goes on waiting, and fails
        again with whatever comes next, the commit at the latest: whoever swallows the error has not got rid of the writes."""
        if self._progress.failed:
            raise self._progress.failed
        if self._connection is None:
            self._connection = await self._engine.acquire()
        connection = self._connection
        if not self._progress.begun:
            try:
                await connection.execute("BEGIN")
            except BaseException:
                cut(connection)  # or whoever went on would write outside of any transaction
                raise
            self._progress.begun = True
        for sql, number in made_one(self._progress.waiting):
            group = self._progress.waiting[:number]
            note(self.owner, sql)
            try:
                await connection.execute(sql, *values_of(group))
            except Exception as error:
                self._progress.failed = meant = as_meant(error, group)
                raise meant from meant.__cause__
            del self._progress.waiting[:number]
        return connection

    def _unbegun(self) -> AbstractAsyncContextManager[Any]:
        """A connection for a statement that needs no other one to have gone before: its own, if it has begun meanwhile."""
        if self._connection is None:
            return self._engine.acquire_connection()
        return nullcontext(self._connection)

    def _in_transaction(self) -> TransactionContext:
        return SavepointContext(PostgresTransaction(self))

    async def execute_many(self, query: str, values: list[Any]) -> None:
        note(self.owner, query)
        await TransactionWrapper.execute_many(self, query, values)

    async def commit(self) -> None:
        self._check()
        await self.flush()
        progress = self._progress
        if progress.begun:
            status = await self._command("COMMIT")
            self._finalized = True
            if status != "COMMIT":
                raise TransactionManagementError("This transaction was rolled back: a statement in it had failed.")
        elif progress.waiting:
            assert progress.made is not None
            [(sql, _)] = progress.made
            note(self.owner, sql)

            async def alone() -> None:
                await self._translate_exceptions(_execute_unbegun, sql, values_of(progress.waiting))

            try:
                await self._engine.together.write(progress.waiting, alone)
            except Exception as error:
                meant = as_meant(error, progress.waiting)
                raise meant from meant.__cause__

    async def rollback(self) -> None:
        self._progress.clear()
        if self._progress.begun:
            allow(self._connection, None)
            await self._command("ROLLBACK")
        self._finalized = True

    async def allow(self, seconds: int) -> None:
        """Let each statement that follows take as long as this, and wait for it as long; 0 is for ever. What is thought about
        between two of them may take as long: it is about as much."""
        both = ("statement_timeout", "idle_in_transaction_session_timeout")
        settings = ", ".join(f"set_config('{name}', '{seconds:d}s', TRUE)" for name in both)
        await self.change(f"SELECT {settings}", ())
        allow(self._connection, seconds)

    async def savepoint(self) -> None:
        await self._command(f"SAVEPOINT {self._name}")

    async def savepoint_rollback(self) -> None:
        self._progress.clear()
        await self._command(f"ROLLBACK TO {self._name}")
        await self.release_savepoint()

    async def release_savepoint(self) -> None:
        await self._command(f"RELEASE {self._name}")

    async def _command(self, sql: str) -> str:
        return str(await self._translate_exceptions(_execute, sql, ()))


class _Acquired(PoolConnectionWrapper[Any]):
    async def __aenter__(self) -> Any:
        engine: Any = self.client
        self.connection = await engine.acquire()
        return self.connection

    async def __aexit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        pool: Any = self.client._pool
        await pool.release(self.connection, well=exc_type is None)


async def _fetch(client: PostgresEngine, sql: str, values: Sequence[Any]) -> Any:
    async with client.acquire_connection() as connection:
        return await connection.fetch(sql, *values)


async def _begin_late(client: PostgresTransaction) -> None:
    async with client.acquire_connection():
        pass


async def _fetch_unbegun(client: PostgresTransaction, sql: str, values: Sequence[Any]) -> Any:
    client._check()
    async with client._lock, client._unbegun() as connection:
        return await connection.fetch(sql, *values)


async def _execute_unbegun(client: PostgresTransaction, sql: str, values: Sequence[Any]) -> Any:
    client._check()
    async with client._lock, client._unbegun() as connection:
        return await connection.execute(sql, *values)


async def _execute(client: PostgresEngine, sql: str, values: Sequence[Any]) -> Any:
    async with client.acquire_connection() as connection:
        return await connection.execute(sql, *values)


async def _execute_many(client: PostgresEngine, sql: str, rows: Iterable[Sequence[Any]]) -> Any:
    async with client.acquire_connection() as connection:
        return await connection.executemany(sql, list(rows))


async def _copy(client: PostgresEngine, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    async with client.acquire_connection() as connection:
        await connection.copy_records_to_table(table, columns=list(columns), records=rows)


client_class = PostgresEngine
