"""What happens at tills."""

from collections.abc import Sequence
from itertools import count
from typing import Any

from regulars_core.plugin import Instant, printed
from tests.loyalty.naive.accounts import DAY, No
from tests.loyalty.naive.asking import Asking
from tests.loyalty.naive.desk import CREDIT, POINTS
from tests.loyalty.naive.purchases import Line, Purchase
from tests.loyalty.naive.returns import Wanted
from tests.loyalty.naive.till import Tender

REFERENCES = count(1)


class Buying(Asking):
    """Buys, pays, gives back, and moves purchases to others."""

    async def _buy(self) -> None:
        owner = None if self.dice.random() < 0.04 else self._somebody()
        lines = [
            Line(self.dice.randint(1, 3), self.dice.choice([0, 7, 99, 100, 1_234, 5_000]), self.dice.random() < 0.1)
            for _ in range(self.dice.randint(1, 3))
        ]
        if self.dice.random() < 0.3:
            for line in lines:
                line.tax = 0 if line.sells_credit else self.dice.choice([0, line.goods // 10, line.goods * 19 // 100])
        late = self.dice.choice([0, 0, 0, 0, 0, 1, 9, 30]) * (DAY - 60_000)
        at = max(self.naive.now - late, self.naive.begins) if late else None
        delivery = self.dice.choice([0, 0, 0, 50, 333])
        basket = self.dice.choice([None, None, "a", "b"])
        total = sum(line.worth for line in lines) + delivery
        due = self.dice.randint(1, total) if total and self.dice.random() < 0.2 else 0
        tenders = self._tenders(owner, total - due, basket) or (
            [Tender("card", total - due)] if total > due > 0 else []
        )
        given: dict[str, Any] = {
            "reference": f"R{next(REFERENCES)}",
            "lines": [
                {
                    "name": "Tea",
                    "quantity": str(line.quantity),
                    "unitPrice": self._money(line.price),
                    "creditFor": line.sells_credit,
                    **({"tax": self._money(line.tax)} if line.tax else {}),
                }
                for line in lines
            ],
            "shipping": self._money(delivery),
            "due": self._money(due),
            **({"customerId": owner} if owner else {}),
            **({"basket": basket} if basket else {}),
            **({"purchasedAt": printed(Instant(at))} if at is not None else {}),
            **({"payments": self._payments(tenders)} if tenders else {}),
        }
        answer, made = await self._both(
            "purchaseRecord",
            "purchase { id due { amount } lines { id } }",
            given,
            lambda: self.naive.sells(owner, lines, delivery, due, tenders, basket, at),
        )
        if made is not None:
            made.id = answer["purchase"]["id"]
            self.told.append(f"   it is {made.id}")
            for line, row in zip(lines, answer["purchase"]["lines"], strict=True):
                line.id = row["id"]
            assert answer["purchase"]["due"]["amount"] == self._money(made.due)

    def _tenders(self, owner: str | None, rest: int, basket: str | None = None) -> list[Tender]:
        """How so much is paid: by credit, by points, and by card."""
        tenders = []
        if rest and (owner or self.dice.random() < 0.5):
            for method in (CREDIT, POINTS):
                if self.dice.random() < 0.4 and rest > 0:
                    there = self._there(owner, method, basket) if owner else 100
                    there = min(there // 10 * 100 if method == POINTS else there, rest)
                    amount = min(self._some(there, 100 if method == POINTS else 1), rest)
                    if method == POINTS and amount % 100 and self.dice.random() < 0.9:
                        continue  # no whole step of the rate
                    named = [one for one in self.holds if one.unit == method and self.dice.random() < 0.1]
                    hold = named[-1] if named else None
                    tenders.append(Tender(method, amount, self.dice.random() < 0.3, hold))
                    rest -= amount
        if tenders and rest:
            tenders.append(Tender("card", rest))
        return tenders

    def _payments(self, tenders: Sequence[Tender]) -> list[dict[str, Any]]:
        return [
            {
                "method": one.method,
                "amount": self._money(one.amount),
                **({"atMost": True} if one.at_most else {}),
                **({"reference": one.hold.id} if one.hold else {}),
            }
            for one in tenders
        ]

    def _some_purchase(self) -> Purchase | None:
        return self.dice.choice(self.naive.purchases[-20:]) if self.naive.purchases else None

    async def _pay(self) -> None:
        owing = [one for one in self.naive.purchases if one.due and not one.is_void]
        if not owing:
            return
        purchase = self.dice.choice(owing)
        amount = min(self._some(purchase.due), purchase.due + 3)
        tenders = self._tenders(purchase.owner, amount, purchase.basket) or [Tender("card", amount)]
        given = {"purchaseId": purchase.id, "payments": self._payments(tenders)}
        answer, _ = await self._both(
            "purchasePay", "purchase { due { amount } }", given, lambda: self.naive.pays(purchase, tenders)
        )
        assert answer is None or answer["purchase"]["due"]["amount"] == self._money(purchase.due)

    async def _refund(self) -> None:
        if (purchase := self._some_purchase()) is None:
            return
        given: dict[str, Any] = {"purchaseId": purchase.id}
        wanted = self._wanted(purchase)
        if wanted.amount is not None:
            given["amount"] = self._money(wanted.amount)
        else:
            given["lines"] = [
                {
                    "lineId": purchase.lines[n].id,
                    "quantity": str(quantity),
                    **({"amount": self._money(wanted.less[n])} if n in wanted.less else {}),
                }
                for n, quantity in wanted.goods.items()
            ]
            given["shipping"] = self._money(wanted.delivery)
        told = self._told(purchase, wanted)
        if told:
            given["payments"] = self._payments(told)
        await self._both(
            "purchaseRefund", "__typename", given, lambda: self.naive.refunds(purchase, wanted, told or None)
        )

    def _wanted(self, purchase: Purchase) -> Wanted:
        """An amount; or goods, some of which for less, and delivery; or that alone."""
        if self.dice.random() < 0.4:
            return Wanted(self._some(purchase.total - purchase.refunded))
        left = purchase.delivery - purchase.delivery_taken
        delivery = self._some(left) if left and self.dice.random() < 0.3 else 0
        goods, less = dict[int, int](), dict[int, int]()
        for n, line in enumerate(purchase.lines):
            if (there := line.quantity - line.back) and (not (goods or delivery) or self.dice.random() < 0.4):
                goods[n] = self.dice.randint(1, there)
                if (worth := line.worth_of(goods[n])) > 1 and self.dice.random() < 0.3:
                    less[n] = self._some(worth)
        if not goods and not delivery:
            goods[0] = 1
        return Wanted(None, goods, less, delivery)

    def _told(self, purchase: Purchase, wanted: Wanted) -> list[Tender]:
        if self.dice.random() < 0.6 or purchase.is_void:
            return []
        try:
            shares, delivery = self.naive.shares(purchase, wanted)
        except No:
            return []
        amount = sum(shares) + delivery if wanted.amount is None else wanted.amount
        rest, tenders = amount - min(purchase.due, amount), []
        for method in (CREDIT, POINTS):
            if rest and self.dice.random() < 0.5:
                part = rest if method == CREDIT and self.dice.random() < 0.5 else self.dice.randint(1, rest)
                part = part // 100 * 100 if method == POINTS else part
                if part:
                    tenders.append(Tender(method, part))
                    rest -= part
        return [*tenders, Tender("card", rest)] if rest else tenders

    async def _void(self) -> None:
        if (purchase := self._some_purchase()) is not None:
            given = {"purchaseId": purchase.id}
            await self._both("purchaseVoid", "__typename", given, lambda: self.naive.voids(purchase))

    async def _move(self) -> None:
        if self.naive.purchases:
            chosen = self.dice.sample(self.naive.purchases, min(len(self.naive.purchases), self.dice.randint(1, 2)))
            to = None if self.dice.random() < 0.15 else self._somebody()
            given = {"purchaseIds": [one.id for one in chosen], **({"customerId": to} if to else {"toNobody": True})}
            await self._both("purchasesReassign", "__typename", given, lambda: self.naive.reassigns(chosen, to))
