"""The same life twice: in the shop over its API, and in the naive one. What is asked is chosen by dice, with an eye on what there
is, so that much works and some is refused."""

from collections.abc import Callable, Sequence
from itertools import count
from random import Random
from typing import Any

from regulars_core.plugin import Instant, Shop, printed
from regulars_loyalty.chain.due import post_due
from regulars_schema.testing import Api
from tests.loyalty.naive.accounts import DAY, FOR_EVER, Hold, No
from tests.loyalty.naive.purchases import Line, Purchase
from tests.loyalty.naive.shop import CREDIT, POINTS, ByHand, Merge, NaiveShop, Tender

REFERENCES = count(1)
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
    "release": 3,
    "reverse": 6,
    "wait": 12,
    "sweep": 2,
}
"""What happens, and how often."""
_FIGURES = """credit { balance { amount } debt { amount } pending { amount } held { amount } available { amount }
    expiringSoon(withinDays: 366) { expiresAt remaining { amount } } }
  points { balance debt pending held available expiringSoon(withinDays: 366) { expiresAt remaining } }"""


class Life:
    """What happens to a few customers of a shop, step by step; `told` is the tale of it, for who looks for what went wrong."""

    def __init__(self, shop: Shop, naive: NaiveShop, customers: Sequence[str], dice: Random) -> None:
        self.shop, self.naive, self.customers, self.dice = shop, naive, customers, dice
        self.api = Api.of(shop)
        self.by_hand: list[tuple[str, ByHand]] = []
        self.holds: list[Hold] = []
        self.merges: list[tuple[str, Merge]] = []
        self.told: list[str] = []
        self.happened: dict[str, int] = {}
        for customer in customers:
            naive.registers(customer)

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

    # --- both

    async def _both(
        self, mutation: str, payload: str, given: dict[str, Any], naive: Callable[[], Any]
    ) -> tuple[Any, Any]:
        """Ask both, who must agree; the payload, and what the naive one made, None where it was refused."""
        try:
            made, refusal = naive(), None
        except No as no:
            made, refusal = None, str(no)
        answer = await self.api.do(mutation, payload, given)
        codes = [error["code"] for error in answer["userErrors"]]
        self.told.append(f"   {mutation} {given} -> {codes or 'done'}")
        agreed = refusal in codes if refusal else not codes  # of several, all are told
        assert agreed, f"{mutation} {given}: {answer}, naively {refusal}"
        if refusal is not None:
            return None, None
        return answer, made

    def _money(self, minor: int) -> str:
        return self.shop.money(minor).amount

    def _somebody(self) -> str:
        return self.dice.choice(self.customers)

    def _some(self, most: int, of: int = 1) -> int:
        """A number about what there is, rarely more."""
        if self.dice.random() < 0.12:
            return (most // of + self.dice.randint(1, 3)) * of
        if self.dice.random() < 0.3 and most >= of:
            return most // of * of
        return self.dice.randint(1, max(most // of, 1)) * of

    def _there(self, customer: str, unit: str, basket: str | None = None) -> int:
        """What can be spent, for this basket."""
        account = self.naive.account(customer, unit)
        kept = sum(one.amount for one in account.holds if one.is_open and one.basket == basket)
        return account.available(self.naive.now) + kept

    def _amount(self, unit: str, amount: int) -> dict[str, Any]:
        return {"points": str(amount)} if unit == POINTS else {"amount": {"amount": self._money(amount)}}

    # --- by hand

    async def _add(self) -> None:
        customer, unit, amount = self._somebody(), self.dice.choice([CREDIT, POINTS]), self.dice.randint(1, 500)
        days = self.dice.choice([None, 1, 7, 40])
        ends = None if days is None else self.naive.now + days * DAY
        given = {"customerId": customer, "reason": "GOODWILL", **self._amount(unit, amount)}
        given |= {} if ends is None else {"expiresAt": printed(Instant(ends))}
        given |= {"direction": "ADD"} if unit == POINTS else {}
        mutation = "pointsAdjust" if unit == POINTS else "creditAdd"
        answer, made = await self._both(
            mutation, "entry { id }", given, lambda: self.naive.adds(customer, unit, amount, ends)
        )
        self._keep(answer, made)

    async def _take(self) -> None:
        customer, unit = self._somebody(), self.dice.choice([CREDIT, POINTS])
        amount, may_owe = self._some(self._there(customer, unit)), self.dice.random() < 0.3
        given = {"customerId": customer, "reason": "GOODWILL", **self._amount(unit, amount)}
        if unit == CREDIT:
            mutation, may_owe = "creditDeduct", False
        elif self.dice.random() < 0.5:
            mutation, may_owe = "pointsRedeem", False
        else:
            mutation = "pointsAdjust"
            given |= {"direction": "DEDUCT", "allowDebt": may_owe}
        answer, made = await self._both(
            mutation, "entry { id }", given, lambda: self.naive.takes(customer, unit, amount, allow_debt=may_owe)
        )
        self._keep(answer, made)

    def _keep(self, answer: Any, made: ByHand | None) -> None:
        if made is not None:
            self.by_hand.append((answer["entry"]["id"], made))

    async def _hold(self) -> None:
        customer, unit, basket = self._somebody(), self.dice.choice([CREDIT, POINTS]), self.dice.choice("ab")
        amount, minutes = self._some(self._there(customer, unit)), self.dice.choice([1, 60, 10_080])
        given = {"customerId": customer, "basket": basket, "minutes": minutes, **self._amount(unit, amount)}
        mutation = "pointsHold" if unit == POINTS else "creditHold"
        answer, made = await self._both(
            mutation, "hold { id }", given, lambda: self.naive.holds(customer, unit, amount, basket, minutes)
        )
        if made is not None:
            made.id = answer["hold"]["id"]
            self.holds.append(made)

    def _some_hold(self, unit: str | None = None) -> Hold | None:
        holds = [one for one in self.holds if unit in {None, one.unit}]
        still = [one for one in holds if one.is_open]
        if not holds:
            return None
        return self.dice.choice(still if still and self.dice.random() < 0.9 else holds)

    async def _capture(self) -> None:
        hold = self._some_hold(CREDIT)
        if hold is None:
            return
        amount = None if self.dice.random() < 0.5 else self._some(hold.amount)
        given = {"holdId": hold.id} | ({} if amount is None else self._amount(CREDIT, amount))
        answer, made = await self._both(
            "creditCapture", "entry { id }", given, lambda: self.naive.captures(hold, amount)
        )
        self._keep(answer, made)

    async def _release(self) -> None:
        hold = self._some_hold()
        if hold is not None:
            mutation = "pointsRelease" if hold.unit == POINTS else "creditRelease"
            await self._both(mutation, "__typename", {"holdId": hold.id}, lambda: self.naive.releases(hold))

    async def _reverse(self) -> None:
        if self.by_hand:
            id_, entry = self.dice.choice(self.by_hand[-12:])
            given = {"entryId": id_, "reason": "CORRECTION"}
            await self._both("ledgerReverse", "__typename", given, lambda: self.naive.reverses(entry))

    # --- purchases

    async def _buy(self) -> None:
        owner = None if self.dice.random() < 0.04 else self._somebody()
        lines = [
            Line(self.dice.randint(1, 3), self.dice.choice([0, 7, 99, 100, 1_234, 5_000]), self.dice.random() < 0.1)
            for _ in range(self.dice.randint(1, 3))
        ]
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
                }
                for line in lines
            ],
            "shipping": self._money(delivery),
            "due": self._money(due),
            **({"customerId": owner} if owner else {}),
            **({"basket": basket} if basket else {}),
            **({"payments": self._payments(tenders)} if tenders else {}),
        }
        answer, made = await self._both(
            "purchaseRecord",
            "purchase { id due { amount } lines { id } }",
            given,
            lambda: self.naive.sells(owner, lines, delivery, due, tenders, basket),
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
                    tenders.append(Tender(method, amount, at_most=self.dice.random() < 0.3))
                    rest -= amount
        if tenders and rest:
            tenders.append(Tender("card", rest))
        return tenders

    def _payments(self, tenders: Sequence[Tender]) -> list[dict[str, Any]]:
        return [
            {"method": one.method, "amount": self._money(one.amount), **({"atMost": True} if one.at_most else {})}
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
        tenders = self._tenders(purchase.owner, amount) or [Tender("card", amount)]
        given = {"purchaseId": purchase.id, "payments": self._payments(tenders)}
        answer, _ = await self._both(
            "purchasePay", "purchase { due { amount } }", given, lambda: self.naive.pays(purchase, tenders)
        )
        assert answer is None or answer["purchase"]["due"]["amount"] == self._money(purchase.due)

    async def _refund(self) -> None:
        if (purchase := self._some_purchase()) is None:
            return
        given: dict[str, Any] = {"purchaseId": purchase.id}
        amount, goods = None, dict[int, int]()
        if self.dice.random() < 0.5:
            amount = self._some(purchase.total - purchase.refunded)
            given["amount"] = self._money(amount)
        else:
            for n, line in enumerate(purchase.lines):
                if (there := line.quantity - line.back) and (not goods or self.dice.random() < 0.4):
                    goods[n] = self.dice.randint(1, there)
            if not goods:
                goods[0] = 1
            given["lines"] = [{"lineId": purchase.lines[n].id, "quantity": str(one)} for n, one in goods.items()]
        told = self._told(purchase, amount, goods)
        if told:
            given["payments"] = self._payments(told)
        await self._both(
            "purchaseRefund", "__typename", given, lambda: self.naive.refunds(purchase, amount, goods, told or None)
        )

    def _told(self, purchase: Purchase, amount: int | None, goods: dict[int, int]) -> list[Tender]:
        if self.dice.random() < 0.6 or purchase.is_void:
            return []
        if amount is None:
            if any(n > purchase.lines[at].quantity - purchase.lines[at].back for at, n in goods.items()):
                return []
            amount = sum(purchase.lines[at].worth_of(n) for at, n in goods.items())
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

    # --- merges

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

    # --- time

    async def _wait(self) -> str:
        """Time passes with the next step; the test turns the clock."""
        return ""

    async def _sweep(self) -> None:
        await post_due(self.shop)

    # --- what is shown

    async def shown(self) -> dict[str, dict[str, Any]]:
        """All figures of all who live, as the shop shows them."""
        living = sorted(set(self.naive.leads.values()))
        fields = " ".join(f'c{n}: customer(id: "{one}") {{ {_FIGURES} }}' for n, one in enumerate(living))
        data = await self.api.data(f"{{ {fields} }}")
        found = {}
        for n, one in enumerate(living):
            for unit, field in ((CREDIT, "credit"), (POINTS, "points")):
                account = data[f"c{n}"][field]
                figures = {
                    name: self._minor(account[name]) for name in ("balance", "debt", "pending", "held", "available")
                }
                by_end: dict[str, int] = {}
                for lot in account["expiringSoon"]:
                    by_end[lot["expiresAt"]] = by_end.get(lot["expiresAt"], 0) + self._minor(lot["remaining"])
                found[f"{one} {unit}"] = {**figures, "ends": dict(sorted(by_end.items()))}
        return found

    def _minor(self, value: Any) -> int:
        if isinstance(value, str):
            return int(value)
        text = value["amount"]
        whole, _, part = text.partition(".")
        return int(whole + part)

    def expected(self) -> dict[str, dict[str, Any]]:
        """The same, as it is naively."""
        naive, found = self.naive, {}
        for one in sorted(set(naive.leads.values())):
            for unit in (CREDIT, POINTS):
                account = naive.account(one, unit)
                ends = {
                    printed(Instant(end)): left
                    for end, left in sorted(account.by_end().items())
                    if naive.now < end <= naive.now + 366 * DAY and end < FOR_EVER
                }
                found[f"{one} {unit}"] = {
                    "balance": account.balance,
                    "debt": account.debt,
                    "pending": account.pending(naive.now),
                    "held": account.held,
                    "available": account.available(naive.now),
                    "ends": ends,
                }
        return found
