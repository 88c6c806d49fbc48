"""The same life twice: in the shop over its API, and in the naive one. What is asked is chosen by dice, with an eye on what there
is, so that much works and some is refused."""

from regulars_core.plugin import Instant, printed
from regulars_loyalty.chain.due import post_due
from tests.loyalty.naive.buying import Buying
from tests.loyalty.naive.by_hand import ByHandLife

CUSTOMERS = 4
WHAT = {
    "buy": 20,
    "refund": 12,
    "void": 2,
    "pay": 4,
    "move": 3,
    "merge": 3,
    "undo": 3,
    "add": 8,
    "take": 8,
    "hold": 6,
    "capture": 4,
    "redeem": 4,
    "exchange": 3,
    "release": 3,
    "reverse": 6,
    "wait": 12,
    "sweep": 2,
}
"""What happens, and how often."""


class Life(Buying, ByHandLife):
    """What happens to a few customers of a shop, step by step."""

    async def step(self, now: int) -> str:
        """One thing, at this instant; what it was. Raises AssertionError where the two refuse otherwise."""
        self.naive.now = now
        self.naive.catch_up()
        [what] = self.dice.choices(list(WHAT), list(WHAT.values()))
        done: str | None = await getattr(self, f"_{what}")()
        self.naive.catch_up()
        self.happened[what] = self.happened.get(what, 0) + 1
        self.told.append(f"{printed(Instant(now))} {what} {done or ''}")
        return what

    async def _merge(self) -> None:
        living = sorted(set(self.naive.leads.values()))
        if len(living) > 1:
            survivor, *absorbed = self.dice.sample(living, self.dice.randint(2, min(3, len(living))))
            given = {"survivorId": survivor, "absorbedIds": absorbed}
            answer, made = await self._both(
                "customersMerge",
                "customersMerge { mergeId }",
                given,
                lambda: self.naive.merges_into(survivor, absorbed),
            )
            if made is not None:
                self.merges.append((answer["customersMerge"]["mergeId"], made))

    async def _undo(self) -> None:
        if self.merges:
            id_, merge = self.merges[-1] if self.dice.random() < 0.7 else self.dice.choice(self.merges)
            await self._both("customersUnmerge", "__typename", {"mergeId": id_}, lambda: self.naive.undoes(merge))

    async def _wait(self) -> str:
        """Time passes with the next step; the test turns the clock."""
        return ""

    async def _sweep(self) -> None:
        await post_due(self.shop)
