"""A database, open: read, write, try again."""

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from itertools import count
from typing import Any, TypeVar

from tortoise.context import _current_context

from regulars_core.database import current_transaction
from regulars_core.database.engine_meta import EngineContext, serve_both_engines
from regulars_core.database.errors import (
    OutcomeUnknown,
    Overtaken,
    Unavailable,
    classify,
    collided,
    definite,
    out_of_reach,
)
from regulars_core.database.statement_log import counting
from regulars_core.primitives.scoped import Scoped

from .apps import ALIAS, App, Pooler, engine_of, not_opened, tortoise_config
from .dialect import Dialect, Engine, Lookup, Precondition, Write, side_by_side, target, values_of
from .replica import Replica, by_replica, may_be_by_replica
from .seals import Seals

T = TypeVar("T")

_CHANGING = frozenset({"INSERT", "UPDATE", "DELETE"})
_OUTSIDE = "Writes that change something belong inside Database.transaction."
_MAX_ATTEMPTS = 3  # where somebody had to be waited for
_MAX_CONFLICTS = 20  # attempts where writers met and nobody waited
_ALONE_FROM = 6  # the attempt from which on no other transaction of this process begins meanwhile
_FIRST_PAUSE_SECONDS = 0.02  # at most, before the second try; each later one may wait twice as long
_MAX_PAUSE_SECONDS = 0.5


class Database:
    """One open database with all its apps. Made by `Database.open`.

    On PostgreSQL a transaction begins with the first statement that may do more than read: BEGIN takes a round, and so does each
    statement that what was deferred by then makes. It ends in a round for COMMIT if it has begun; in one round if it has not, and
    all that was deferred makes one statement; in none if nothing was. What several transactions prefetch at the same time, or are
    as one statement each, takes one round for all of those that are alike. SQLite has no rounds, and begins at once.

    ============= ============ ========================= ================== ====== ==========================================
    verb          outside      inside a transaction      rounds             begins after others in the same transaction
    ============= ============ ========================= ================== ====== ==========================================
    rows, row     reads        reads, locks, … RETURNING 1                  yes    sees all that was written or deferred
    read          reads        reads                     1, or 0 prefetched no     once it has begun, or after defer: as rows
    read_together reads        reads                     1, or 0 prefetched no     as read
    prefetch      RuntimeError reads what read will      1 for all          no     once it has begun, or after defer: nothing
    run           RuntimeError writes and counts         1                  yes
    run_many      RuntimeError writes                    1 for all          yes
    run_together  RuntimeError writes                    1 for all          yes    its statements see nothing of each other's
    defer         RuntimeError writes later              0                  no     in order, before what may see it
    copy          RuntimeError inserts; PostgreSQL only  1                  yes
    savepoint     RuntimeError undoes its inside alone   2, or 3 undone     yes    what was deferred before stays outside
    allow         RuntimeError gives statements time     1                  yes    for those that come after it
    transaction   makes one    joins                     0                  no
    ============= ============ ========================= ================== ====== ==========================================

    What PostgreSQL sees for the first time on a connection takes a round more. There, once a transaction has begun, nothing may
    follow a statement that failed, unless that was in a savepoint which was undone. Models do as `rows` does.
    """

    engine: Engine
    url: str
    pooler: Pooler = "session"
    replica: Replica | None = None
    """A streaming replica, if there is one."""

    def __init__(self, url: str, apps: Sequence[App]) -> None:
        self.engine = engine_of(url)
        self.url = url
        self.apps = tuple(apps)
        self.dialect = Dialect(self.engine)
        self._context = EngineContext(self.engine)
        self._root: Any = None
        self._unlucky = asyncio.Lock()

    @classmethod
    async def open(
        cls,
        url: str,
        apps: Sequence[App],
        *,
        pool_size: int = 10,
        readers: int = 4,
        pooler: Pooler = "session",
        replica_url: str | None = None,
    ) -> "Database":
        """Connect to `sqlite://relative.db`, `sqlite:///absolute/path.db` or `postgres://user:password@host:port/name`.

        `pool_size` is the most connections PostgreSQL sees, through this `pooler`, and a replica as many; `readers` the number
        of statements SQLite reads at a time beside the one writer. Nothing is migrated, and whether that is needed is not looked
        at. A replica is connected to when it is read first.

        Raises ValueError for a URL that cannot be used, RuntimeError if asyncpg is needed and not installed,
        Unavailable if the database cannot be reached.
        """
        database = cls(url, apps)
        database.pooler = pooler
        config = tortoise_config(url, apps, pool_size=pool_size, readers=readers, pooler=pooler)
        if replica_url is not None:
            database.replica = Replica(replica_url, pool_size=pool_size, pooler=pooler)
        serve_both_engines(apps)
        with database.bound():
            await database._context.connect(config, apps)
            database._root = database._context.connections.get(ALIAS)
            try:
                await database._root.create_connection(with_db=True)
            except Exception as error:
                if classify(error) is None and not isinstance(error, sqlite3.DatabaseError):
                    raise
                raise Unavailable(not_opened(url, error)) from error
        return database

    @property
    def seals(self) -> Seals:
        """By which keys sensitive values are sealed; by none until `seal_by` says so."""
        return self.dialect.seals

    def seal_by(self, keys: Mapping[str, bytes]) -> None:
        """Seal sensitive values from now on by the first of these keys, which have names, and open them by any. Raises
        RuntimeError where the library is not installed."""
        self.dialect = replace(self.dialect, seals=Seals(keys))

    async def close(self) -> None:
        """Give back every connection. The database cannot be used afterwards."""
        await self._root.close()
        if self.replica is not None:
            await self.replica.close()

    def bound(self) -> AbstractContextManager[object]:
        """Tortoise models used inside, and in tasks started inside, talk to this database."""
        # A task that was started inside a transaction and outlived it is outside: its models are too.
        over = self._root is not None and getattr(self._context.connections.get(ALIAS), "_finalized", False)
        return self._bound_outside() if over else Scoped(_current_context, self._context)

    @contextmanager
    def _bound_outside(self) -> Iterator[None]:
        connections = self._context.connections
        with Scoped(_current_context, self._context):
            outside = connections.set(ALIAS, self._root)
            try:
                yield
            finally:
                connections.reset(outside)

    @property
    def in_transaction(self) -> bool:
        """Whether the current task is inside a transaction of this database."""
        return self._client is not self._root

    @property
    def may_be_old(self) -> bool:
        """Whether what the current task reads may be what a replica knows: no process remembers that, since whoever goes by it
        may have seen more."""
        return self._client is self._root and may_be_by_replica(self)

    @property
    def _client(self) -> Any:
        client = current_transaction.transaction.get()
        if client is None:
            return self._root
        if client.owner is not self._root:  # one of another database, in which there may be one of this
            client = self._context.connections.get(ALIAS)
            return self._root if getattr(client, "_finalized", False) else client
        return self._root if client._finalized else client

    async def rows(self, sql: str, *values: Any) -> Sequence[Any]:
        """The rows of a query, each like a tuple. Placeholders are `$1`, `$2` … on both engines; a list or tuple is an
        array on PostgreSQL and JSON text for `json_each` on SQLite.

        Inside a transaction the query belongs to it, and may be an INSERT, UPDATE or DELETE … RETURNING. Outside it
        may only read, or RuntimeError is raised. Raises Unavailable, StoppedForLength for a statement that took too long, and
        IntegrityError or OperationalError of tortoise.exceptions.
        """
        client = self._client
        if client is self._root:
            if sql.lstrip()[:6].upper() in _CHANGING:
                raise RuntimeError(_OUTSIDE)
            if (found := await by_replica(self, sql, values)) is not None:
                return found
        try:
            rows: Sequence[Any] = await client.fetch(sql, values)
        except Exception as error:
            if client is not self._root or isinstance(error, Unavailable) or classify(error) is None:
                raise
            raise out_of_reach(error) from error
        return rows

    async def row(self, sql: str, *values: Any) -> Any | None:
        """The first row of a query, or None."""
        rows = await self.rows(sql, *values)
        return rows[0] if rows else None

    async def read(self, sql: str, *values: Any) -> Sequence[Any]:
        """The rows of a query that only reads: it locks nothing, and calls nothing that does more than read. A transaction
        that has done nothing else yet has not begun on PostgreSQL, and need not for this. Raises what `rows` raises."""
        client = self._client
        if client is self._root:
            return await self.rows(sql, *values)
        rows: Sequence[Any] = await client.read(sql, values)
        return rows

    async def read_together(self, lookups: Sequence[Lookup]) -> Sequence[Sequence[Any]]:
        """The rows of each of these: what was not prefetched in one statement on PostgreSQL, so that it sees the same rows of the
        tables."""
        client = self._client
        if len(lookups) == 1 or (self.engine == "sqlite" and client is self._root):
            return [await self.read(sql, *values) for sql, values in lookups]
        if self.engine == "sqlite":
            together: Sequence[Sequence[Any]] = await client.fetch_together(lookups)
            return together
        known = [None if client is self._root else client.prefetched(sql, values) for sql, values in lookups]
        missing = [lookup for lookup, rows in zip(lookups, known, strict=True) if rows is None]
        if missing:
            [answers] = await self.read(side_by_side(missing), *values_of(missing))
            waiting = iter(answers)
        return [next(waiting) if rows is None else rows for rows in known]

    def prefetched_as_named(self, lookups: Sequence[Lookup]) -> Sequence[Sequence[Any] | None]:
        """The rows of each of these where `prefetch` was given this very look-up, by keys that were sought too, and it is not too
        late; None of others."""
        client = self._client
        if self.engine == "sqlite" or client is self._root:
            return [None] * len(lookups)
        found: Sequence[Sequence[Any] | None] = client.prefetched_as_named(lookups)
        return found

    async def prefetch(self, lookups: Sequence[Lookup]) -> None:
        """Look up what `read` will want to know in this transaction, all of it in one round to PostgreSQL. Each answer is given
        once, and only as long as the transaction has not begun. Raises RuntimeError outside a transaction."""
        await self._writing().prefetch(lookups)

    async def run(self, sql: str, *values: Any) -> int:
        """How many rows one statement inserted, updated or deleted. Raises RuntimeError outside a transaction."""
        changed: int = await self._writing().change(sql, values)
        return changed

    async def run_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for each of these rows of values. Raises RuntimeError outside a transaction."""
        await self._writing().change_many(sql, rows)

    async def run_together(self, statements: Sequence[Write]) -> None:
        """Run statements that write and need nothing of each other's but by foreign keys, in one round to the database.
        Raises RuntimeError outside a transaction."""
        client = self._writing()
        if statements:
            await client.change_together(statements)

    async def defer(self, statements: Sequence[Write]) -> None:
        """Run plain INSERTs, UPDATEs and DELETEs of values, in this order, in this transaction: on PostgreSQL together with what
        else waits, before the next statement that may see what they do, or at the end. What fails raises there. A
        transaction that comes to one statement so is that statement alone. A Guarded write that changes no row, and a
        Precondition that does not hold, make the transaction run again. Raises RuntimeError outside a transaction, and
        ValueError for other statements."""
        client = self._writing()
        for each in statements:
            if type(each) is not Precondition:
                target(each[0])
        if statements:
            await client.defer(statements)

    async def flush(self) -> None:
        """Do what is deferred now: what is deferred from here on is done after it, not in the same statement, whose parts have no
        order. Raises RuntimeError outside a transaction."""
        await self._writing().flush()

    @property
    def overtaken(self) -> bool:
        """Whether this transaction runs again because what it had decided by was changed meanwhile: whoever decides by rows that
        others change locks them first then."""
        return current_transaction.overtaken.get()

    async def copy(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert many rows by PostgreSQL's COPY; only there. Raises RuntimeError outside a transaction."""
        await self._writing().copy(table, columns, rows)

    def _writing(self) -> Any:
        client = self._client
        if client is self._root:
            raise RuntimeError(_OUTSIDE)
        return client

    async def transaction(self, work: Callable[[], Awaitable[T]], *, attempts: int | None = None) -> T:
        """Run the whole function in one transaction and return what it returns; roll back if it raises.

        If the engine asks for it (serialization failure, deadlock, a lock not granted in time, SQLite busy), or somebody
        else was quicker to write a unique row, the whole function runs again after a short random pause: it must not change
        anything but the database, and what it looked up it looks up again. It runs up to `attempts` times, or else up to
        three where it waited for a lock, and twenty where it did not have to wait; who has met others five times goes alone,
        as far as this process is concerned. Inside a transaction it joins that one.

        Raises Unavailable if the tries are used up or the database cannot be reached, StoppedForLength if a statement took longer
        than one may, OutcomeUnknown if the connection broke while committing. Who is cancelled while committing is told so by an
        OutcomeUnknown as the cause of the cancellation.
        """
        return await self._transaction(work, attempts, self._begin)

    async def _transaction(self, work: Callable[[], Awaitable[T]], attempts: int | None, begin: Callable[[], Any]) -> T:
        if _current_context.get() is self._context and self.in_transaction:
            return await work()
        with self.bound():
            if self.in_transaction:
                return await work()
            alone, outside = False, current_transaction.overtaken.set(False)
            try:
                for attempt in count(1):
                    if attempt == _ALONE_FROM:
                        alone = await self._unlucky.acquire()
                    elif attempt < _ALONE_FROM:
                        await self._let_the_unlucky_go_first()
                    try:
                        return await self._attempt(work, begin())
                    except Exception as error:
                        self._refuse_to_repeat(error, attempt, attempts)
                        if isinstance(error, Overtaken):
                            current_transaction.overtaken.set(True)
                            continue
                    doublings = attempt if attempt < _ALONE_FROM else attempt - _ALONE_FROM
                    await asyncio.sleep(random.uniform(0, min(_FIRST_PAUSE_SECONDS * 2**doublings, _MAX_PAUSE_SECONDS)))
            finally:
                current_transaction.overtaken.reset(outside)
                if alone:
                    self._unlucky.release()
        raise AssertionError("counting has no end")

    async def _let_the_unlucky_go_first(self) -> None:
        """Wait for who has met others too often; not for ever, since what they do may wait for us."""
        if self._unlucky.locked():
            with suppress(TimeoutError):
                async with asyncio.timeout(_MAX_PAUSE_SECONDS), self._unlucky:
                    pass

    def _refuse_to_repeat(self, error: Exception, attempt: int, attempts: int | None) -> None:
        """Raise what ends a transaction that has failed so many times, unless it may run again."""
        fault = classify(error)
        max_attempts = attempts or (_MAX_CONFLICTS if fault == "conflict" else _MAX_ATTEMPTS)
        if fault is None and collided(error) and attempt < max_attempts:
            return
        if fault is None or isinstance(error, Unavailable):
            raise error
        if fault == "unavailable":
            raise out_of_reach(error) from error
        if attempt >= max_attempts:
            raise Unavailable(f"Too busy, {attempt} tries: {error}") from error

    def _begin(self) -> Any:
        return self._root._in_transaction()

    async def _attempt(self, work: Callable[[], Awaitable[T]], transaction: Any) -> T:
        await transaction.__aenter__()
        try:
            result = await work()
            await transaction.client.flush()
        except BaseException as error:
            await transaction.__aexit__(type(error), error, error.__traceback__)
            raise
        try:
            await transaction.__aexit__(None, None, None)
        except asyncio.CancelledError as cancelled:
            raise cancelled from OutcomeUnknown("Cancelled while committing.")
        except Exception as error:
            if definite(error) or classify(error) is None:
                raise
            raise OutcomeUnknown(f"The connection broke while committing: {error}") from error
        return result

    async def allow(self, seconds: int) -> None:
        """Let each statement of this transaction take as long as this, and each pause between two; PostgreSQL gives up after five
        seconds otherwise, and fifteen, SQLite never. Raises RuntimeError outside a transaction."""
        client = self._writing()
        if self.engine == "postgres":
            await client.allow(seconds)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """What happens inside is undone if it raises, and the transaction goes on. Raises RuntimeError outside one."""
        with self.bound():
            async with self._writing()._in_transaction() as inside:
                yield
                await inside.flush()

    def counting(self) -> AbstractContextManager[list[str]]:
        """The SQL of every statement that the current task and its children run while open, models' included; BEGIN,
        COMMIT and savepoints are left out."""
        return counting(self._root)
