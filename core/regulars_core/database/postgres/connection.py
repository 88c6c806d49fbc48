"""A connection to PostgreSQL that waits for no answer for ever: where the network has fallen silent, nobody else will say so."""

import asyncio
import logging
import socket
from asyncio import TimerHandle
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

import asyncpg  # type: ignore[import-untyped]

STATEMENT_SECONDS = 5
"""PostgreSQL stops a statement that takes longer, unless `Database.allow` has given it more."""
SILENCE_SECONDS = 3.0
"""So much later than PostgreSQL should have stopped a statement its connection counts as lost, and is cut."""
UNDO_SECONDS = 0.5
"""What the end of a connection, or of what was cancelled on it, may take: then it is cut, and what was begun on it is undone."""
_ROWS_A_STATEMENT = 100  # of one that is run for many rows, each of which PostgreSQL gives the time of a statement
_SECOND_LOOK_SECONDS = 0.25  # a process that was asleep itself first reads what has come meanwhile

# A connection on which nothing goes to and fro is asked for a sign of life after 10 seconds, and lost 15 seconds later;
# one that has sent what nobody has acknowledged is lost after 15.
_KEEPALIVE_IDLE, _KEEPALIVE_INTERVAL, _KEEPALIVE_COUNT, _UNACKNOWLEDGED_SECONDS = 10, 5, 3, 15
_OF_THE_SOCKET = {
    "TCP_KEEPIDLE": _KEEPALIVE_IDLE,
    "TCP_KEEPALIVE": _KEEPALIVE_IDLE,  # the same on macOS
    "TCP_KEEPINTVL": _KEEPALIVE_INTERVAL,
    "TCP_KEEPCNT": _KEEPALIVE_COUNT,
    "TCP_USER_TIMEOUT": _UNACKNOWLEDGED_SECONDS * 1_000,
}

# Given when connecting.
SETTINGS_OF_THE_ROLE = {
    "lock_timeout": "2s",
    "statement_timeout": f"{STATEMENT_SECONDS}s",
    "idle_in_transaction_session_timeout": "15s",
    "jit": "off",
}
"""What a session must be set to. Who pools by transaction takes none of these: there the role has them, by ALTER ROLE."""
SETTINGS_OF_THE_POOLER = {"application_name": "regulars", "timezone": "UTC"}
"""What a pooler by transaction keeps for each of its clients, too."""
SETTINGS = {
    **SETTINGS_OF_THE_POOLER,
    **SETTINGS_OF_THE_ROLE,
    "tcp_keepalives_idle": str(_KEEPALIVE_IDLE),
    "tcp_keepalives_interval": str(_KEEPALIVE_INTERVAL),
    "tcp_keepalives_count": str(_KEEPALIVE_COUNT),
    "tcp_user_timeout": f"{_UNACKNOWLEDGED_SECONDS}s",
}

LOST = (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError)
"""What asyncpg raises where a connection is gone; an answer that did not come in time is an OSError, too."""

log = logging.getLogger(__name__)


class Connection(asyncpg.Connection):  # type: ignore[misc]
    """Is cut where an answer does not come: whoever waits for it is told that the connection is lost.

    Goes back to the pool without being reset, which took a third of the time of a short read. So settings are made
    with SET LOCAL, advisory locks are those of a transaction, and nobody listens on a connection of the pool.
    """

    allowed: int | None = None
    """Seconds that PostgreSQL was told to let a statement take, if not those of the settings; 0: as long as it takes."""
    replayed = 0
    """How far a replica is known to have replayed, in bytes of the primary's log. That holds for this connection's whole life:
    a server that crashes, and may begin again before that, ends it."""
    _answer_by: float | None = None  # by the event loop's clock, while an answer is waited for
    _overdue = False
    _watch: TimerHandle | None = None

    def get_reset_query(self) -> str:
        """Nothing."""
        return ""

    async def fetch(self, *given: Any, **options: Any) -> Any:
        """As asyncpg's."""
        self._expect()
        try:
            return await super().fetch(*given, **options)
        finally:
            self._answer_by = None

    async def fetchrow(self, *given: Any, **options: Any) -> Any:
        """As asyncpg's."""
        self._expect()
        try:
            return await super().fetchrow(*given, **options)
        finally:
            self._answer_by = None

    async def execute(self, *given: Any, **options: Any) -> Any:
        """As asyncpg's."""
        self._expect()
        try:
            return await super().execute(*given, **options)
        finally:
            self._answer_by = None

    async def executemany(self, command: str, rows: Sequence[Any], **options: Any) -> Any:
        """As asyncpg's; the rows can be counted."""
        self._expect(1 + len(rows) // _ROWS_A_STATEMENT)
        try:
            return await super().executemany(command, rows, **options)
        finally:
            self._answer_by = None

    async def copy_records_to_table(self, *given: Any, **options: Any) -> Any:
        """As asyncpg's."""
        self._expect()
        try:
            return await super().copy_records_to_table(*given, **options)
        finally:
            self._answer_by = None

    async def prepare(self, *given: Any, **options: Any) -> Any:
        """As asyncpg's."""
        self._expect()
        try:
            return await super().prepare(*given, **options)
        finally:
            self._answer_by = None

    async def set_type_codec(self, *given: Any, **options: Any) -> None:
        """As asyncpg's."""
        self._expect()
        try:
            await super().set_type_codec(*given, **options)
        finally:
            self._answer_by = None

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - asyncpg's
        """Say goodbye, or where that is not heard, hang up."""
        try:
            await super().close(timeout=UNDO_SECONDS if timeout is None else min(timeout, UNDO_SECONDS))
        except (OSError, asyncpg.InterfaceError, asyncpg.PostgresError):  # asyncpg has cut it then
            log.debug("a connection to PostgreSQL did not close, and was cut")

    def _expect(self, statements: int = 1) -> None:
        """Begin to wait for an answer."""
        if self.allowed == 0:
            return
        patience = (STATEMENT_SECONDS if self.allowed is None else self.allowed) * statements + SILENCE_SECONDS
        self._answer_by, self._overdue = self._loop.time() + patience, False
        # A look that is due already takes place, and finds when the next one is: so a statement costs no timer of its own.
        if self._watch is None or self._watch.when() > self._answer_by:
            self._look_in(patience)

    def _look_in(self, seconds: float) -> None:
        if self._watch is not None:
            self._watch.cancel()
        self._watch = self._loop.call_later(seconds, self._look)

    def _look(self) -> None:
        """Cut the connection if it has been silent for too long."""
        self._watch = None
        if self._answer_by is None or self.is_closed():
            return
        left = self._answer_by - self._loop.time()
        if left > 0:
            self._look_in(left)
        elif not self._overdue:
            self._overdue = True
            self._look_in(_SECOND_LOOK_SECONDS)
        else:
            log.warning("PostgreSQL has stopped answering on a connection, which is cut")
            self.terminate()


class PooledConnection(Connection):
    """A connection to who pools by transaction, such as PgBouncer.

    Where asyncpg finds that a value cannot be sent, PostgreSQL has read the statement by then and waits for it, and the pooler
    keeps that session for this client alone until it says something else. So whoever gives such a connection back does.
    """

    def get_reset_query(self) -> str:
        """The shortest."""
        return "SELECT 1"


def cut(connection: Any) -> None:
    """End a connection of the pool without a word, unless it has ended already."""
    with suppress(asyncpg.InterfaceError):
        connection.terminate()


async def undo(connection: Any) -> None:
    """Undo what was begun on a connection of the pool, at once, or cut it."""
    try:
        async with asyncio.timeout(UNDO_SECONDS):
            await connection.execute("ROLLBACK")
    except (*LOST, asyncpg.PostgresError):
        cut(connection)


def allow(connection: Any, seconds: int | None) -> None:
    """Wait for statements on a connection of the pool as long as PostgreSQL was told to let them take."""
    if connection._con is not None:
        connection._con.allowed = seconds


def in_transaction(connection: Any) -> bool:
    """Whether a connection of the pool is still there, and was in a transaction when it was heard of last."""
    with suppress(asyncpg.InterfaceError):
        return bool(connection.is_in_transaction())
    return False


async def made_ready(connection: Any) -> None:
    """Prepare a new connection: what is lost is noticed, and ids are text."""
    _keep_alive(connection._transport.get_extra_info("socket"))
    await connection.set_type_codec(
        "uuid", schema="pg_catalog", encoder=_uuid_bytes, decoder=bytes.hex, format="binary"
    )


def _keep_alive(connected: Any) -> None:
    """Let the kernel find out that the other side is gone, where it can."""
    if connected is None or connected.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _OF_THE_SOCKET.items():
        if (option := getattr(socket, name, None)) is not None:
            connected.setsockopt(socket.IPPROTO_TCP, option, value)


def _uuid_bytes(value: Any) -> bytes:
    if type(value) is str and len(value) == 32:
        return bytes.fromhex(value)  # an id as we write it; PostgreSQL refuses what is not 16 bytes
    return value.bytes if isinstance(value, UUID) else UUID(value).bytes
