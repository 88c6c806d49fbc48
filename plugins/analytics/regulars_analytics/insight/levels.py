"""Sets of purchases at one place of an answer: what is found of one of them is found of all, once."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from regulars_analytics.insight.subjects import Subject
from regulars_core.plugin import Shop

T = TypeVar("T")


@dataclass(eq=False)
class Level:
    """The subjects of one level of an answer, and what is known of them."""

    shop: Shop
    subjects: Sequence[Subject]
    _known: dict[Hashable, Sequence[Any]] = field(default_factory=dict)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def found(
        self, find: Callable[[Shop, Sequence[Subject]], Awaitable[Sequence[T]]], key: Hashable = None
    ) -> Sequence[T]:
        """What a function finds of each subject; what has this key, or else the function itself, is found once."""
        name = find if key is None else key
        async with self._turn:
            if name not in self._known:
                self._known[name] = await find(self.shop, self.subjects)
            return self._known[name]


@dataclass(slots=True, eq=False)
class InsightRow:
    """One of the sets: its level, and its place there."""

    level: Level
    place: int

    @property
    def subject(self) -> Subject:
        """Whose purchases it has."""
        return self.level.subjects[self.place]


def insights(shop: Shop, subjects: Sequence[Subject]) -> Sequence[InsightRow]:
    """Sets of purchases that are asked about together."""
    level = Level(shop, subjects)
    return [InsightRow(level, n) for n in range(len(subjects))]


async def found_of(
    rows: Sequence[InsightRow],
    find: Callable[[Shop, Sequence[Subject]], Awaitable[Sequence[T]]],
    key: Hashable = None,
) -> Sequence[T]:
    """What a function finds of each of these sets, whatever levels they are of."""
    answers = {id(level): await level.found(find, key) for level in dict.fromkeys(row.level for row in rows)}
    return [answers[id(row.level)][row.place] for row in rows]
