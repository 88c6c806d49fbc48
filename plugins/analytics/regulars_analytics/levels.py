"""Things at one place of an answer: what is found of one of them is found of all, once."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from regulars_core.plugin import Shop

S = TypeVar("S")
T = TypeVar("T")
Find = Callable[[Shop, Sequence[S]], Awaitable[Sequence[T]]]
"""What finds something of each of these things, for all of them together."""


@dataclass(eq=False)
class Level(Generic[S]):
    """The things at one level of an answer, and what is known of them."""

    shop: Shop
    things: Sequence[S]
    settle: Callable[[Shop, Sequence[S]], Awaitable[Sequence[S]]] | None = None
    """What is to be found of the things themselves, once, before anything else is."""
    _settled: Sequence[S] | None = None
    _known: dict[Hashable, Sequence[Any]] = field(default_factory=dict)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def found(self, find: Find[S, T], key: Hashable = None) -> Sequence[T]:
        """What a function finds of each; what has this key, or else the function itself, is found once."""
        name = find if key is None else key
        async with self._turn:
            if self._settled is None:
                self._settled = self.things if self.settle is None else await self.settle(self.shop, self.things)
            if name not in self._known:
                self._known[name] = await find(self.shop, self._settled)
            return self._known[name]


@dataclass(slots=True, eq=False)
class Placed(Generic[S]):
    """One of the things: its level, and its place there."""

    level: Level[S]
    place: int

    @property
    def thing(self) -> S:
        """What it is."""
        return self.level.things[self.place]


async def found_of(rows: Sequence[Placed[S]], find: Find[S, T], key: Hashable = None) -> Sequence[T]:
    """What a function finds of each of these, whatever levels they are of."""
    answers = {id(level): await level.found(find, key) for level in dict.fromkeys(row.level for row in rows)}
    return [answers[id(row.level)][row.place] for row in rows]
