"""Whatever happens in whatever order, merges among it: figures are what a recount gives, every old id and code leads to whom it
should, and the last merge undone leaves everything as it was before."""

import os
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

import time_machine
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import regulars_tiers
from regulars_core.customers.changes import add_tags
from regulars_core.customers.merge.forecasts import Wanted
from regulars_core.customers.merge.service import merge
from regulars_core.customers.merge.undo import unmerge
from regulars_core.customers.notes.service import add_note
from regulars_core.customers.registration import find_or_register
from regulars_core.customers.rules import NewCustomer
from regulars_core.customers.rules import checked as checked_customer
from regulars_core.plugin import DAY_MS, MAIN_STORE_ID, Instant, Refused, Shop, now, plugins_on, survivors
from regulars_core.purchases.reassignments import reassign
from regulars_core.purchases.refunds import refund, void
from regulars_core.purchases.rules import NewLine, NewPurchase, checked
from regulars_core.purchases.service import record
from regulars_core.testing import Databases, Engine, misses_nothing
from regulars_tiers.assignments import assign, clear
from tests.merges.conftest import PERSON, Desk

EXAMPLES = int(os.environ.get("MERGED_LIVES", "6"))
NUMBERS = count(1)
STEPS = ("buy", "buy", "buy", "refund", "void", "note", "tag", "tier", "clear", "move", "merge", "merge", "undo")


class Life:
    """What happens to four profiles; who is named is chosen by dice."""

    def __init__(self, shop: Shop, dice: Random) -> None:
        self.shop, self.dice = shop, dice
        self.people: list[str] = []
        self.bought: list[str] = []
        self.merges: list[str] = []
        self.leads_to: dict[str, str] = {}
        self.led: list[dict[str, str]] = []

    async def begin(self) -> None:
        """Register them."""
        for n in range(4):
            contact = (
                {"email": f"p{next(NUMBERS)}@example.org"} if n % 2 else {"phone": f"55{12_340_000 + next(NUMBERS)}"}
            )
            person = NewCustomer(f"P{n}", "Li", tags=[f"t{n}"], created_at=Instant(now() - n * DAY_MS), **contact)
            checked_one = checked_customer(self.shop.settings, person)
            self.people.append((await find_or_register(self.shop, checked_one, ())).id)
        self.leads_to = {one: one for one in self.people}

    async def happens(self, what: str) -> None:
        """One thing, as far as it can; what is refused changes nothing."""
        who, shop = self.dice.choice(self.people), self.shop
        if what == "buy":
            total, days = self.dice.choice([100, 20_000, 60_000, 510_000]), self.dice.randrange(400)
            line = NewLine("Tea", 1_000_000, total=total)
            at = Instant(now() - days * DAY_MS)
            new = NewPurchase(f"R{next(NUMBERS)}", MAIN_STORE_ID, who, at, "USD", [line])
            [made] = await record(shop, [checked(new, "USD")])
            assert made.id
            self.bought.append(made.id)
        elif what in {"refund", "void", "move"} and self.bought:
            await self._mends(what, self.dice.choice(self.bought), who)
        elif what == "note":
            await add_note(shop, who, {"body": "Something."}, "test")
        elif what == "tag":
            await add_tags(shop, who, [f"t{self.dice.randrange(6)}"])
        elif what == "tier":
            mode: Any = self.dice.choice(["FLOOR", "FLOOR", "EXACT"])
            await assign(shop, who, self.dice.choice("ABC"), mode, "r", None, "test")
        elif what == "clear":
            await clear(shop, who, None, "test")
        elif what == "merge":
            await self._merges()
        elif what == "undo" and self.merges:
            await self.undo()

    async def _mends(self, what: str, purchase: str, who: str) -> None:
        if what == "move":
            await reassign(self.shop, [purchase], who)
        elif what == "void":
            await void(self.shop, purchase)
        else:
            with suppress(Refused):
                await refund(self.shop, purchase, amount=self.dice.choice([50, 100, 20_000]))

    async def _merges(self) -> None:
        living = sorted(set(self.leads_to.values()))
        if len(living) > 1:
            survivor, *absorbed = self.dice.sample(living, self.dice.randint(2, len(living)))
            self.merges.append(await merge(self.shop, Wanted(survivor, absorbed), "test"))
            self.led.append(dict(self.leads_to))
            self.leads_to = {one: survivor if to in absorbed else to for one, to in self.leads_to.items()}

    async def undo(self) -> None:
        """Undo the last merge."""
        await unmerge(self.shop, self.merges.pop())
        self.leads_to = self.led.pop()


async def shown(desk: Desk, people: list[str]) -> list[Any]:
    return [await desk.shown(f"customer_{one}", PERSON) for one in people]


@settings(
    deadline=None,
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(st.sampled_from(STEPS), min_size=4, max_size=14), dice=st.randoms(use_true_random=False))
@example(steps=["buy", "tier", "buy", "merge", "buy", "refund", "tier", "merge", "buy", "merge"], dice=Random(3))
async def test_every_figure_is_a_recount_and_the_last_merge_leaves_no_trace(
    shop: Shop, steps: list[str], dice: Random
) -> None:
    desk, life = Desk(shop), Life(shop, dice)
    await life.begin()
    codes = {one["id"][9:]: one["code"] for one in await shown(desk, life.people)}
    for step in steps:
        await life.happens(step)
    assert await desk.wrong() == []
    assert await survivors(shop.database, life.people) == life.leads_to
    for one, survivor in life.leads_to.items():
        for by in ({"id": f"customer_{one}"}, {"code": codes[one]}):
            assert await desk.led_to(**by) == {"id": f"customer_{survivor}"}
    before = await shown(desk, life.people)
    merges = len(life.merges)
    await life.happens("merge")
    assert await desk.wrong() == []
    if len(life.merges) > merges:
        await life.undo()
        assert await shown(desk, life.people) == before
        assert await desk.wrong() == []


async def merging_about(shop: Shop) -> None:
    """Purchases, refunds, moves, merges and an undoing, a minute each."""
    with time_machine.travel(datetime(2026, 5, 1, 12, tzinfo=UTC), tick=False) as clock:
        people = []
        for name in ("Ana", "Bo", "Cy"):
            person = checked_customer(shop.settings, NewCustomer(name, "Li", code=f"C-{name}"))
            people.append((await find_or_register(shop, person, ())).id)
        ana, bo, cy = people
        bought: list[str] = []

        async def buy(owner: str, total: int) -> None:
            line = NewLine("Tea", 1_000_000, total=total)
            new = NewPurchase(
                f"R{len(bought)}", MAIN_STORE_ID, owner, Instant(now() - len(bought) * DAY_MS), "USD", [line]
            )
            [made] = await record(shop, [checked(new, "USD")])
            assert made.id
            bought.append(made.id)

        for owner, total in ((ana, 15_000), (bo, 15_000), (cy, 60_000), (bo, 210_000)):
            clock.shift(timedelta(minutes=1))
            await buy(owner, total)
        clock.shift(timedelta(minutes=1))
        first = await merge(shop, Wanted(ana, [bo]), "test")
        clock.shift(timedelta(minutes=1))
        await refund(shop, bought[3], amount=200_000)
        clock.shift(timedelta(minutes=1))
        await buy(bo, 20_000)
        clock.shift(timedelta(minutes=1))
        await reassign(shop, [bought[1]], cy)
        clock.shift(timedelta(minutes=1))
        second = await merge(shop, Wanted(cy, [ana]), "test")
        clock.shift(timedelta(minutes=1))
        await buy(ana, 500_000)
        clock.shift(timedelta(minutes=1))
        await unmerge(shop, second)
        clock.shift(timedelta(minutes=1))
        await void(shop, bought[0])
        clock.shift(timedelta(minutes=1))
        await unmerge(shop, first)
        clock.shift(timedelta(minutes=1))
        await merge(shop, Wanted(bo, [cy]), "test")
        clock.shift(timedelta(minutes=1))
        await buy(cy, 1_000)


async def test_tiers_miss_no_merge_while_they_are_off(databases: Databases, engine: Engine) -> None:
    plugins = plugins_on({"tiers": regulars_tiers})
    await misses_nothing(databases, engine, plugins, "tiers", script=merging_about)
