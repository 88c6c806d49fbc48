"""Transactions that look up alike, or write alike, at the same time do it in one statement: one round, one plan, one commit.

That is so for what a transaction prefetches, and for one that is a single statement at its end (`PostgresTransaction`). Each
keeps what is its own: what it is answered, and what becomes of it. If the statement fails, it has changed nothing, and each does
its own; so whoever was at fault is told, and nobody else.
"""

import logging
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Any

from regulars_core.database.dialect import Write
from regulars_core.database.errors import NoConnection, classify, definite
from regulars_core.database.postgres.batches import Batches, Singly
from regulars_core.database.postgres.merged import (
    PLAIN,
    Part,
    Row,
    Types,
    asking,
    parts_of,
    rows_together,
    values,
    writing,
)

log = logging.getLogger(__name__)

_MAX_TEXTS = 500


class _Unlike(Exception):
    """There are values that are not the same in JSON."""


class GroupCommit:
    """What the transactions of one client of PostgreSQL do together."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._types: dict[str, Types] = {}
        self._texts: dict[Hashable, str] = {}
        self._never: set[Hashable] = set()
        self._asked: Batches[Row, Sequence[Any]] = Batches(self._ask, binds=False)
        self._written: Batches[Mapping[Part, list[Row]], None] = Batches(self._write, binds=True)

    async def ask(self, sql: str, values: Row, alone: Callable[[], Awaitable[Sequence[Any]]]) -> Sequence[Any]:
        """The only row of a query that only reads, with others who ask the same of other values, or `alone`."""
        if sql in self._never:
            return await alone()
        return await self._asked.done(sql, values, alone)

    async def write(self, writes: Sequence[Write], alone: Callable[[], Awaitable[None]]) -> None:
        """Do what is the whole of a transaction, with others who write into the same places, or `alone`."""
        parts = parts_of(writes) if self._client.transactions > 1 else None
        if parts is None or (kind := tuple(parts)) in self._never:
            await alone()
        else:
            await self._written.done(kind, parts, alone)

    async def _ask(self, sql: str, members: Sequence[Row]) -> Sequence[Sequence[Any]]:
        async def work(connection: Any) -> Sequence[Sequence[Any]]:
            types = await self._types_of(connection, sql)
            rows = await connection.fetch(self._text(sql, lambda: asking(sql, types)), values(members))
            found = {row[-1]: row[:-1] for row in map(tuple, rows)}
            return [found[n] for n in range(1, len(members) + 1)]

        return await self._in_one(sql, work)  # type: ignore[no-any-return]

    async def _write(self, parts: tuple[Part, ...], members: Sequence[Mapping[Part, list[Row]]]) -> Sequence[None]:
        async def work(connection: Any) -> None:
            types = {part.alone: await self._types_of(connection, part.alone) for part in parts}
            text = self._text(parts, lambda: writing(parts, types))
            await connection.execute(text, *[values(rows_together(part, members)) for part in parts])

        await self._in_one(parts, work)
        return [None] * len(members)

    async def _in_one(self, kind: Hashable, work: Callable[[Any], Awaitable[Any]]) -> Any:
        """What this answers on a connection. Raises Singly if it has certainly changed nothing, and what it raises otherwise."""
        try:
            return await self._client._translate_exceptions(_on_a_connection, work)
        except NoConnection:
            raise
        except Exception as error:
            if classify(error) is not None and not definite(error):
                raise
            if isinstance(error, _Unlike) or _is_of_the_text(error):
                self._never.add(kind)
                log.info("several transactions are not made one statement: %s", error)
            raise Singly from error

    def _text(self, kind: Hashable, made: Callable[[], str]) -> str:
        """A statement of this kind, which is remembered."""
        text = self._texts.get(kind)
        if text is None:
            if len(self._texts) >= _MAX_TEXTS:
                self._texts.clear()
            text = self._texts[kind] = made()
        return text

    async def _types_of(self, connection: Any, sql: str) -> Types:
        """The types of a statement's values, as PostgreSQL sees them."""
        types = self._types.get(sql)
        if types is None:
            if len(self._types) >= _MAX_TEXTS:
                self._types.clear()
            prepared = await connection.prepare(sql, name="")  # leaves nothing behind in a session that a pooler shares
            types = [str(one.name) for one in prepared.get_parameters()]
            if not all(type.removesuffix("[]") in PLAIN for type in types):
                raise _Unlike(f"values of other types: {types}")
            self._types[sql] = types
        return types


async def _on_a_connection(client: Any, work: Callable[[Any], Awaitable[Any]]) -> Any:
    async with client.acquire_connection() as connection:
        return await work(connection)


def _is_of_the_text(error: BaseException) -> bool:
    """Whether PostgreSQL says so of the statement, and not of its values or of what became of the rows."""
    return any(str(getattr(one, "sqlstate", None) or "").startswith("42") for one in (error, error.__cause__))
