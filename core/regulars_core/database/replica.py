"""Reading from a streaming replica: what was so a moment ago, and never less than what the reader knows of.

    with reading_replica(database, after=position):
        await database.rows("SELECT …")     # by the replica, if it has come so far; by the primary otherwise

How far a replica has come is a position in the primary's log, as PostgreSQL writes it: `16/B374D848`. A reader that hands one
over sees at least what was committed by then. For one that does not, the primary is asked how far it is before anything is
read: so nobody has to know of replicas to see what was written before, by whom and through whichever process it was.

What was read from the primary is newer than what the replica would add to it. So where the primary had to answer once, it
answers whatever else is read inside.
"""

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic
from typing import Any, Literal, Protocol, TypeVar, get_args

from tortoise.backends.base.config_generator import expand_db_url

from regulars_core.database.apps import Pooler
from regulars_core.database.errors import StoppedForLength, classify, out_of_reach
from regulars_core.database.statement_log import note

T = TypeVar("T")
Answer = Literal["replica", "behind", "unavailable", "failed"]
"""Who has answered a statement that the replica might have: it; or the primary, since the replica was behind, could not be
reached, or could not answer this."""
ANSWERS: Sequence[Answer] = get_args(Answer)

_POSITION = re.compile(r"([0-9A-F]{1,8})/([0-9A-F]{1,8})")
_PAUSES_SECONDS = (0.002, 0.004, 0.008, 0.016, 0.03, 0.06)
"""In which a replica may catch up with what is asked for: it is some milliseconds behind, as a rule."""
_REACH_SECONDS = 1.0
_REST_SECONDS = 1.0  # for which a replica that could not be reached is not asked: others need not wait for it, too
_HOW_FAR = "SELECT CAST(pg_last_wal_replay_lsn() - '0/0' AS BIGINT) WHERE pg_is_in_recovery()"

# Who commits asynchronously is answered before the log is written. What is flushed comes to a replica sooner.
_POSITION_OF_PRIMARY = (
    "SELECT CAST(CASE current_setting('synchronous_commit') WHEN 'off' THEN pg_current_wal_insert_lsn()"
    " ELSE pg_current_wal_flush_lsn() END AS TEXT)"
)

log = logging.getLogger(__name__)


def bytes_of(position: str) -> int:
    """The position in bytes. Raises ValueError for what is none."""
    match = _POSITION.fullmatch(position)
    if match is None:
        raise ValueError("A position is two hexadecimal numbers in capitals, such as 16/B374D848.")
    return int(match[1], 16) << 32 | int(match[2], 16)


class Replica:
    """A replica of a database, and how many statements it has answered, or why it has not."""

    def __init__(self, url: str, *, pool_size: int, pooler: Pooler) -> None:
        from regulars_core.database.postgres.client import PostgresEngine

        credentials: dict[str, Any] = {
            "minsize": 0,
            **expand_db_url(url)["credentials"],
            "maxsize": pool_size,
            "pooler": pooler,
        }
        self.answers: Counter[Answer] = Counter()
        self.engine: Any = PostgresEngine(**credentials, connection_name="replica")
        self._pooled = pooler == "transaction"
        self._opening = asyncio.Lock()
        self._rests_until = 0.0
        self._is_away = False
        self._heard_at = 0.0
        self._missed, self._misses_until = 0, 0.0

    async def close(self) -> None:
        """Give back every connection."""
        await self.engine.close()

    async def fetch(self, sql: str, values: Sequence[Any], after: int) -> list[Any] | None:
        """The rows of a statement that only reads, from when everything up to this position was there; None if the primary must
        be asked. Raises StoppedForLength for a statement that took too long: it would there, too."""
        connection = await self._connection()
        if connection is None:
            self.answers["unavailable"] += 1
            return None
        well, rows = False, None
        try:
            read = self._read_pooled if self._pooled and after else self._read
            rows = await read(connection, sql, values, after)
            well, self._heard_at = True, monotonic()
        except Exception as error:
            self._raise_or_note(error)
        finally:
            await self.engine._pool.release(connection, well=well)
        if well:
            self.answers["behind" if rows is None else "replica"] += 1
            if self._is_away:
                log.info("the replica is there again")
            self._is_away = False
        return rows

    async def replayed(self) -> int | None:
        """How far it has come, in bytes; None if it cannot be reached, or is no replica."""
        connection = await self._connection()
        if connection is None:
            return None
        well = False
        try:
            row = await connection.fetchrow(_HOW_FAR)
            well = True
        except Exception as error:
            self._raise_or_note(error)
            return None
        finally:
            await self.engine._pool.release(connection, well=well)
        return None if row is None else int(row[0])

    async def _connection(self) -> Any | None:
        if monotonic() < self._rests_until:
            return None
        try:
            async with asyncio.timeout(_REACH_SECONDS):
                async with self._opening:
                    if self.engine._pool is None:
                        await self.engine.create_connection(with_db=True)
                return await self.engine.acquire()
        except Exception as error:
            if not isinstance(error, TimeoutError) and classify(error) is None:
                raise
            self._rest(error)
            return None

    def _rest(self, error: Exception) -> None:
        self._rests_until = monotonic() + _REST_SECONDS
        if not self._is_away:
            log.warning("the replica cannot be reached, and the primary is read: %s", type(error).__name__)
        self._is_away = True

    def _raise_or_note(self, error: Exception) -> None:
        from regulars_core.database.postgres.connection import LOST

        if classify(error) == "unavailable" and isinstance(meant := out_of_reach(error), StoppedForLength):
            raise meant from error
        if isinstance(error, LOST):
            self.answers["unavailable"] += 1
            self._rest(error)
        else:  # a conflict with what it replays, a table that is not there yet, something that wants to write
            self.answers["failed"] += 1

    async def _read(self, connection: Any, sql: str, values: Sequence[Any], after: int) -> list[Any] | None:
        """What was replayed when a statement begins is seen by it. It is looked at before, and not beside it: a statement sees
        what there was when it began, which was less than what it finds replayed while it runs. Where nobody was heard of for a
        while it is looked anyway, since a statement may take seconds, and a look tells at once whether there is anybody."""
        is_there = monotonic() - self._heard_at < _REST_SECONDS
        if not (is_there and connection._con.replayed >= after) and not await self._caught_up(connection, after):
            return None
        return list(await connection.fetch(sql, *values))

    async def _read_pooled(self, connection: Any, sql: str, values: Sequence[Any], after: int) -> list[Any] | None:
        """Behind a pooler both statements are of one session only in a transaction."""
        from regulars_core.database.postgres.connection import undo

        try:
            await _soon(connection.execute("BEGIN READ ONLY"))
            rows = list(await connection.fetch(sql, *values)) if await self._caught_up(connection, after) else None
            await connection.execute("COMMIT")
        except BaseException:
            await undo(connection)
            raise
        return rows

    async def _caught_up(self, connection: Any, after: int) -> bool:
        """Whether the replica has come so far, or does in a moment."""
        in_vain = monotonic() < self._misses_until and after >= self._missed
        for pause in (*(() if in_vain else _PAUSES_SECONDS), None):
            row = await _soon(connection.fetchrow(_HOW_FAR))
            replayed = -1 if row is None else int(row[0])
            if replayed >= after:
                if not self._pooled:
                    connection._con.replayed = replayed
                return True
            if pause is None or row is None:
                break
            await asyncio.sleep(pause)
        if not in_vain:
            self._miss(after)
        return False

    def _miss(self, after: int) -> None:
        """Note that somebody has waited for this in vain: for a while nobody who wants as much need wait."""
        present = monotonic()
        self._missed = min(after, self._missed) if present < self._misses_until else after
        self._misses_until = present + _REST_SECONDS


async def _soon(asked: Awaitable[T]) -> T:
    """What a replica answers that has nothing to do for it. Raises TimeoutError where the network has fallen silent."""
    async with asyncio.timeout(_REACH_SECONDS):
        return await asked


class _Database(Protocol):
    """A database that may have a replica."""

    replica: Replica | None
    _root: Any


class _Reads:
    """What one reader reads from the replica of a database, and how far it must have come for that."""

    def __init__(self, database: _Database, replica: Replica, after: str | None) -> None:
        self.database = database
        self._replica = replica
        self._after = None if after is None else bytes_of(after)
        self._asking = asyncio.Lock()
        self._by_primary = False

    async def fetch(self, sql: str, values: Sequence[Any]) -> list[Any] | None:
        """The rows of a statement; None if the primary must be asked."""
        if self._by_primary:
            return None
        if self._after is None:
            async with self._asking:
                if self._after is None:
                    self._after = bytes_of(await position_of(self.database))
        rows = await self._replica.fetch(sql, values, self._after)
        if rows is None:
            self._by_primary = True
        else:
            note(self.database._root, sql)
        return rows


_reads: ContextVar[_Reads | None] = ContextVar("regulars_replica_reads", default=None)


@contextmanager
def reading_replica(database: _Database, after: str | None = None) -> Iterator[None]:
    """What is read inside, outside of transactions and not by models, may be what the replica knows, if there is one: all that
    was committed up to this position, or where that is None, by now. Raises ValueError for what is no position."""
    outside = _reads.set(None if database.replica is None else _Reads(database, database.replica, after))
    try:
        yield
    finally:
        _reads.reset(outside)


def may_be_by_replica(database: _Database) -> bool:
    """Whether what the current task reads outside of transactions may be what the replica knows."""
    reads = _reads.get()
    return reads is not None and reads.database is database


async def by_replica(database: _Database, sql: str, values: Sequence[Any]) -> list[Any] | None:
    """The rows of a statement where the current task may read the replica, and that could answer; None otherwise."""
    reads = _reads.get()
    return None if reads is None or reads.database is not database else await reads.fetch(sql, values)


async def position_of(database: _Database) -> str:
    """Up to where the primary's log holds everything that has been committed, as PostgreSQL writes it. Raises Unavailable."""
    try:
        [[position]] = await database._root.fetch(_POSITION_OF_PRIMARY, ())
    except Exception as error:
        if classify(error) is None:
            raise
        raise out_of_reach(error) from error
    return str(position)
