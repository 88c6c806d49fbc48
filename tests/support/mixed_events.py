"""Mixed events: the same ones in every shop, whoever listens."""

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from regulars_core.customers.changes import assign_group, change
from regulars_core.customers.registration import find_or_register
from regulars_core.customers.rules import NewCustomer
from regulars_core.customers.rules import checked as checked_customer
from regulars_core.groups.service import create_group
from regulars_core.plugin import DAY_MS, MAIN_STORE_ID, Instant, Refused, Shop, now
from regulars_core.purchases.reassignments import reassign
from regulars_core.purchases.refundable import WantedLine
from regulars_core.purchases.refunds import refund, void
from regulars_core.purchases.rules import NewLine, NewPayment, NewPurchase, NewReturn
from regulars_core.purchases.rules import checked as checked_purchase
from regulars_core.purchases.service import record

START = datetime(2024, 1, 2, 9, 30, tzinfo=UTC)
"""When the first event may happen."""
_AMOUNTS = (900, 2_500, 4_000, 7_500, 12_000, 21_000, 52_000, 210_000)


class Mixed:
    """Registrations, purchases (of the past too, some at once, some of nobody), refunds of amounts and of lines, in part and
    whole, of the past too, voids, exchanges and voids of these, purchases that go to others, changes and moves between groups:
    by dice of a seed, so that two shops have the same.

    `clock` turns the clock; it stands still in between. Each event comes up to twice `step` after the one before.
    """

    def __init__(self, clock: Any, step: timedelta, seed: int = 15) -> None:
        self._clock, self._step, self._dice = clock, step, Random(seed)
        self._at = START
        self._groups: list[str] = []
        self._customers: list[str] = []
        self._purchases: list[str] = []
        self._exchanges: list[str] = []
        self._number = 0
        self._kinds: list[tuple[Callable[[Shop], Awaitable[None]], int]] = [
            (self._register, 8), (self._buy, 54), (self._buy_at_once, 3), (self._refund_amount, 10), (self._refund_lines, 8),
            (self._refund_whole, 4), (self._void, 5), (self._change, 5), (self._move, 3),
            (self._reassign, 6), (self._exchange, 10), (self._void_exchange, 4),
        ]  # fmt: skip

    async def begin(self, shop: Shop) -> None:
        """Groups and the first customers."""
        self._clock.move_to(self._at)
        self._groups += [await create_group(shop, name, None) for name in ("Staff", "Friends")]
        for _ in range(8):
            await self._register(shop)

    async def go_on(self, shop: Shop, events: int, between: Callable[[Shop], Awaitable[None]] | None = None) -> None:
        """So many events; `between` is done after each fortieth."""
        for n in range(events):
            self._at += timedelta(milliseconds=self._dice.randint(1, int(self._step.total_seconds() * 2_000)))
            self._clock.move_to(self._at)
            [happen] = self._dice.choices([one for one, _ in self._kinds], [weight for _, weight in self._kinds])
            await happen(shop)
            if between and n % 40 == 39:
                await between(shop)

    async def _register(self, shop: Shop) -> None:
        self._number += 1
        person = NewCustomer(f"N{self._number}", "Li", code=f"K-{self._number}")
        self._customers.append((await find_or_register(shop, checked_customer(shop.settings, person), ())).id)

    def _basket(self) -> NewPurchase:
        self._number += 1
        dice, present = self._dice, now()
        ago = dice.randint(0, 300 * DAY_MS) if dice.random() < 0.2 else 0
        buyer = None if dice.random() < 0.06 else dice.choice(self._customers[-60:])
        total = dice.choice(_AMOUNTS) if dice.random() < 0.97 else 0
        cut = dice.randint(0, total)
        lines = [
            NewLine(name, dice.randint(1, 4) * 1_000_000, total=part, category=name)
            for name, part in (("Tea", cut), ("Cake", total - cut))
        ]
        return NewPurchase(f"R{self._number}", MAIN_STORE_ID, buyer, Instant(present - ago), "USD", lines)

    async def _buy(self, shop: Shop, baskets: int = 1) -> None:
        some = [checked_purchase(self._basket(), shop.currency) for _ in range(baskets)]
        self._purchases += [one.id for one in await record(shop, some) if one.id]

    async def _buy_at_once(self, shop: Shop) -> None:
        await self._buy(shop, self._dice.randint(2, 5))

    async def _picked(self, shop: Shop) -> Any:
        """A purchase of which something is left: (id, total, refunded, when); None if the dice found none."""
        for _ in range(8):
            if not self._purchases:
                return None
            recent = self._purchases[-40:] if self._dice.random() < 0.8 else self._purchases
            row = await shop.database.row(
                "SELECT id, total, refunded, purchased_at, status FROM purchase WHERE id = $1",
                self._dice.choice(recent),
            )
            if row and row[4] in {"PAID", "PARTIALLY_REFUNDED"}:
                return row
        return None

    def _when(self, purchased_at: Instant) -> Instant | None:
        return Instant(self._dice.randint(purchased_at, now())) if self._dice.random() < 0.4 else None

    async def _refund_amount(self, shop: Shop) -> None:
        if (one := await self._picked(shop)) and one[1] > one[2]:
            amount = self._dice.randint(1, one[1] - one[2])
            await refund(shop, one[0], amount=amount, at=self._when(one[3]))

    async def _refund_lines(self, shop: Shop) -> None:
        if one := await self._picked(shop):
            lines = await shop.database.rows(
                "SELECT id, quantity - refunded_quantity FROM purchase_line WHERE purchase_id = $1 ORDER BY position",
                one[0],
            )
            left = {row[0]: min(row[1], self._dice.randint(1, 4) * 1_000_000) for row in lines if row[1]}
            at = self._when(one[3])
            if left:
                with suppress(Refused):  # more than was paid, where an amount was given back before
                    await refund(shop, one[0], lines={id_: WantedLine(gone) for id_, gone in left.items()}, at=at)

    async def _refund_whole(self, shop: Shop) -> None:
        if (one := await self._picked(shop)) and one[1] > one[2]:
            await refund(shop, one[0], amount=one[1] - one[2], at=self._when(one[3]))

    async def _exchange(self, shop: Shop) -> None:
        """Something of one or two purchases of somebody, or of nobody, is exchanged."""
        if (one := await self._picked(shop)) is None:
            return
        [[owner]] = await shop.database.rows("SELECT customer_id FROM purchase WHERE id = $1", one[0])
        buyer, of = owner or self._dice.choice(self._customers[-60:]), [one[0]]
        if owner and self._dice.random() < 0.5:
            theirs = "customer_id = $1 AND status IN ('PAID', 'PARTIALLY_REFUNDED') AND id <> $2"
            others = await shop.database.rows(
                f"SELECT id FROM purchase WHERE {theirs} ORDER BY reference", owner, one[0]
            )
            of += [row[0] for row in others[:1]]
        returns = []
        for id_ in of:
            lines = await shop.database.rows(
                "SELECT id, quantity - refunded_quantity FROM purchase_line WHERE purchase_id = $1 ORDER BY position",
                id_,
            )
            returns += [
                NewReturn(row[0], min(row[1], 1_000_000)) for row in lines if row[1] and self._dice.random() < 0.7
            ]
        new = replace(self._basket(), customer_id=buyer, purchased_at=now(), returns=returns)
        for owed in (0, None):
            try:
                [made] = await record(shop, [checked_purchase(new, shop.currency)])
            except Refused as refused:
                told = re.search(r"come to (-?[\d.]+) \w+, and total \+ rounding - due to (-?[\d.]+)", str(refused))
                if told is None or owed is None:
                    return
                paid, whole = (int(sum_.replace(".", "")) for sum_ in told.groups())
                new = replace(new, payments=[NewPayment("cash", whole - paid)])
            else:
                assert made.id
                self._purchases.append(made.id)
                self._exchanges += [made.id] if returns else []
                return

    async def _void_exchange(self, shop: Shop) -> None:
        if self._exchanges:
            await void(shop, self._exchanges.pop(self._dice.randrange(len(self._exchanges))))

    async def _void(self, shop: Shop) -> None:
        if one := await self._picked(shop):
            await void(shop, one[0])

    async def _reassign(self, shop: Shop) -> None:
        """Some purchases, voided ones and ones of nobody too, go to somebody, or to nobody."""
        some = self._dice.sample(self._purchases[-40:], min(len(self._purchases), self._dice.randint(1, 4)))
        if some:
            buyer = None if self._dice.random() < 0.15 else self._dice.choice(self._customers[-60:])
            await reassign(shop, some, buyer)

    async def _change(self, shop: Shop) -> None:
        self._number += 1
        await change(shop, self._dice.choice(self._customers), {"first_name": f"C{self._number}"})

    async def _move(self, shop: Shop) -> None:
        some = self._dice.sample(self._customers, 2)
        await assign_group(shop, some, self._dice.choice(self._groups))
