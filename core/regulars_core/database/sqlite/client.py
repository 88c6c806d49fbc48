"""SQLite for Tortoise: one writer, a few read-only connections beside it. Tortoise looks for `client_class`."""

import asyncio
import itertools
import sqlite3
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from tortoise.backends.base.client import NestedTransactionContext, TransactionalDBClient, TransactionContext
from tortoise.backends.sqlite.client import SqliteClient
from tortoise.connection import get_connections
from tortoise.exceptions import IntegrityError, OperationalError, TransactionManagementError

from regulars_core.database import current_transaction
from regulars_core.database.dialect import Guarded, Lookup, Precondition, Write, rows_of, sqlite_values, to_sqlite
from regulars_core.database.errors import Overtaken
from regulars_core.database.sqlite.thread import SqliteThread, Work
from regulars_core.database.statement_log import note

T = TypeVar("T")

ALIAS = "default"
BUSY_TIMEOUT_SECONDS = 5.0  # to wait for another process that writes, before "busy"
_POLL_SECONDS = 0.05  # of that SQLite itself sleeps, deaf to a cancellation

# secure_delete: what is erased must not stay behind in free pages. recursive_triggers: without it INSERT OR REPLACE
# slips past the triggers that keep tables append-only. synchronous=FULL: an answer means that the disk has the row.
_BOTH = {"cache_size": -4000, "mmap_size": 134217728, "temp_store": "MEMORY", "foreign_keys": "ON"}
_WRITER = {
    "journal_mode": "WAL",
    "synchronous": "FULL",
    "recursive_triggers": "ON",
    "secure_delete": "ON",
    "journal_size_limit": 67108864,
    **_BOTH,
}
_READER = {**_BOTH, "query_only": "ON"}
_TRUNCATE = "PRAGMA wal_checkpoint(TRUNCATE)"
_READING = ("SELECT", "WITH", "VALUES", "EXPLAIN", "PRAGMA")
_savepoints = itertools.count()


class SqliteEngine(SqliteClient):
    """The client outside a transaction: reads go to a free reader, each write is a transaction of its own."""

    def __init__(self, file_path: str, readers: int = 4, **kwargs: Any) -> None:
        super().__init__(file_path, **kwargs)
        # Tortoise keys its cache of statements by this name, and the two engines write them differently.
        self.connection_name = "sqlite"
        path = Path(file_path)
        self.owner: object = self
        self.writer = SqliteThread(path, read_only=False, busy_timeout_seconds=_POLL_SECONDS, pragmas=_WRITER)
        self.readers = [
            SqliteThread(path, read_only=True, busy_timeout_seconds=BUSY_TIMEOUT_SECONDS, pragmas=_READER)
            for _ in range(max(1, readers))
        ]
        self.writing = asyncio.Lock()  # grants in the order of asking
        self._idle = list(self.readers)
        self._free = asyncio.Semaphore(len(self.readers))

    async def create_connection(self, with_db: bool) -> None:
        opened: list[SqliteThread] = []
        try:
            for thread in (self.writer, *self.readers):  # the writer first: it makes the file
                await thread.open()
                opened.append(thread)
        except BaseException:
            for thread in opened:
                await thread.close()
            raise
        await self._post_connect()

    async def close(self) -> None:
        for thread in (*self.readers, self.writer):
            await thread.close()

    def _in_transaction(self) -> TransactionContext:
        return SqliteTransactionContext(self)

    async def truncate_log(self) -> bool:
        """Write what the write-ahead log holds into the file, and empty the log; False if somebody still reads from it."""
        async with self.writing:
            rows = await self.writer.run(lambda connection: connection.execute(_TRUNCATE).fetchall())
        return bool(rows[0][0] == 0)

    async def execute_insert(self, query: str, values: list[Any]) -> int:
        return await self._perform(query, lambda connection: int(connection.execute(query, values).lastrowid or 0))

    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        await self._perform(query, lambda connection: connection.executemany(query, values).close())

    async def execute_query(self, query: str, values: list[Any] | None = None) -> tuple[int, Sequence[Any]]:
        return await self._perform(query, lambda connection: _query(connection, query, values or []))

    async def execute_query_dict(self, query: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
        return [dict(row) for row in (await self.execute_query(query, values))[1]]

    async def execute_script(self, query: str) -> None:
        # sqlite3's executescript commits the open transaction first.
        raise NotImplementedError("Run the statements of a script one by one.")

    async def fetch(self, sql: str, values: Sequence[Any]) -> list[Any]:
        """The rows of a statement written with `$1`, as tuples."""
        text, bound = to_sqlite(sql), sqlite_values(values)
        return await self._perform(sql, lambda connection: connection.execute(text, bound).fetchall())

    async def fetch_together(self, lookups: Sequence[Lookup]) -> list[list[Any]]:
        """The rows of each of these, without coming back between them."""
        bound = [(to_sqlite(sql), sqlite_values(values)) for sql, values in lookups]
        for sql, _ in lookups[1:]:
            note(self.owner, sql)
        return await self._perform(
            lookups[0][0], lambda connection: [connection.execute(*each).fetchall() for each in bound]
        )

    async def change(self, sql: str, values: Sequence[Any]) -> int:
        """How many rows a statement written with `$1` inserted, updated or deleted; not counting what triggers did."""
        text, bound = to_sqlite(sql), sqlite_values(values)
        return await self._perform(sql, lambda connection: _change(connection, text, bound))

    async def change_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """The same statement for each of these rows of values."""
        text, bound = to_sqlite(sql), [sqlite_values(row) for row in rows]
        await self._perform(sql, lambda connection: connection.executemany(text, bound).close())

    async def change_together(self, statements: Sequence[Write]) -> None:
        """These statements, one after another, without coming back between them."""
        bound = [(_text_of(each), sqlite_values(each[1]), type(each), rows_of(each)) for each in statements]

        def work(connection: sqlite3.Connection) -> None:
            for sql, values, kind, rows in bound:
                cursor = connection.execute(sql, values)
                holds = cursor.fetchone()[0] if kind is Precondition else kind is not Guarded or cursor.rowcount == rows
                cursor.close()
                if not holds:
                    raise Overtaken("What was decided by has been changed meanwhile.")

        await self._perform(bound[0][0], work)
        for sql, *_ in bound[1:]:
            note(self.owner, sql)

    async def _perform(self, sql: str, work: Work[T]) -> T:
        note(self.owner, sql)
        try:
            return await self._run(sql, work)
        except sqlite3.IntegrityError as error:
            raise IntegrityError(error) from error
        except sqlite3.OperationalError as error:
            raise OperationalError(error) from error

    async def _run(self, sql: str, work: Work[T]) -> T:
        if not sql.lstrip("( \n\t").upper().startswith(_READING):
            async with SqliteTransactionContext(self) as transaction:
                return await transaction._run(sql, work)
        async with self._free:
            reader = self._idle.pop()
            try:
                return await reader.run(work)
            finally:
                self._idle.append(reader)


def _text_of(statement: Write) -> str:
    sql = to_sqlite(statement[0])
    return f"SELECT {sql}" if type(statement) is Precondition else sql


class SqliteTransaction(SqliteEngine, TransactionalDBClient):
    """The client inside a transaction: everything goes to the writer."""

    def __init__(self, engine: SqliteEngine, outer: "SqliteTransaction | None" = None) -> None:
        self._parent: SqliteEngine = engine
        self._outer = outer
        self.capabilities = engine.capabilities
        self.connection_name = engine.connection_name
        self.fetch_inserted = engine.fetch_inserted
        self.log = engine.log
        self.owner = engine.owner
        self.writer = engine.writer
        self._finalized = False
        self._failed: Exception | None = None
        self._name = f"regulars_{next(_savepoints)}"

    def _in_transaction(self) -> TransactionContext:
        return NestedTransactionContext(SqliteTransaction(self._parent, self))

    async def read(self, sql: str, values: Sequence[Any]) -> list[Any]:
        """The rows of a statement that only reads."""
        return await self.fetch(sql, values)

    async def prefetch(self, lookups: Sequence[Lookup]) -> None:
        """Nothing: there is no round to the database to be saved."""

    async def defer(self, statements: Sequence[Write]) -> None:
        """These statements, at once, for the same reason. What fails here fails on PostgreSQL later, when nobody catches it: so
        it stays failed, unless a savepoint around it is undone."""
        try:
            await self.change_together(statements)
        except Exception as error:
            self._failed = error
            raise

    async def flush(self) -> None:
        """Nothing waits."""

    async def begin(self) -> None:
        """Wait for other processes to stop writing. Polled from here, since SQLite's own wait cannot be cancelled."""
        deadline = time.monotonic() + BUSY_TIMEOUT_SECONDS
        while True:
            try:
                await self.writer.run(lambda connection: connection.execute("BEGIN IMMEDIATE").close())
                return
            except sqlite3.OperationalError as error:
                busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                if not busy or time.monotonic() > deadline:
                    raise OperationalError(error) from error

    async def commit(self) -> None:
        self._check()
        try:
            await self.writer.run(_commit, interruptible=False)
        except sqlite3.IntegrityError as error:
            raise IntegrityError(error) from error
        except sqlite3.OperationalError as error:
            raise OperationalError(error) from error
        self._finalized = True

    async def rollback(self) -> None:
        self._finalized = True
        await self.writer.run(_abandon, interruptible=False)

    async def savepoint(self) -> None:
        await self._command(f"SAVEPOINT {self._name}")

    async def savepoint_rollback(self) -> None:
        assert self._outer is not None
        self._outer._failed = None
        # An interrupted write has already undone the whole transaction, and this savepoint with it.
        await self.writer.run(lambda connection: _undo(connection, self._name), interruptible=False)

    async def release_savepoint(self) -> None:
        await self._command(f"RELEASE {self._name}")

    async def _command(self, sql: str) -> None:
        await self._run(sql, lambda connection: connection.execute(sql).close())

    async def _run(self, sql: str, work: Work[T]) -> T:
        self._check()
        return await self.writer.run(lambda connection: _guarded(connection, work))

    def _check(self) -> None:
        if self._finalized or (self._outer is not None and self._outer._finalized):
            raise TransactionManagementError("This transaction has already ended.")
        if failed := (self._outer or self)._failed:
            raise failed


class SqliteTransactionContext(TransactionContext):
    """Holds the writer from BEGIN to COMMIT or ROLLBACK, and lets go of it whatever happens."""

    def __init__(self, engine: SqliteEngine, *, foreign_keys: bool = True) -> None:
        self.connection_name = ALIAS
        self._engine = engine
        self._foreign_keys = foreign_keys

    async def __aenter__(self) -> SqliteTransaction:
        await self._engine.writing.acquire()
        try:
            if not self._foreign_keys:
                await self._set("foreign_keys", "OFF")  # has no effect inside a transaction
            self.client: SqliteTransaction = SqliteTransaction(self._engine)
            await self.client.begin()
        except BaseException:
            await self._leave()
            raise
        self._token = get_connections().set(ALIAS, self.client)
        self._outside = current_transaction.transaction.set(self.client)
        return self.client

    async def __aexit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        current_transaction.transaction.reset(self._outside)
        get_connections().reset(self._token)
        try:
            if exc_type is None:
                await self.client.commit()
        finally:
            self.client._finalized = True
            await self._leave()

    async def _leave(self) -> None:
        try:
            await self._engine.writer.run(_abandon, interruptible=False)
        finally:
            try:
                if not self._foreign_keys:
                    await self._set("legacy_alter_table", "OFF")  # a rebuild that failed has left it on
                    await self._set("foreign_keys", "ON")
            finally:
                self._engine.writing.release()

    async def _set(self, pragma: str, value: str) -> None:
        await self._engine.writer.run(
            lambda connection: connection.execute(f"PRAGMA {pragma} = {value}").close(), interruptible=False
        )


def _guarded(connection: sqlite3.Connection, work: Work[T]) -> T:
    # SQLite undoes the whole transaction when a write is interrupted or the disk is full. What came next would then be
    # committed statement by statement.
    if not connection.in_transaction:
        raise TransactionManagementError("This transaction was rolled back.")
    return work(connection)


def _commit(connection: sqlite3.Connection) -> None:
    if not connection.in_transaction:
        raise TransactionManagementError("This transaction was rolled back.")
    connection.execute("COMMIT").close()


def _abandon(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK").close()


def _undo(connection: sqlite3.Connection, name: str) -> None:
    if connection.in_transaction:
        connection.execute(f"ROLLBACK TO {name}").close()
        connection.execute(f"RELEASE {name}").close()


def _query(connection: sqlite3.Connection, sql: str, values: Sequence[Any]) -> tuple[int, list[Any]]:
    cursor = connection.cursor()
    cursor.row_factory = sqlite3.Row
    before = connection.total_changes
    rows = cursor.execute(sql, values).fetchall()
    return (connection.total_changes - before) or len(rows), rows


def _change(connection: sqlite3.Connection, sql: str, values: Sequence[Any]) -> int:
    before = connection.total_changes
    cursor = connection.execute(sql, values)
    cursor.fetchall()  # a statement with RETURNING has not finished before its rows are read
    if cursor.rowcount >= 0:
        return cursor.rowcount
    if connection.total_changes == before:
        return 0
    return int(connection.execute("SELECT changes()").fetchone()[0])  # a write that begins with WITH


client_class = SqliteEngine
