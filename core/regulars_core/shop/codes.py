"""Codes that people read out: `CUST-00042`, or `CUST-S07-00042` for one made at store S07.

Core and plugins have a series each, with a prefix and the table whose rows bear the codes. Numbers are taken from the
database in blocks, in transactions of their own, so that no sequence is touched by every write; what a process does not use
of its last block is skipped.
"""

import asyncio
import re
from collections import Counter, defaultdict, deque
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

from regulars_core.database import Database

T = TypeVar("T")

BLOCK = 10
_OURS = re.compile(r"([A-Z]{2,8}(?:-[A-Z0-9]{1,16})?)-(\d{5,15})")


@dataclass(frozen=True, slots=True)
class CodeSeries:
    """The codes of one kind of thing: each is the prefix, maybe a part such as a store's code, and a number.

    `table` has a unique column `code` with those that were given out or brought along.
    """

    prefix: str
    table: str

    def prefix_of(self, part: str | None) -> str:
        """What stands before the number."""
        return f"{self.prefix}-{part}" if part else self.prefix

    def split(self, code: str) -> tuple[str, str | None, int] | None:
        """What stands before the number, the part in it, and the number; None if the code is none of this series."""
        ours = _OURS.fullmatch(code)
        prefix, _, part = ours[1].partition("-") if ours else ("", "", "")
        return (ours[1], part or None, int(ours[2])) if ours and prefix == self.prefix else None


def _code(prefix: str, number: int) -> str:
    return f"{prefix}-{number:05}"


class CodesExhausted(Exception):
    """A transaction needs more codes than this process has in stock, and cannot take them itself."""

    def __init__(self, series: CodeSeries, part: str | None, count: int) -> None:
        super().__init__("codes are taken before a transaction begins")
        self.series, self.part, self.count = series, part, count


def exhausted_by(series: CodeSeries, code: str) -> CodesExhausted | None:
    """What to raise where a code that was given out has been brought along by somebody meanwhile; None if it is no code
    of our making."""
    split = series.split(code)
    return CodesExhausted(series, split[1], 1) if split else None


_SET_ASIDE: ContextVar[dict[str, deque[str]] | None] = ContextVar("_SET_ASIDE", default=None)


class Codes:
    """The codes that this process may give out."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._left: defaultdict[str, deque[int]] = defaultdict(deque)
        self._taking = asyncio.Lock()

    async def take(self, series: CodeSeries, part: str | None = None, count: int = 1) -> list[str]:
        """Codes that nobody else will be given.

        Inside a transaction only what is set aside or in stock: a block taken there would come back with a rollback
        and be given out twice. Raises CodesExhausted if that is not enough, which `outside` answers.
        """
        prefix = series.prefix_of(part)
        aside = (_SET_ASIDE.get() or {}).get(prefix)
        if aside and len(aside) >= count:
            return [aside.popleft() for _ in range(count)]
        left = self._left[prefix]
        if len(left) < count and self._database.in_transaction:
            raise CodesExhausted(series, part, count)
        if len(left) < count:
            async with self._taking:  # or many at once would each take a block, and wait for each other in the database
                while len(left) < count:
                    size = max(BLOCK, count - len(left))
                    end = await self._advance(prefix, size)
                    left.extend(await self._free(series, prefix, range(end - size, end)))
        return [_code(prefix, left.popleft()) for _ in range(count)]

    @property
    def renewable(self) -> bool:
        """Whether CodesExhausted is answered here, by doing everything again with other codes."""
        return _SET_ASIDE.get() is not None

    async def outside(self, transaction: Callable[[], Awaitable[T]]) -> T:
        """What this function answers, which runs a whole transaction. Where that runs out of codes it is undone, they
        are set aside for it alone, and it runs again."""
        wanted: Counter[tuple[CodeSeries, str | None]] = Counter()
        aside: dict[str, list[str]] = {}
        while True:
            token = _SET_ASIDE.set({prefix: deque(codes) for prefix, codes in aside.items()})
            try:
                return await transaction()
            except CodesExhausted as exhausted:
                kind = (exhausted.series, exhausted.part)
                wanted[kind] += exhausted.count
            finally:
                _SET_ASIDE.reset(token)
            series, part = kind
            aside[series.prefix_of(part)] = await self.take(series, part, wanted[kind])

    async def _advance(self, prefix: str, size: int) -> int:
        async def work() -> int:
            row = await self._database.row(
                "INSERT INTO code_block (prefix, next_number) VALUES ($1, $2)"
                " ON CONFLICT (prefix) DO UPDATE SET next_number = code_block.next_number + $3 RETURNING next_number",
                prefix,
                size + 1,
                size,
            )
            assert row is not None
            return int(row[0])

        return await self._database.transaction(work)

    async def _free(self, series: CodeSeries, prefix: str, numbers: range) -> list[int]:
        """Those of the numbers whose codes nobody has brought along."""
        by_code = {_code(prefix, number): number for number in numbers}
        among = self._database.dialect.among("code", 1, "text")
        taken = await self._database.rows(f"SELECT code FROM {series.table} WHERE {among}", list(by_code))
        return sorted(by_code[code] for code in by_code.keys() - {row[0] for row in taken})

    async def reserve_up_to(self, series: CodeSeries, codes: list[str]) -> None:
        """Never give out codes that somebody brought along, as an import does."""
        highest: dict[str, int] = {}
        for code in codes:
            if split := series.split(code):
                prefix, _, number = split
                highest[prefix] = max(highest.get(prefix, 0), number)
        for prefix, number in sorted(highest.items()):
            self._left.pop(prefix, None)
            await self._raise_to(prefix, number + 1)

    async def _raise_to(self, prefix: str, next_number: int) -> None:
        greatest = self._database.dialect.greatest("code_block.next_number", "excluded.next_number")

        async def work() -> None:
            await self._database.run(
                "INSERT INTO code_block (prefix, next_number) VALUES ($1, $2)"
                f" ON CONFLICT (prefix) DO UPDATE SET next_number = {greatest}",
                prefix,
                next_number,
            )

        await self._database.transaction(work)
